import type { Clock } from '../ports/clock.ts'
import type { CloseReason } from '../ports/connection.ts'
import type { Entry, RoomId, Seq } from '../ports/model.ts'
import type { Run } from '../ports/queue.ts'
import { FanOut } from './fan-out.ts'
import type { Member } from './member.ts'
import { Sequencer } from './sequencer.ts'

/** What a room needs from the node it is on. */
export interface RoomHost {
  readonly clock: Clock
  /** An entry came before its turn, or the log is said to be longer: something may be missing. */
  gapIn(room: Room): void
  /** A member's own `joined` was let out before the member was in the room: it has to be read. */
  behind(room: Room, member: Member, joinedSeq: Seq): void
}

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

  constructor(
    readonly id: RoomId,
    host: RoomHost,
  ) {
    this.#host = host
    this.#fanOut = new FanOut(this.members, host.clock)
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
   * Lets a member in whose `joined` is stored at `joinedSeq`. It gets every entry from there on,
   * even if that was let out already: then it is read.
   */
  admit(member: Member, joinedSeq: Seq): void {
    this.members.add(member)
    this.#letOut(this.#sequencer.start(joinedSeq))
    if (joinedSeq >= (this.next ?? joinedSeq)) {
      member.from = joinedSeq
    } else {
      this.#host.behind(this, member, joinedSeq)
    }
  }

  /** Takes consecutive entries, from wherever they come. */
  offer(run: Run): void {
    this.#letOut(this.#sequencer.offer(run.firstSeq, run.frames))
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
    if (entries.length > 0) this.#fanOut.add(entries)
  }
}
