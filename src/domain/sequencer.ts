import type { Entry, LogRow, Seq } from '../ports/model.ts'

/** What a sequencer keeps of entries that came before their turn; what is beyond is read again. */
const MAX_AHEAD = 1_000
const MAX_AHEAD_BYTES = 1 << 20

/**
 * Puts the entries of one room in order, whatever way and however often they come: it lets out
 * every seq once, in order, without holes. Pure; rules S1–S6 in docs/contracts.md.
 */
export class Sequencer {
  #next: Seq | undefined
  #tip: Seq = 0
  readonly #ahead = new Map<Seq, Entry>()
  #aheadBytes = 0

  /** The first seq that has not been let out; undefined before `start`. */
  get next(): Seq | undefined {
    return this.#next
  }

  /** The highest seq that anybody has claimed to exist. A claim is not proof. */
  get tip(): Seq {
    return this.#tip
  }

  /** Whether a seq that is claimed to exist has not been let out. */
  get waiting(): boolean {
    return this.#next !== undefined && this.#tip >= this.#next
  }

  /** Lets out everything from `at` on. What came before the start was kept; a second start does nothing. */
  start(at: Seq): readonly Entry[] {
    if (this.#next !== undefined) return []
    this.#next = at
    for (const entry of this.#ahead.values()) if (entry.seq < at) this.#forget(entry)
    return this.#release([])
  }

  /**
   * Takes consecutive entries, from wherever they come.
   * @param rows what belongs to some of them, by their seqs
   * @returns what is due now, consecutive, possibly nothing
   */
  offer(
    firstSeq: Seq,
    frames: readonly Entry['plain'][],
    rows?: ReadonlyMap<Seq, LogRow>,
  ): readonly Entry[] {
    const due: Entry[] = []
    let seq = firstSeq
    for (const plain of frames) {
      const isNext = seq === this.#next
      if (isNext || this.#next === undefined || seq > this.#next) {
        const row = rows?.get(seq)
        const entry = row ? { seq, plain, row } : { seq, plain }
        if (isNext) due.push(entry)
        else this.#keep(entry)
        if (isNext) this.#next = seq + 1
      }
      seq += 1
    }
    this.expect(seq - 1)
    return this.#release(due)
  }

  /** Notes that the log is said to reach `seq`. */
  expect(seq: Seq): void {
    if (seq > this.#tip) this.#tip = seq
  }

  /**
   * Forgets claims that were false. To be called when a read of the log, begun after `claimed` was
   * the tip, has been offered whole: commit order is seq order, so if `claimed` existed then
   * everything before it was in that read.
   */
  settle(claimed: Seq): void {
    if (this.#next === undefined || this.#next > claimed) return
    this.#ahead.clear()
    this.#aheadBytes = 0
    this.#tip = this.#next - 1
  }

  #keep(entry: Entry): void {
    const { seq, plain } = entry
    if (this.#ahead.has(seq)) return
    if (this.#ahead.size >= MAX_AHEAD || this.#aheadBytes + plain.length > MAX_AHEAD_BYTES) return
    this.#ahead.set(seq, entry)
    this.#aheadBytes += plain.length
  }

  #forget({ seq, plain }: Entry): void {
    this.#ahead.delete(seq)
    this.#aheadBytes -= plain.length
  }

  #release(due: Entry[]): readonly Entry[] {
    while (this.#next !== undefined && this.#ahead.size > 0) {
      const seq = this.#next
      const entry = this.#ahead.get(seq)
      if (entry === undefined) break
      this.#forget(entry)
      due.push(entry)
      this.#next = seq + 1
    }
    return due
  }
}
