import type { Clock } from '../ports/clock.ts'

/** How much may pass: `perSecond` in the long run, `burst` at once. Both are above 0. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** Of how many keys a node remembers what they used. */
const MOST_KEYS = 100_000

/** A token bucket, full at first. It has no timer: every call says what time it is. */
export class Bucket {
  readonly #rate: Rate
  #tokens: number
  #at: number

  /** @param now milliseconds of `Clock.now`, here and below */
  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#at = now
  }

  /**
   * Takes `cost` tokens, or none if there are too few. A cost above the burst counts as the burst:
   * it would never pass otherwise.
   */
  take(cost: number, now: number): boolean {
    if (this.wait(cost, now) > 0) return false
    this.#tokens -= Math.min(cost, this.#rate.burst)
    return true
  }

  /** Milliseconds until `cost` tokens are there; 0 when they are. */
  wait(cost: number, now: number): number {
    this.#refill(now)
    const missing = Math.min(cost, this.#rate.burst) - this.#tokens
    return Math.max(0, missing / this.#rate.perSecond) * 1000
  }

  /** Whether it is as good as a new one. */
  isFull(now: number): boolean {
    this.#refill(now)
    return this.#tokens === this.#rate.burst
  }

  #refill(now: number): void {
    const { perSecond, burst } = this.#rate
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * perSecond)
    this.#at = now
  }
}

/**
 * A bucket per key, for a bounded number of keys. Each use forgets up to two that are full again;
 * when there are too many keys, those that were not used for longest are forgotten, full or not.
 */
export class Buckets {
  readonly #rate: Rate
  readonly #clock: Pick<Clock, 'now'>
  /** In the order of their last use. */
  readonly #byKey = new Map<string, Bucket>()

  constructor(rate: Rate, clock: Pick<Clock, 'now'>) {
    this.#rate = rate
    this.#clock = clock
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#byKey.size
  }

  /** Milliseconds until there is a token of a key's; 0 when there is one. */
  wait(key: string): number {
    return this.#byKey.get(key)?.wait(1, this.#clock.now()) ?? 0
  }

  /** Takes one token of a key's. Returns 0, or when there is none the milliseconds until there is. */
  take(key: string): number {
    const now = this.#clock.now()
    const bucket = this.#byKey.get(key) ?? new Bucket(this.#rate, now)
    const wait = bucket.wait(1, now)
    if (wait === 0) bucket.take(1, now)
    this.#byKey.delete(key)
    this.#byKey.set(key, bucket)
    this.#forgetOldest(now)
    this.#forgetOldest(now)
    return wait
  }

  #forgetOldest(now: number): void {
    const [oldest] = this.#byKey
    if (!oldest) return
    const [key, bucket] = oldest
    if (this.#byKey.size > MOST_KEYS || bucket.isFull(now)) this.#byKey.delete(key)
  }
}
