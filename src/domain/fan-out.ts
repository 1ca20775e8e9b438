import type { Clock } from '../ports/clock.ts'
import type { Dialect, Encoded } from '../ports/connection.ts'
import type { Meter } from '../ports/meter.ts'
import type { Entry } from '../ports/model.ts'
import type { Member } from './member.ts'

/** How long one turn of the event loop is spent on writing before everything else has its turn. */
const SLICE_MS = 20
/** A round that is shorter is not worth a rest, which a timer would make longer than the round. */
const SHORTEST_REST_MS = 5
/** Members written to between two looks at the clock. */
const STRIDE = 32

/** Consecutive entries on their way to the members, as far as that has come. */
interface Round {
  readonly entries: readonly Entry[]
  readonly members: Iterator<Member>
  readonly encodings: Map<Dialect, Encoded>
  /** How many members were given everything from the entry of this index on. */
  readonly given: number[]
  tookMs: number
}

/**
 * Writes what a room lets out to its members (ADR 7). What becomes due in one turn of the event loop
 * goes out together at its end, one write per member: the system call is most of what a delivery
 * costs. After a round that took long, the next one waits as long again, so that a large room under
 * load gathers more for each write and leaves the node half its time. A lone message never waits.
 */
export class FanOut {
  readonly #members: ReadonlySet<Member>
  readonly #clock: Clock
  readonly #meter: Meter
  #due: Entry[] = []
  #round: Round | undefined
  #scheduled = false
  #restUntil = 0

  constructor(members: ReadonlySet<Member>, { clock, meter }: { clock: Clock; meter: Meter }) {
    this.#members = members
    this.#clock = clock
    this.#meter = meter
  }

  /** Takes the entries that follow those of the call before, without a hole. */
  add(entries: readonly Entry[]): void {
    for (const entry of entries) this.#due.push(entry)
    this.#schedule()
  }

  /** Writes all that was added, now. */
  flush(): void {
    while (this.#round || this.#due.length > 0) this.#write(Infinity)
  }

  #schedule(): void {
    if (this.#scheduled || (!this.#round && this.#due.length === 0)) return
    this.#scheduled = true
    const write = () => {
      this.#scheduled = false
      this.#write(SLICE_MS)
      this.#schedule()
    }
    const rest = this.#round ? 0 : this.#restUntil - this.#clock.now()
    if (rest > 0) this.#clock.after(rest, write)
    else this.#clock.soon(write)
  }

  /** Goes on with the round, or begins one, for about `ms` milliseconds. */
  #write(ms: number): void {
    if (!this.#round && this.#due.length === 0) return
    const round = (this.#round ??= this.#begin())
    const begun = this.#clock.now()
    const done = this.#writeSome(round, begun + ms)
    const now = this.#clock.now()
    round.tookMs += now - begun
    if (!done) return
    this.#round = undefined
    this.#count(round)
    if (round.tookMs >= SHORTEST_REST_MS) this.#restUntil = now + round.tookMs
  }

  #begin(): Round {
    const entries = this.#due
    this.#due = []
    const members = this.#members.values()
    return { entries, members, encodings: new Map(), given: [0], tookMs: 0 }
  }

  /**
   * Members that go while a round is under way are skipped; those that come were not there for it,
   * and it holds nothing for them.
   * @returns whether the round is complete
   */
  #writeSome({ entries, members, encodings, given }: Round, until: number): boolean {
    const first = entries[0]?.seq ?? 0
    const last = first + entries.length - 1
    for (let written = 1; ; written += 1) {
      const { done, value: member } = members.next()
      if (done === true) return true
      if (member.from > last) continue
      const { dialect } = member.connection
      let encoded = encodings.get(dialect)
      if (!encoded) encodings.set(dialect, (encoded = dialect.encode(entries)))
      const missed = Math.max(0, member.from - first)
      const bytes = missed > 0 ? encoded.bytes.subarray(encoded.offsets[missed]) : encoded.bytes
      if (member.deliver(bytes)) given[missed] = (given[missed] ?? 0) + 1
      if (written % STRIDE === 0 && this.#clock.now() > until) return false
    }
  }

  /** Once a round and entry, not once a member. */
  #count({ entries, given }: Round): void {
    let members = 0
    entries.forEach(({ plain }, index) => {
      members += given[index] ?? 0
      this.#meter.delivered('live', plain, members)
    })
  }
}
