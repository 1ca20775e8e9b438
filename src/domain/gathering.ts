import type { Clock } from '../ports/clock.ts'

const GATHER_MS = 25

/**
 * Lets joins that come thick go on together, every 25 ms, so that they share an append and a
 * SUBSCRIBE; one that comes alone goes on at once (ADR 3).
 */
export class Gathering {
  readonly #clock: Clock
  #waiting: (() => void)[] = []
  #openAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when the caller may go on, 25 ms later at most. */
  pass(): Promise<void> {
    const wait = this.#openAt - this.#clock.now()
    if (wait <= 0) {
      this.#openAt = this.#clock.now() + GATHER_MS
      return Promise.resolve()
    }
    if (this.#waiting.length === 0) this.#clock.after(wait, () => this.#release())
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #release(): void {
    this.#openAt = this.#clock.now() + GATHER_MS
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
