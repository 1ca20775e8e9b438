import type { JSX } from 'preact/jsx-runtime'
import { hueOf } from '../hue.ts'
import type { Notices } from '../notices.ts'
import type { OpenRoom } from '../open-room.ts'
import { texts } from '../texts.ts'

export interface MembersProps {
  readonly room: OpenRoom
  readonly notices: Notices
  readonly onLeave: () => void
}

/** So many are listed at most: a list of thousands is of no use to anyone. */
const MOST = 200

/** Who is in the room, as far as known. */
export const Members = ({ room, notices, onLeave }: MembersProps): JSX.Element => {
  const listed = room.members.slice(0, MOST)
  const others = room.memberCount - listed.length
  return (
    <aside class="members" aria-labelledby="members">
      <h2 id="members">{texts.room.membersHeading}</h2>
      <ul>
        {listed.map(({ id, name }) => (
          <li key={id}>
            <bdi class="name" style={{ '--hue': `${hueOf(id)}` }}>
              {name}
            </bdi>
            {id === room.you?.id && <span class="hint"> ({texts.room.you})</span>}
          </li>
        ))}
        {others > 0 && <li class="hint">{texts.room.notListed(others)}</li>}
      </ul>
      <div class="narrow-only">
        {notices.isPossible && (
          <button type="button" aria-pressed={notices.isOn} onClick={() => void notices.toggle()}>
            {notices.isOn ? texts.room.notifying : texts.room.notify}
          </button>
        )}
        <button type="button" onClick={onLeave}>
          {texts.room.leave}
        </button>
      </div>
    </aside>
  )
}
