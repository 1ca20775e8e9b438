import type { Cancel, Clock } from '../ports/clock.ts'
import type { Ids } from '../ports/ids.ts'
import type { Log } from '../ports/log.ts'
import type { Meter } from '../ports/meter.ts'
import type { Repository } from '../ports/repository.ts'

/** Between two rounds: a quarter of the shorter lifetime, within these bounds. */
const LONGEST_PAUSE_MS = 60_000
const SHORTEST_PAUSE_MS = 1_000
/** Between two steps of a round, so that other work gets through. */
const STEP_MS = 100

export interface ExpirerParts {
  readonly repository: Pick<Repository, 'expireRooms'>
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random'>
  readonly log: Log
  readonly meter: Meter
  readonly roomTtlMs: number
  readonly unusedRoomTtlMs: number
}

/**
 * Has the repository remove rooms whose time is over, a round of bounded steps now and then. Every
 * node does; the repository sees to it that they do not harm each other. A room that is open on a
 * node has members, so it cannot be meant.
 */
export class Expirer {
  readonly #parts: ExpirerParts
  readonly #pauseMs: number
  #timer: Cancel | undefined
  #stopped = false
  #failing = false
  #ended = 0

  constructor(parts: ExpirerParts) {
    this.#parts = parts
    const quarter = Math.min(parts.roomTtlMs, parts.unusedRoomTtlMs) / 4
    this.#pauseMs = Math.max(SHORTEST_PAUSE_MS, Math.min(quarter, LONGEST_PAUSE_MS))
  }

  start(): void {
    this.#schedule(this.#pauseMs)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.()
  }

  /** Nodes that were started together do not come together. */
  #schedule(ms: number): void {
    if (this.#stopped) return
    const { clock, ids } = this.#parts
    this.#timer = clock.after(ms * (0.5 + ids.random()), () => {
      void this.#step().then((more) => this.#schedule(more ? STEP_MS : this.#pauseMs))
    })
  }

  async #step(): Promise<boolean> {
    const { repository, log, meter, roomTtlMs, unusedRoomTtlMs } = this.#parts
    try {
      const { rooms, more } = await repository.expireRooms({ roomTtlMs, unusedRoomTtlMs })
      this.#failing = false
      this.#ended += rooms
      meter.roomsExpired(rooms)
      if (!more && this.#ended > 0) {
        log.info('rooms expired', { count: this.#ended })
        this.#ended = 0
      }
      return more
    } catch (error) {
      if (!this.#failing) log.warn('rooms not expired', { error })
      this.#failing = true
      return false
    }
  }
}
