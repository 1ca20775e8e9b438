import type { Limits, Rate } from '../protocol/events.ts'
import type { Clock } from './clock.ts'

/** What is used of a rate: what is sent evenly does not arrive so. */
const SHARE = 0.9

/** A token bucket, kept as the time at which it will be full (GCRA, ITU-T I.371). */
class Bucket {
  readonly #msEach: number
  readonly #burst: number
  #fullAt = 0

  /** @param rate undefined: as fast as one likes */
  constructor({ perSecond, burst }: Rate = { perSecond: Number.POSITIVE_INFINITY, burst: 1 }) {
    this.#msEach = 1000 / (perSecond * SHARE)
    this.#burst = burst * SHARE
  }

  /** Milliseconds until it has `cost`, or, if that is more, its burst; 0 or less when it has. */
  wait(cost: number, now: number): number {
    return this.#fullAfter(cost, now) - now - this.#burst * this.#msEach
  }

  take(cost: number, now: number): void {
    this.#fullAt = this.#fullAfter(cost, now)
  }

  #fullAfter(cost: number, now: number): number {
    return Math.max(now, this.#fullAt) + Math.min(cost, this.#burst) * this.#msEach
  }
}

/** How fast one member, or the commands of one connection, may go by the node's own words. */
export class Pace {
  readonly #clock: Clock
  readonly #texts: Bucket
  readonly #bytes: Bucket

  constructor({ messageRate, messageBytesRate }: Limits, clock: Clock) {
    this.#clock = clock
    this.#texts = new Bucket(messageRate)
    this.#bytes = new Bucket(messageBytesRate)
  }

  /**
   * Takes what one text of so many bytes costs, or nothing if it may not go yet.
   * @returns milliseconds to wait; 0: go
   */
  take(bytes: number): number {
    const now = this.#clock.now()
    const wait = Math.max(this.#texts.wait(1, now), this.#bytes.wait(bytes, now))
    // Less than a timer can wait for is nothing.
    if (wait >= 1) return wait
    this.#texts.take(1, now)
    this.#bytes.take(bytes, now)
    return 0
  }
}
