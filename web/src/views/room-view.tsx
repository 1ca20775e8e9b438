import type { JSX } from 'preact/jsx-runtime'
import { useState } from 'preact/hooks'
import type { Notices } from '../notices.ts'
import type { OpenRoom } from '../open-room.ts'
import type { OpenRooms } from '../open-rooms.ts'
import { texts } from '../texts.ts'
import { Composer } from './composer.tsx'
import { Invite } from './invite.tsx'
import { LogView } from './log-view.tsx'
import { Members } from './members.tsx'
import { Unread } from './room-list.tsx'

/** What is open beside the room; on a narrow screen it covers it. */
export type Panel = 'rooms' | 'members' | undefined

export interface RoomViewProps {
  readonly room: OpenRoom
  readonly rooms: OpenRooms
  readonly notices: Notices
  readonly panel: Panel
  readonly setPanel: (panel: Panel) => void
  readonly onLeave: () => void
}

/** A room: who is there, what was said, and a field to say something. */
export const RoomView = (props: RoomViewProps): JSX.Element => {
  const { room, rooms, notices, panel, setPanel, onLeave } = props
  const [isInviting, setInviting] = useState(false)
  const elsewhere = rooms.unread - room.unread
  const toggle = (which: Panel) => () => setPanel(panel === which ? undefined : which)
  return (
    <>
      <main class="room">
        <header>
          <button
            type="button"
            class="to-rooms"
            aria-expanded={panel === 'rooms'}
            onClick={toggle('rooms')}
          >
            <span aria-hidden="true">☰</span>
            <span class="only-read">{texts.rooms.show}</span>
            {elsewhere > 0 && <Unread count={elsewhere} />}
          </button>
          <div class="title">
            <h1>
              <bdi>{room.name || texts.rooms.unnamed}</bdi>
            </h1>
            {room.topic !== '' && (
              <p class="hint topic" title={room.topic} dir="auto">
                {room.topic}
              </p>
            )}
          </div>
          <div class="line">
            <button type="button" aria-expanded={panel === 'members'} onClick={toggle('members')}>
              {texts.room.members(room.memberCount)}
            </button>
            {notices.isPossible && (
              <button
                type="button"
                class="wide-only"
                aria-pressed={notices.isOn}
                onClick={() => void notices.toggle()}
              >
                {notices.isOn ? texts.room.notifying : texts.room.notify}
              </button>
            )}
            <button type="button" class="wide-only" onClick={onLeave}>
              {texts.room.leave}
            </button>
            <button type="button" class="main" onClick={() => setInviting(true)}>
              {texts.room.invite}
            </button>
          </div>
        </header>
        <p class={`state ${room.state.replace(' ', '-')}`} role="status">
          {texts.states[room.state]}
        </p>
        {room.isRenamed && (
          <p class="notice" role="status">
            {texts.room.renamed} <bdi>{room.you?.name}</bdi>.
          </p>
        )}
        <LogView room={room} />
        <Composer room={room} />
      </main>
      {panel === 'members' && <Members room={room} notices={notices} onLeave={onLeave} />}
      {isInviting && <Invite room={room} onClose={() => setInviting(false)} />}
    </>
  )
}
