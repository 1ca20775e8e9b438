import type { JSX } from 'preact/jsx-runtime'
import { useEffect, useLayoutEffect, useState } from 'preact/hooks'
import type { Announcer } from '../announcer.ts'
import type { KeptRooms } from '../kept-rooms.ts'
import type { Notices } from '../notices.ts'
import type { OpenRooms } from '../open-rooms.ts'
import { EndedRoom } from './ended-room.tsx'
import { Home } from './home.tsx'
import { RoomList } from './room-list.tsx'
import { type Panel, RoomView } from './room-view.tsx'

export interface PageProps {
  readonly rooms: OpenRooms
  readonly announcer: Announcer
  readonly notices: Notices
  readonly remembered: KeptRooms
  readonly changed: () => void
}

/** The whole page: the list of rooms, and a room or the start page. */
export const Page = (props: PageProps): JSX.Element => {
  const { rooms, announcer, notices, changed } = props
  const { shown } = rooms
  const onLeave = (): void => {
    if (shown) rooms.close(shown)
    location.hash = ''
  }
  const [panel, setPanel] = useState<Panel>(undefined)
  useEffect(() => setPanel(undefined), [shown])
  // Not after the draw: whoever sees the panel can close it.
  useLayoutEffect(() => {
    if (panel === undefined) return
    const close = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape') setPanel(undefined)
    }
    addEventListener('keydown', close)
    return () => removeEventListener('keydown', close)
  }, [panel])
  return (
    <div class={`page ${panel ? `with-${panel}` : ''} ${rooms.all.length > 0 ? '' : 'no-rooms'}`}>
      {rooms.all.length > 0 && <RoomList rooms={rooms} />}
      {shown === undefined ? (
        <Home {...props} />
      ) : shown.end === undefined ? (
        <RoomView
          key={shown.id}
          {...{ room: shown, rooms, notices, panel, setPanel, onLeave, changed }}
        />
      ) : (
        <EndedRoom key={shown.id} room={shown} onClose={onLeave} />
      )}
      <div class="only-read" role="status">
        {announcer.text}
      </div>
    </div>
  )
}
