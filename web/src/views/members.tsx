import type { JSX } from 'preact/jsx-runtime'
import { useState } from 'preact/hooks'
import type { MemberRef } from '../../../src/client/client.ts'
import { hueOf } from '../hue.ts'
import type { Notices } from '../notices.ts'
import type { OpenRoom } from '../open-room.ts'
import { texts } from '../texts.ts'
import { lateView } from './late-view.tsx'
import type { ManageRoomProps } from './manage-room.tsx'
import { refusalOf } from './owner-refusal.ts'

const ManageRoom = lateView<ManageRoomProps>(
  async () => (await import('./manage-room.tsx')).ManageRoom,
)

export interface MembersProps {
  readonly room: OpenRoom
  readonly notices: Notices
  readonly onLeave: () => void
}

/** So many are listed at most: a list of thousands is of no use to anyone. */
const MOST = 200

/** Who is in the room, as far as known. */
export const Members = ({ room, notices, onLeave }: MembersProps): JSX.Element => {
  const { owner } = room
  const [isManaging, setManaging] = useState(false)
  const [problem, setProblem] = useState('')
  const remove = async ({ id, name }: MemberRef): Promise<void> => {
    if (!confirm(texts.owner.sureToRemove(name))) return
    setProblem('')
    await owner?.remove(id).catch((error: unknown) => setProblem(refusalOf(error)))
  }
  const listed = room.members.slice(0, MOST)
  const others = room.memberCount - listed.length
  return (
    <aside class="side members" aria-labelledby="members">
      <h2 id="members">{texts.room.membersHeading}</h2>
      {owner && (
        <>
          <button type="button" onClick={() => setManaging(true)}>
            {texts.owner.manage}
          </button>
          <p class="problem" role="alert">
            {problem}
          </p>
          {isManaging && <ManageRoom owner={owner} onClose={() => setManaging(false)} />}
        </>
      )}
      <ul>
        {listed.map(({ id, name }) => (
          <li key={id}>
            <bdi class="name" style={{ '--hue': `${hueOf(id)}` }}>
              {name}
            </bdi>
            {id === room.you?.id && <span class="hint"> ({texts.room.you})</span>}
            {owner && id !== room.you?.id && (
              <button
                type="button"
                aria-label={`${texts.owner.remove} ${name}`}
                onClick={() => void remove({ id, name })}
              >
                {texts.owner.remove}
              </button>
            )}
          </li>
        ))}
        {others > 0 && <li class="hint">{texts.room.notListed(others)}</li>}
      </ul>
      <a class="download" href={`api/room/${room.id}/export`} download>
        {texts.room.download}
      </a>
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
