/** Time, as an argument: the domain has no timers of its own. */
export interface Clock {
  /** Milliseconds of a clock that never jumps; only differences mean something. */
  now(): number
  /** Milliseconds since the Unix epoch. */
  wallTime(): number
  /** Calls back once, after at least `ms` milliseconds. The result cancels; idempotent. */
  after(ms: number, callback: () => void): Cancel
  /** Calls back once, when what became due in this turn of the event loop has been handled. */
  soon(callback: () => void): void
}

export type Cancel = () => void
