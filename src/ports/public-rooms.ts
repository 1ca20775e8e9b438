import type { Room, RoomId } from './model.ts'

/** The rooms that anybody may find. Rules R59 and R60 in docs/contracts.md; promises as of Repository. */
export interface PublicRooms {
  /**
   * Makes those of these rooms that are not there, gives them all these names and topics, makes them
   * public, and keeps them from expiring for `ms` milliseconds. A room that is just being removed is
   * passed over: call again.
   * @param rooms at most a few thousand
   */
  keep(rooms: readonly NamedRoom[], ms: number): Promise<void>

  /**
   * The first `limit` public rooms by their ids.
   * @param after only those with a higher id than this, which need not be a room's
   */
  list(after: RoomId | undefined, limit: number): Promise<readonly ListedRoom[]>
}

export interface NamedRoom extends Room {
  readonly topic: string
}

/** A public room as everyone sees it. */
export interface ListedRoom extends NamedRoom {
  readonly memberCount: number
}
