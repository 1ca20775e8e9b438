export interface Mortal {
  /** When its life began to run out, by the clock's `now`: its creation, or its last member's `left`. */
  since: number
  /** How long it lives if that is shorter than others do. */
  readonly ttlMs: number | undefined
  /** It does not end before, by the clock's `now`. */
  keptUntil: number
}

/** Rooms that live equally long without a member, each set in the order in which they will end. */
interface Generation<Room> {
  readonly unused: Set<Room>
  readonly idle: Set<Room>
}

/** When a room ends, by the clock's `now`, where all others live for `ttlMs`. */
export const endOf = ({ since, ttlMs: own = Infinity }: Mortal, ttlMs: number): number =>
  since + Math.min(own, ttlMs)

/** The rooms without members, in the order in which they will end among those with one lifetime. */
export class LifeTimes<Room extends Mortal> {
  readonly #generations = new Map<number | undefined, Generation<Room>>()

  /** A room was made now. */
  unused(room: Room): void {
    this.#of(room).unused.add(room)
  }

  /** Someone is in the room, or it is no more. */
  occupied(room: Room): void {
    const generation = this.#of(room)
    generation.unused.delete(room)
    generation.idle.delete(room)
    if (generation.unused.size + generation.idle.size === 0) this.#generations.delete(room.ttlMs)
  }

  /** The last member has left. */
  idle(room: Room, now: number): void {
    room.since = now
    this.#of(room).idle.add(room)
  }

  /**
   * Takes out what has ended, at most `limit` rooms.
   * @param ttlMs how long a room lives that was used
   * @param unusedTtlMs how long one lives that was not
   */
  end(now: number, ttlMs: number, unusedTtlMs: number, limit: number): readonly Room[] {
    const ended: Room[] = []
    const takeFrom = (rooms: Set<Room>, lifetime: number): void => {
      for (const room of rooms) {
        if (ended.length === limit || endOf(room, lifetime) > now) return
        if (room.keptUntil <= now) ended.push(room)
      }
    }
    for (const { idle, unused } of this.#generations.values()) {
      takeFrom(idle, ttlMs)
      takeFrom(unused, unusedTtlMs)
    }
    for (const room of ended) this.occupied(room)
    return ended
  }

  #of({ ttlMs }: Room): Generation<Room> {
    const known = this.#generations.get(ttlMs)
    if (known) return known
    const generation = { unused: new Set<Room>(), idle: new Set<Room>() }
    this.#generations.set(ttlMs, generation)
    return generation
  }
}
