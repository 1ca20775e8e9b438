import type { Cancel, Clock } from '../ports/clock.ts'
import type { Dialect, Encoded } from '../ports/connection.ts'
import type { Meter } from '../ports/meter.ts'
import type { Entry } from '../ports/model.ts'
import type { Member } from './member.ts'

/** How long one turn of the event loop is spent on writing before everything else has its turn. */
const SLICE_MS = 20
/** A round that is shorter is not worth a rest, which a timer would make longer than the round. */
const SHORTEST_REST_MS = 5
/** How long entries that may wait are gathered for one write to those who were there before them. */
const GATHER_MS = 500
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
 * Who comes and goes in a crowd is told to those who are there already twice a second, or before the
 * next text; to tell each of them of each would be most of what a join costs.
 */
export class FanOut {
  readonly #members: ReadonlySet<Member>
  readonly #clock: Clock
  readonly #meter: Meter
  #due: Entry[] = []
  #round: Round | undefined
  #scheduled = false
  #restUntil = 0
  /** Members that got nothing yet, and must not wait. */
  #newcomers: Member[] = []
  #gathering: Cancel | undefined

  constructor(members: ReadonlySet<Member>, { clock, meter }: { clock: Clock; meter: Meter }) {
    this.#members = members
    this.#clock = clock
    this.#meter = meter
  }

  /** A member that is to get what is added from its `from` on. */
  admit(member: Member): void {
    this.#newcomers.push(member)
  }

  /**
   * Takes the entries that follow those of the call before, without a hole.
   * @param mayWait only those who have come since need them at once
   */
  add(entries: readonly Entry[], mayWait = false): void {
    const hurried = this.#due.length > 0 && !this.#gathering
    for (const entry of entries) this.#due.push(entry)
    if (hurried || !mayWait) return this.#gathered()
    this.#greet(entries)
    this.#gathering ??= this.#clock.after(GATHER_MS, () => this.#gathered())
  }

  #gathered(): void {
    this.#gathering?.()
    this.#gathering = undefined
    this.#schedule()
  }

  /** Writes all that was added, now. */
  flush(): void {
    this.#gathered()
    while (this.#round || this.#due.length > 0) this.#write(Infinity)
  }

  #schedule(): void {
    if (this.#scheduled) return
    if (!this.#round && (this.#gathering || this.#due.length === 0)) return
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
    if (!this.#round && (this.#gathering || this.#due.length === 0)) return
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
    const next = (entries.at(-1)?.seq ?? 0) + 1
    this.#due = []
    this.#newcomers = this.#newcomers.filter(({ from }) => from >= next)
    const members = this.#members.values()
    return { entries, members, encodings: new Map(), given: [0], tookMs: 0 }
  }

  /** Gives newcomers theirs of the last entries that are due; nothing before was for them. */
  #greet(entries: readonly Entry[]): void {
    const members = this.#newcomers
    this.#newcomers = []
    const round = {
      entries,
      members: members.values(),
      encodings: new Map(),
      given: [0],
      tookMs: 0,
    }
    this.#writeSome(round, Infinity)
    this.#count(round)
    const next = (entries.at(-1)?.seq ?? 0) + 1
    for (const member of members) {
      if (member.from < next) member.from = next
      else this.#newcomers.push(member)
    }
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
