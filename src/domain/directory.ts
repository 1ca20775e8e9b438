import type { Cancel, Clock } from '../ports/clock.ts'
import type { Ids } from '../ports/ids.ts'
import type { Log } from '../ports/log.ts'
import type { RoomId } from '../ports/model.ts'
import type { ListedRoom, NamedRoom, PublicRooms } from '../ports/public-rooms.ts'

/** Rooms are kept for as long as a few rounds may fail. */
const KEEP_MS = 600_000
const ROUND_MS = 60_000
/** Rooms that one call keeps. */
const AT_ONCE = 500

/** A public room that is there from the start, known by its name. */
export interface GivenRoom {
  readonly name: string
  readonly topic: string
}

export interface DirectoryParts {
  readonly publicRooms: PublicRooms
  readonly clock: Clock
  readonly ids: Pick<Ids, 'namedRoomId' | 'random'>
  readonly log: Log
  /** Names are unique. */
  readonly givenRooms: readonly GivenRoom[]
}

export interface DirectoryPage {
  readonly rooms: readonly ListedRoom[]
  /** There are more after these. */
  readonly more: boolean
}

/**
 * The public rooms, and those among them that this node was given: it sees to it that they are there and
 * do not expire. Any number of nodes may be given the same; a room that no node is given any more lives
 * on like any other.
 */
export class Directory {
  readonly #parts: DirectoryParts
  readonly #given: readonly NamedRoom[]
  #timer: Cancel | undefined
  #stopped = false
  #failing = false

  constructor(parts: DirectoryParts) {
    this.#parts = parts
    this.#given = parts.givenRooms.map((room) => ({
      ...room,
      id: parts.ids.namedRoomId(room.name),
    }))
  }

  /** Resolves when the given rooms are there, or could not be made now: then it is tried again. */
  async start(): Promise<void> {
    if (this.#given.length === 0 || this.#stopped) return
    const { publicRooms, clock, ids, log } = this.#parts
    try {
      for (let at = 0; at < this.#given.length; at += AT_ONCE) {
        await publicRooms.keep(this.#given.slice(at, at + AT_ONCE), KEEP_MS)
      }
      this.#failing = false
    } catch (error) {
      if (!this.#failing) log.warn('given rooms not kept', { error })
      this.#failing = true
    }
    if (this.#stopped) return
    this.#timer = clock.after(ROUND_MS * (0.5 + ids.random()), () => void this.start())
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.()
  }

  /**
   * A page of the public rooms, by their ids.
   * @param after the id behind which it begins
   * @throws RoomError `unavailable`, `internal`
   */
  async page(after: RoomId | undefined, limit: number): Promise<DirectoryPage> {
    const rooms = await this.#parts.publicRooms.list(after, limit + 1)
    return { rooms: rooms.slice(0, limit), more: rooms.length > limit }
  }
}
