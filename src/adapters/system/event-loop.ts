const TICK_MS = 100
const SAMPLE_MS = 500
const LONGEST_DELAY_MS = 600
const BAD_IN_A_ROW = 3

/**
 * Whether this process keeps up with its work: it does not when three samples in a row, each of half
 * a second or one turn of the loop, found that something had waited for more than 600 ms. One stall
 * alone, however long, is one sample. A loop that is always busy and never late is used well, and not
 * overloaded; and thousands of joins within a second are some seconds' work, not a reason to refuse
 * them.
 *
 * Node's own histogram of delays forgets with every reset when it was last called, so that it sees
 * nothing of a loop whose every turn is longer than a sample.
 */
export class EventLoopGauge {
  #timer: NodeJS.Timeout | undefined
  #ticked = 0
  #sampleBegun = 0
  #longestDelay = 0
  #badInARow = 0

  get overloaded(): boolean {
    return this.#badInARow >= BAD_IN_A_ROW
  }

  start(): void {
    this.#ticked = this.#sampleBegun = performance.now()
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref()
  }

  /** Idempotent. */
  stop(): void {
    clearInterval(this.#timer)
    this.#badInARow = 0
  }

  #tick(): void {
    const now = performance.now()
    this.#longestDelay = Math.max(this.#longestDelay, now - this.#ticked - TICK_MS)
    this.#ticked = now
    if (now - this.#sampleBegun < SAMPLE_MS) return
    this.#badInARow = this.#longestDelay > LONGEST_DELAY_MS ? this.#badInARow + 1 : 0
    this.#longestDelay = 0
    this.#sampleBegun = now
  }
}
