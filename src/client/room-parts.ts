import type { JoinWish } from './api.ts'
import type { Clock } from './clock.ts'
import type { Connection } from './connection.ts'
import type { Http } from './http.ts'

/** What a room that is joined needs. */
export interface RoomParts {
  readonly roomId: string
  readonly wish: JoinWish
  readonly clock: Clock
  readonly random: () => number
  readonly http: Http
  /** The connection that there is now. */
  readonly connection: () => Connection | undefined
  /** Called when we are in the room, each time. */
  readonly onJoined: () => void
  /** Called when this room is left or over; it takes nothing more then. */
  readonly onOver: () => void
}
