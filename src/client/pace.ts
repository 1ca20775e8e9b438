import type { Limits, Rate } from '../protocol/events.ts'
import type { Clock } from './clock.ts'

/** What is used of a rate: what is sent evenly does not arrive so. */
const SHARE = 0.9

/** How fast one member, or the commands of one connection, may go by the node's own words. */
export class Pace {
  readonly #clock: Clock
  /** Of token buckets for texts and for bytes: what they hold, by their rates. */
  readonly #tokens: Map<Rate, number>
  readonly #texts: Rate | undefined
  #at: number

  constructor({ messageRate, messageBytesRate }: Limits, clock: Clock) {
    this.#clock = clock
    this.#at = clock.now()
    this.#texts = messageRate
    this.#tokens = new Map()
    for (const rate of [messageRate, messageBytesRate]) {
      if (rate) this.#tokens.set(rate, rate.burst * SHARE)
    }
  }

  /**
   * Takes what one text of so many bytes costs, or nothing if it may not go yet.
   * @returns milliseconds to wait; 0: go
   */
  take(bytes: number): number {
    const now = this.#clock.now()
    let wait = 0
    const left = new Map<Rate, number>()
    for (const [rate, tokens] of this.#tokens) {
      const most = rate.burst * SHARE
      const perMs = (rate.perSecond * SHARE) / 1000
      const full = Math.min(most, tokens + (now - this.#at) * perMs)
      // What costs more than the burst would never go.
      const rest = full - Math.min(most, rate === this.#texts ? 1 : bytes)
      this.#tokens.set(rate, full)
      left.set(rate, rest)
      wait = Math.max(wait, Math.ceil(-rest / perMs))
    }
    this.#at = now
    if (wait === 0) for (const [rate, rest] of left) this.#tokens.set(rate, rest)
    return wait
  }
}
