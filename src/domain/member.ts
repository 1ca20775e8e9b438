import type { Clock } from '../ports/clock.ts'
import type { CloseReason, Connection } from '../ports/connection.ts'
import type { ErrorCode } from '../ports/errors.ts'
import type { MemberId, Message, RoomId, Seq } from '../ports/model.ts'
import type { Outcome } from './outbox.ts'
import { type MemberRates, Pace, type Verdict } from './pace.ts'
import { MAX_UNSENT_BYTES, type Reader, type SlowReaders } from './slow-readers.ts'
import { excerpt, utf8Bytes, withoutLineBreak } from './text.ts'

/** Why a text was not taken, for the one who sent it. */
const REFUSALS: Partial<Record<ErrorCode, string>> = {
  invalid: 'Not sent: a message cannot contain this character.',
  too_large: 'Not sent: the message is too long.',
  rate_limited: 'Not sent: you are sending too fast, wait a little.',
  overloaded: 'Not sent: the server is busy, try again.',
  unavailable: 'Not sent: the server cannot store messages now, try again.',
  draining: 'Not sent: the server is restarting, reconnect.',
  unknown: 'Could not be confirmed; if it appears, it was sent.',
}
const BUG = 'Not sent: something went wrong here.'

/** What a member needs from the controller that made it. */
export interface MemberHost {
  readonly slowReaders: SlowReaders
  readonly maxMessageBytes: number
  /** How fast a member may send; undefined: as fast as it can. */
  readonly rates: MemberRates | undefined
  readonly clock: Pick<Clock, 'now'>
  /** Puts a text on its way into the log; settled once, unless it is refused at once with a code. */
  chat(
    member: Member,
    text: string,
    settle: (outcome: Outcome) => void,
  ): 'draining' | 'overloaded' | undefined
  /** A message of type `failed` for this member, with a new id and the node's time. */
  failedMessage(member: Member, text: string): Message
  /** The member is gone from this node; `toStore` tells whether its `left` must still be stored. */
  gone(member: Member, toStore: boolean): void
  /** The repository does not know a member of this node: it counts this node as gone. */
  disowned(): void
}

/**
 * One participant of one room, for as long as its connection lasts. Made by the controller, which
 * stores it; in the room once its `joined` is stored.
 */
export class Member implements Reader {
  /** The first seq that the room's fan-out has to deliver to it; none while it is caught up by reads. */
  from: Seq = Number.POSITIVE_INFINITY
  written = 0
  #name = ''
  #pace: Pace | undefined
  #present = true

  constructor(
    readonly id: MemberId,
    readonly roomId: RoomId,
    readonly connection: Connection,
    readonly host: MemberHost,
  ) {}

  /** The name that the repository gave it; empty before its `joined` is stored. */
  get name(): string {
    return this.#name
  }

  set name(name: string) {
    this.#name = name
  }

  /** Whether it is still connected to this node. */
  get present(): boolean {
    return this.#present
  }

  get unsent(): number {
    return this.connection.unsent
  }

  /**
   * Takes a text from the member's connection. It is stored and comes back as an echo, or the
   * member is told that it was not, though of texts over its rate once a second at most; after ten
   * seconds of those without a pause it has to go. One trailing line break is dropped; an empty
   * text counts, and is ignored.
   */
  post(text: string): void {
    if (!this.#present) return
    const message = withoutLineBreak(text)
    const bytes = utf8Bytes(message)
    const verdict = this.#judge(bytes)
    if (verdict === 'flood') return this.leave('flood')
    if (message === '' || verdict === 'drop') return
    if (verdict === 'tell') return this.#refuse('rate_limited', message)
    const refusal =
      this.#check(message, bytes) ??
      this.host.chat(this, message, (outcome) => this.#settled(message, outcome))
    if (refusal) this.#refuse(refusal, message)
  }

  /** Writes wire bytes, or lets the member go if it would have too much unsent. */
  deliver(bytes: Uint8Array): void {
    if (!this.#present || bytes.length === 0) return
    if (this.connection.unsent + bytes.length > MAX_UNSENT_BYTES) return this.tooSlow()
    this.connection.write(bytes)
    this.written += bytes.length
    if (this.connection.unsent > 0) this.host.slowReaders.watch(this)
  }

  tooSlow(): void {
    this.leave('slow')
  }

  /** The connection is lost or has to end: `left` follows. Idempotent. */
  leave(reason?: CloseReason): void {
    this.#end(reason, true)
  }

  /** Ends the connection of a member whose row is removed by someone else, or is gone with its room. */
  remove(reason: CloseReason): void {
    this.#end(reason, false)
  }

  #end(reason: CloseReason | undefined, toStore: boolean): void {
    if (!this.#present) return
    this.#present = false
    this.host.slowReaders.forget(this)
    if (reason) this.connection.close(reason)
    this.host.gone(this, toStore)
  }

  #judge(bytes: number): Verdict {
    const { rates, clock } = this.host
    if (!rates) return 'pass'
    this.#pace ??= new Pace(rates, clock.now())
    return this.#pace.judge(bytes, clock.now())
  }

  #check(message: string, bytes: number): ErrorCode | undefined {
    if (bytes > this.host.maxMessageBytes) return 'too_large'
    if (message.includes('\0') || !message.isWellFormed()) return 'invalid'
    return undefined
  }

  #settled(message: string, outcome: Outcome): void {
    if ('message' in outcome) return
    if ('failed' in outcome) return this.#refuse(outcome.failed, message)
    if (outcome.rejected === 'storage_full') return this.#refuse('overloaded', message)
    if (outcome.rejected === 'room_gone') return this.remove('room_gone')
    this.host.disowned()
    this.remove('lease_lost')
  }

  #refuse(code: ErrorCode, message: string): void {
    if (!this.#present) return
    const reason = `${REFUSALS[code] ?? BUG} "${excerpt(message)}"`
    this.connection.refuse(code, this.host.failedMessage(this, reason))
  }
}
