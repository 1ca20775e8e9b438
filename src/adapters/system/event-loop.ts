import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

const SAMPLE_MS = 500
/** How often the delay is measured within a sample. */
const RESOLUTION_MS = 20
const LONGEST_DELAY_MS = 200

/**
 * Whether this process keeps up with its work: it does not when within each of the last two half
 * seconds something waited for more than 200 ms. One stall alone, however long, is one sample.
 * A loop that is always busy and never late is used well, and not overloaded.
 */
export class EventLoopGauge {
  #delays: IntervalHistogram | undefined
  #timer: NodeJS.Timeout | undefined
  #badInARow = 0

  get overloaded(): boolean {
    return this.#badInARow >= 2
  }

  start(): void {
    this.#delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    this.#delays.enable()
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS).unref()
  }

  /** Idempotent. */
  stop(): void {
    clearInterval(this.#timer)
    this.#delays?.disable()
    this.#badInARow = 0
  }

  #sample(): void {
    if (!this.#delays) return
    // What is measured is the time between two measurements.
    const delayMs = this.#delays.percentile(99) / 1e6 - RESOLUTION_MS
    this.#delays.reset()
    this.#badInARow = delayMs > LONGEST_DELAY_MS ? this.#badInARow + 1 : 0
  }
}
