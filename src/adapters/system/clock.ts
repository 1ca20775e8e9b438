import type { Cancel, Clock } from '../../ports/clock.ts'

/** The time of this machine and the timers of this process. */
export class SystemClock implements Clock {
  now(): number {
    return performance.now()
  }

  wallTime(): number {
    return Date.now()
  }

  after(ms: number, callback: () => void): Cancel {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  }

  soon(callback: () => void): void {
    setImmediate(callback)
  }
}
