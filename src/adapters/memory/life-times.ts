export interface Mortal {
  /** When its life began to run out, by the clock's `now`: its creation, or its last member's `left`. */
  since: number
}

/**
 * The rooms without members, in the order in which they will end. All unused rooms live equally
 * long, and so do all others, so each set is in that order by itself.
 */
export class LifeTimes<Room extends Mortal> {
  readonly #unused = new Set<Room>()
  readonly #idle = new Set<Room>()

  /** A room was made now. */
  unused(room: Room): void {
    this.#unused.add(room)
  }

  /** Someone is in the room. */
  occupied(room: Room): void {
    this.#unused.delete(room)
    this.#idle.delete(room)
  }

  /** The last member has left. */
  idle(room: Room, now: number): void {
    room.since = now
    this.#idle.add(room)
  }

  /**
   * Takes out what has ended, at most `limit` rooms.
   * @param idleSince the others end that have been without a member since then or longer
   * @param unusedSince unused rooms end that are as old as this or older
   */
  end(idleSince: number, unusedSince: number, limit: number): readonly Room[] {
    const ended: Room[] = []
    const takeFrom = (rooms: Set<Room>, since: number): void => {
      for (const room of rooms) {
        if (room.since > since || ended.length === limit) return
        rooms.delete(room)
        ended.push(room)
      }
    }
    takeFrom(this.#idle, idleSince)
    takeFrom(this.#unused, unusedSince)
    return ended
  }
}
