import type { JSX } from 'preact/jsx-runtime'
import type { OpenRooms } from '../open-rooms.ts'
import { texts } from '../texts.ts'

/** The rooms of this page, each with the number of its unread messages. */
export const RoomList = ({ rooms }: { readonly rooms: OpenRooms }): JSX.Element => (
  <nav class="rooms" aria-label={texts.rooms.heading}>
    <h2>{texts.rooms.heading}</h2>
    <ul>
      {rooms.all.map((room) => (
        <li key={room.id}>
          <a href={`#${room.id}`} aria-current={room === rooms.shown ? 'page' : undefined}>
            <bdi class="name">{room.name || texts.rooms.unnamed}</bdi>
            {room.unread > 0 && <Unread count={room.unread} />}
          </a>
        </li>
      ))}
    </ul>
    <a class="new" href="#">
      + {texts.rooms.create}
    </a>
  </nav>
)

export const Unread = ({ count }: { readonly count: number }): JSX.Element => (
  <span class="unread">
    <span aria-hidden="true">{count > 99 ? '99+' : count}</span>
    <span class="only-read">{texts.rooms.unread(count)}</span>
  </span>
)
