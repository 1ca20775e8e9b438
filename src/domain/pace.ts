import { Bucket, type Rate } from './bucket.ts'

/** How fast one member may send. */
export interface MemberRates {
  readonly messages: Rate
  /** In bytes of UTF-8. */
  readonly messageBytes: Rate
}

/**
 * What becomes of a text: it passes; it is refused and the sender told so; it is refused without a
 * word, because the sender was told within the last second; or the member has to go.
 */
export type Verdict = 'pass' | 'tell' | 'drop' | 'flood'

/** Nobody is told more often than this that it sends too fast. */
const TELL_MS = 1_000
/** Who was refused nothing for this long has made a pause. */
const PAUSE_MS = 1_000
/** Who is over its rate for this long without a pause has to go. */
const FLOOD_MS = 10_000

/** How fast a member sends, and for how long it has been too fast. */
export class Pace {
  readonly #messages: Bucket
  readonly #bytes: Bucket
  #tooFastSince = 0
  #refusedAt = Number.NEGATIVE_INFINITY
  #toldAt = Number.NEGATIVE_INFINITY

  /** @param now milliseconds of `Clock.now`, here and below */
  constructor(rates: MemberRates, now: number) {
    this.#messages = new Bucket(rates.messages, now)
    this.#bytes = new Bucket(rates.messageBytes, now)
  }

  /**
   * Judges one text. What is refused uses nothing up.
   * @param bytes its length in UTF-8
   */
  judge(bytes: number, now: number): Verdict {
    if (this.#messages.wait(1, now) === 0 && this.#bytes.take(bytes, now)) {
      this.#messages.take(1, now)
      return 'pass'
    }
    if (now - this.#refusedAt >= PAUSE_MS) this.#tooFastSince = now
    this.#refusedAt = now
    if (now - this.#tooFastSince >= FLOOD_MS) return 'flood'
    if (now - this.#toldAt < TELL_MS) return 'drop'
    this.#toldAt = now
    return 'tell'
  }

  /** Milliseconds until a text of so many bytes would pass. */
  waitMs(bytes: number, now: number): number {
    return Math.max(this.#messages.wait(1, now), this.#bytes.wait(bytes, now))
  }
}
