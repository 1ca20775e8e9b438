const SUB_BITS = 7
const LARGEST_MICROS = 2 ** 31 - 1
const BUCKETS = (31 - SUB_BITS + 1) << SUB_BITS

const STEP_ENDS_MICROS = Array.from({ length: 30 }, (_, place) => {
  const digit = [1, 2, 5][place % 3] ?? 1
  return digit * 10 ** Math.floor(place / 3 + 1)
})

/** Values from `fromMs` up to but not including `toMs`. */
export interface Step {
  readonly fromMs: number
  readonly toMs: number
  readonly count: number
}

/**
 * Times in buckets that are one microsecond wide up to 256 µs and then at most 1/128 of their
 * value, so that a hundred million of them take 25 KiB and every percentile is right to 0.8 %.
 * The log-linear buckets are those of HdrHistogram (Gil Tene, hdrhistogram.org).
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS)
  count = 0
  #max = 0

  /** @param ms below zero counts as zero, above 2,147 s as that */
  record(ms: number): void {
    const micros = ms > 0 ? Math.min(LARGEST_MICROS, Math.round(ms * 1000)) : 0
    const index = bucketOf(micros)
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.count++
    if (micros > this.#max) this.#max = micros
  }

  /** The largest in milliseconds; 0 when there is none. */
  get max(): number {
    return this.#max / 1000
  }

  /**
   * The value in milliseconds that this share does not exceed (nearest rank); 0 without values.
   * @param share above 0, at most 1
   */
  percentile(share: number): number {
    let left = Math.ceil(share * this.count)
    if (left === 0) return 0
    for (let index = 0; index < BUCKETS; index++) {
      left -= this.#counts[index] ?? 0
      if (left <= 0) return Math.min(middleOf(index), this.#max) / 1000
    }
    return this.max
  }

  /**
   * How often there was what, from the least to the largest, in steps of 1, 2, 5, 10, 20, 50 …
   * @returns without empty steps at the ends; a value belongs where the middle of its bucket does
   */
  steps(): readonly Step[] {
    const steps: Step[] = []
    let left = this.count
    let from = 0
    let index = 0
    for (const to of STEP_ENDS_MICROS) {
      if (left === 0) break
      let count = 0
      for (; index < BUCKETS && middleOf(index) < to; index++) count += this.#counts[index] ?? 0
      if (count > 0 || steps.length > 0) steps.push({ fromMs: from / 1000, toMs: to / 1000, count })
      left -= count
      from = to
    }
    return steps
  }
}

const bucketOf = (micros: number): number => {
  const shift = Math.max(0, 31 - Math.clz32(micros) - SUB_BITS)
  return (shift << SUB_BITS) + (micros >>> shift)
}

/** In microseconds. */
const middleOf = (index: number): number => {
  const shift = Math.max(0, (index >> SUB_BITS) - 1)
  const low = (index - (shift << SUB_BITS)) * 2 ** shift
  return low + (2 ** shift - 1) / 2
}
