/** Time, as far as it is needed here; the one place that has timers. */
export interface Clock {
  /** Milliseconds from an unknown start; never goes back. */
  now(): number
  /** @returns a function that cancels it; safe to call at any time */
  after(ms: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}
