import type { Cancel, Clock } from '../src/ports/clock.ts'

interface Timer {
  readonly due: number
  readonly callback: () => void
}

/**
 * A clock that stands still until a test moves it. Everything due is called in the order of its
 * time (then of its making), and between two callbacks all promise jobs and immediates run out.
 */
export class FakeClock implements Clock {
  #now = 0
  #wallAtZero: number
  // In order of making; few enough timers that a scan per step is cheaper than a heap to maintain.
  readonly #timers = new Set<Timer>()
  #soon: (() => void)[] = []

  /** @param wallTime milliseconds since the Unix epoch at the start */
  constructor(wallTime = Date.UTC(2026, 0, 1)) {
    this.#wallAtZero = wallTime
  }

  now(): number {
    return this.#now
  }

  wallTime(): number {
    return this.#wallAtZero + this.#now
  }

  after(ms: number, callback: () => void): Cancel {
    const timer = { due: this.#now + Math.max(0, ms), callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  soon(callback: () => void): void {
    this.#soon.push(callback)
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.size
  }

  /** Lets time go by while a callback is at work: what falls due meanwhile is called after it. */
  pass(ms: number): void {
    this.#now += ms
  }

  /** Moves the wall clock alone, as an operator or NTP does; `now` does not notice. */
  shiftWallTime(ms: number): void {
    this.#wallAtZero += ms
  }

  /**
   * Moves time on and calls what becomes due on the way, `soon` callbacks included; with 0 only
   * what is due already. Resolves when nothing is left to do at the new time. A callback that
   * throws rejects this.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await this.#settle()
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.due)
      timer.callback()
      await this.#settle()
    }
    this.#now = Math.max(this.#now, end)
    await this.#settle()
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.due <= end && (first === undefined || timer.due < first.due)) first = timer
    }
    return first
  }

  async #settle(): Promise<void> {
    for (;;) {
      // An immediate comes after every promise job, however long their chain.
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#soon.length === 0) return
      const callbacks = this.#soon
      this.#soon = []
      for (const callback of callbacks) callback()
    }
  }
}
