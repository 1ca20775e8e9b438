import type { Cancel, Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { LogRow, RoomId } from '../ports/model.ts'
import { SEARCH_SEGMENT, type SearchIndex } from '../ports/search-index.ts'

const MAX_ROOMS = 10_000
const FIRST_PAUSE_MS = 100
/** A node that logs more messages a second than this has something better to do. */
const BUSY_PER_SECOND = 500
/** How long a pause is, in times of the step before it. */
const PAUSE = 1
const BUSY_PAUSE = 19

export interface IndexerParts {
  readonly searchIndex: Pick<SearchIndex, 'indexWords'>
  readonly clock: Clock
  readonly log: Log
}

/**
 * Has the repository prepare rooms for search, a step at a time, behind the appends: half of the time
 * when there is little to do, a twentieth when there is much. A room that was forgotten here is
 * remembered with its next segment, or when it is searched.
 */
export class Indexer {
  readonly #parts: IndexerParts
  readonly #rooms = new Set<RoomId>()
  #next: Cancel | undefined
  #stopped = false
  #failing = false
  #logged = 0
  #loggedSince = 0

  constructor(parts: IndexerParts) {
    this.#parts = parts
  }

  /** Rows were stored through this node. */
  logged(rows: readonly LogRow[]): void {
    this.#logged += rows.length
    for (const { roomId, seq } of rows) if (seq % SEARCH_SEGMENT === 0) this.add(roomId)
  }

  /** This room may have something to prepare. */
  add(roomId: RoomId): void {
    if (this.#rooms.size >= MAX_ROOMS) return
    this.#rooms.add(roomId)
    if (!this.#next) this.#schedule(FIRST_PAUSE_MS)
  }

  stop(): void {
    this.#stopped = true
    this.#next?.()
  }

  #schedule(ms: number): void {
    if (!this.#stopped) this.#next = this.#parts.clock.after(ms, () => void this.#step())
  }

  async #step(): Promise<void> {
    const { searchIndex, clock, log } = this.#parts
    const [roomId] = this.#rooms
    if (roomId === undefined) {
      this.#next = undefined
      return
    }
    this.#rooms.delete(roomId)
    const start = clock.now()
    try {
      if (await searchIndex.indexWords(roomId)) this.#rooms.add(roomId)
      this.#failing = false
    } catch (error) {
      if (!this.#failing) log.warn('room not prepared for search', { error })
      this.#failing = true
    }
    const now = clock.now()
    const perSecond = (this.#logged / Math.max(1, now - this.#loggedSince)) * 1000
    this.#logged = 0
    this.#loggedSince = now
    const pause = perSecond > BUSY_PER_SECOND ? BUSY_PAUSE : PAUSE
    this.#schedule(Math.max(1, (now - start) * pause))
  }
}
