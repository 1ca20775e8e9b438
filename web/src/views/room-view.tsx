import type { JSX } from 'preact/jsx-runtime'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Notices } from '../notices.ts'
import type { OpenRoom } from '../open-room.ts'
import type { OpenRooms } from '../open-rooms.ts'
import { texts } from '../texts.ts'
import { Composer } from './composer.tsx'
import { Invite } from './invite.tsx'
import { lateView } from './late-view.tsx'
import { LogView } from './log-view.tsx'
import { Members } from './members.tsx'
import { Unread } from './room-list.tsx'
import { isSearchKey } from './search-key.ts'
import type { SearchProps } from './search.tsx'

const Search = lateView<SearchProps>(async () => (await import('./search.tsx')).Search)

/** What is open beside the room; on a narrow screen it covers it. */
export type Panel = 'rooms' | 'members' | 'search' | undefined

export interface RoomViewProps {
  readonly room: OpenRoom
  readonly rooms: OpenRooms
  readonly notices: Notices
  readonly panel: Panel
  readonly setPanel: (panel: Panel) => void
  readonly onLeave: () => void
  /** Draws the page again. */
  readonly changed: () => void
}

/** A room: who is there, what was said, and a field to say something. */
export const RoomView = (props: RoomViewProps): JSX.Element => {
  const { room, rooms, notices, panel, setPanel, onLeave, changed } = props
  const [isInviting, setInviting] = useState(false)
  /** Where the focus goes when the search is left. */
  const cameFrom = useRef<HTMLElement | null>(null)
  const elsewhere = rooms.unread - room.unread
  const toggle = (which: Panel) => () => setPanel(panel === which ? undefined : which)
  // Not after the draw: whoever sees the room can search it.
  useLayoutEffect(() => {
    if (panel !== 'search') {
      if (document.activeElement === document.body) cameFrom.current?.focus()
      cameFrom.current = null
    }
    const search = (event: KeyboardEvent): void => {
      if (!isSearchKey(event) || document.querySelector('dialog[open]')) return
      event.preventDefault()
      if (panel === 'search') return
      if (document.activeElement instanceof HTMLElement) {
        cameFrom.current = document.activeElement
        // What is typed until the field is there must not become a message.
        document.activeElement.blur()
      }
      setPanel('search')
    }
    addEventListener('keydown', search)
    return () => removeEventListener('keydown', search)
  }, [panel])
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
            <button
              type="button"
              aria-expanded={panel === 'search'}
              aria-keyshortcuts="Control+K Meta+K"
              title={texts.search.key}
              onClick={({ currentTarget }) => {
                cameFrom.current = currentTarget
                toggle('search')()
              }}
            >
              <span class="magnifier" aria-hidden="true" />
              <span class="only-read">{texts.search.heading}</span>
            </button>
            <button
              type="button"
              aria-expanded={panel === 'members'}
              aria-label={texts.room.members(room.memberCount)}
              onClick={toggle('members')}
            >
              <span class="wide-only">{texts.room.members(room.memberCount)}</span>
              <span class="narrow-only">
                <span class="person" />
                {room.memberCount.toLocaleString('en')}
              </span>
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
      {panel === 'search' && (
        <Search
          {...{ room, changed }}
          onLed={() => {
            cameFrom.current = null
            setPanel(undefined)
          }}
        />
      )}
      {isInviting && <Invite room={room} onClose={() => setInviting(false)} />}
    </>
  )
}
