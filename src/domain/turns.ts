import type { Clock } from '../ports/clock.ts'
import { RoomError } from '../ports/errors.ts'

const MAX_WAITING = 256
const MAX_WAIT_MS = 2_000

/** Lets a few at a time do what is heavy; the others take turns in the order in which they came. */
export class Turns {
  readonly #atOnce: number
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #taken = 0

  constructor(atOnce: number, clock: Clock) {
    this.#atOnce = atOnce
    this.#clock = clock
  }

  /** At work and waiting now. */
  get load(): { readonly active: number; readonly waiting: number } {
    return { active: this.#taken, waiting: this.#waiting.size }
  }

  /**
   * Does a piece of work in its turn, and settles as that does.
   * @throws RoomError `overloaded` when too many wait, or have waited for too long
   */
  async take<T>(work: () => Promise<T>): Promise<T> {
    await this.#turn()
    try {
      return await work()
    } finally {
      this.#done()
    }
  }

  #turn(): Promise<void> {
    if (this.#taken < this.#atOnce) {
      this.#taken += 1
      return Promise.resolve()
    }
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(busy())
    return new Promise((resolve, reject) => {
      const start = () => {
        cancel()
        resolve()
      }
      const cancel = this.#clock.after(MAX_WAIT_MS, () => {
        this.#waiting.delete(start)
        reject(busy())
      })
      this.#waiting.add(start)
    })
  }

  /** Passes the turn on: whoever waits longest takes it over, so it counts as taken throughout. */
  #done(): void {
    const [next] = this.#waiting
    if (!next) {
      this.#taken -= 1
      return
    }
    this.#waiting.delete(next)
    next()
  }
}

const busy = () => new RoomError('overloaded', 'Too many are reading now, try again.')
