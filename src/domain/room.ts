import type { Clock } from '../ports/clock.ts'
import type { CloseReason, Dialect } from '../ports/connection.ts'
import type { Meter } from '../ports/meter.ts'
import type { Entry, MemberId, MemberRef, RoomId, Seq } from '../ports/model.ts'
import { Bucket, type Rate } from './bucket.ts'
import { FanOut } from './fan-out.ts'
import type { Member } from './member.ts'
import type { LocalRun } from './runs.ts'
import { Sequencer } from './sequencer.ts'

/** What a room needs from the node it is on. */
export interface RoomHost {
  readonly clock: Clock
  readonly meter: Meter
  /** An entry came before its turn, or the log is said to be longer: something may be missing. */
  gapIn(room: Room): void
  /**
   * A member is to get what was let out before it was in the room, or stored before it came: that has to be
   * read, from there on, and up to `start` at least.
   */
  behind(room: Room, member: Member, from: Seq, start: Seq): void
}

/** How many signs of typing a room shows. */
const TYPING: Rate = { perSecond: 20, burst: 20 }

/**
 * One room on this node: its members here, and its place in the log. It is open while it has members
 * or joins under way.
 */
export class Room {
  readonly members = new Set<Member>()
  /** Joins under way; they keep the room open. */
  joining = 0
  readonly #host: RoomHost
  readonly #sequencer = new Sequencer()
  readonly #fanOut: FanOut
  #typing: Bucket | undefined

  constructor(
    readonly id: RoomId,
    host: RoomHost,
  ) {
    this.#host = host
    this.#fanOut = new FanOut(this.members, host)
  }

  /** The first seq that this node has not let out; undefined before its first member. */
  get next(): Seq | undefined {
    return this.#sequencer.next
  }

  /** The highest seq that is said to exist. */
  get tip(): Seq {
    return this.#sequencer.tip
  }

  get waiting(): boolean {
    return this.#sequencer.waiting
  }

  /**
   * Lets a member in.
   * @param start everything before is stored for certain: if this is the first member here, the room
   * lets out what comes from there on
   * @param from the member gets every entry from there on. What was let out already is read, and so is what
   * is before `start`, though the room may let it out yet: late runs have texts that are changed by now
   */
  admit(member: Member, start: Seq, from: Seq): void {
    this.members.add(member)
    this.#letOut(this.#sequencer.start(start))
    if (from >= start && from >= (this.next ?? from)) {
      member.from = from
    } else {
      this.#host.behind(this, member, from, start)
    }
  }

  /**
   * Tells the members here, but not that one itself, that a member is typing.
   * @returns false, and nothing happens, when the room shows too many of these
   */
  showTyping(typing: MemberRef): boolean {
    const now = this.#host.clock.now()
    this.#typing ??= new Bucket(TYPING, now)
    if (!this.#typing.take(1, now)) return false
    const encodings = new Map<Dialect, Uint8Array>()
    for (const member of this.members) {
      if (member.id === typing.id) continue
      const { dialect } = member.connection
      let bytes = encodings.get(dialect)
      if (!bytes) encodings.set(dialect, (bytes = dialect.encodeTyping(this.id, typing)))
      member.deliver(bytes)
    }
    return true
  }

  /** Takes consecutive entries, from wherever they come. */
  offer({ firstSeq, frames, rows }: LocalRun): void {
    this.#letOut(this.#sequencer.offer(firstSeq, frames, rows))
    if (this.waiting) this.#host.gapIn(this)
  }

  /** Notes that the repository's log reaches `seq`. */
  expect(seq: Seq): void {
    this.#sequencer.expect(seq)
    if (this.waiting) this.#host.gapIn(this)
  }

  /** See Sequencer.settle. */
  settle(claimed: Seq): void {
    this.#sequencer.settle(claimed)
  }

  /** Ends all members' connections without a `left` of their own. */
  removeAll(reason: CloseReason): void {
    for (const member of this.members) member.remove(reason)
  }

  /** Writes everything that was let out to the members, now. */
  flush(): void {
    this.#fanOut.flush()
  }

  #letOut(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    this.#fanOut.add(entries)
    for (const { row } of entries) {
      if (row && 'removed' in row) this.#remove(row.memberId)
    }
  }

  /** The owner removed this member, wherever it is. */
  #remove(memberId: MemberId): void {
    for (const member of this.members) if (member.id === memberId) member.remove('removed')
  }
}
