import type { Sender } from './sender.ts'

/** How far sending may be late and still catch up. */
const LARGEST_BACKLOG_MS = 1_000
/** A timer of Node is late by about this much at most while nothing holds it up. */
const TIMER_MS = 2

/**
 * Sends at a rate, whatever comes back. The senders take turns, evenly spread in time. What a late
 * timer left over is sent at once, and its way counts from when it was due: a server that stalls
 * the load must not look better for it (Gil Tene's coordinated omission).
 */
export class RatePace {
  /** Texts that were due but not sent: more than a second late, or the server took nothing. */
  skipped = 0
  readonly #senders: readonly Sender[]
  readonly #stepMs: number
  readonly #begin = performance.now()
  #count = 0
  #timer: NodeJS.Timeout | undefined

  /** Begins to send. @param perSecond of each sender */
  constructor(senders: readonly Sender[], perSecond: number) {
    this.#senders = senders
    this.#stepMs = 1000 / perSecond / senders.length
    if (senders.length > 0) this.#send()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #send(): void {
    const now = performance.now()
    const due = Math.floor((now - this.#begin) / this.#stepMs) + 1
    const tooOld = Math.floor(due - this.#count - LARGEST_BACKLOG_MS / this.#stepMs)
    if (tooOld > 0) {
      this.#count += tooOld
      this.skipped += tooOld
    }
    for (; this.#count < due; this.#count++) {
      const dueAt = this.#begin + this.#count * this.#stepMs
      const time = now - dueAt > TIMER_MS ? dueAt : now
      if (this.#senders[this.#count % this.#senders.length]?.send(time) === false) this.skipped++
    }
    const wait = this.#begin + this.#count * this.#stepMs - performance.now()
    this.#timer = setTimeout(() => this.#send(), Math.max(0, wait))
  }
}
