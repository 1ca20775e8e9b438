import type { Clock } from '../ports/clock.ts'
import { type CloseReason, type Connection, MAX_UNSENT_BYTES } from '../ports/connection.ts'
import type { ErrorCode } from '../ports/errors.ts'
import type { Meter } from '../ports/meter.ts'
import type { MemberId, Message, MessageId, RoomId, Seq } from '../ports/model.ts'
import type { ChangeWish } from './changes.ts'
import type { NotTaken, Outcome } from './outbox.ts'
import { type MemberRates, Pace, type Verdict } from './pace.ts'
import type { Reader, SlowReaders } from './slow-readers.ts'
import { excerpt, faultOf, utf8Bytes, withoutLineBreak } from './text.ts'

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
const EMPTY = 'Not sent: there is no text.'
const NO_MESSAGE = 'There is no such message.'
const NOT_YOURS = 'Someone else wrote this message.'

/** Nobody is said to be typing more often than this. */
const TYPING_MS = 1_000

/** What became of a text that was sent under a ref. */
export type Sent = { readonly id: MessageId; readonly seq: Seq } | Refusal

interface Refusal {
  readonly refused: ErrorCode
  /** One sentence for the person who sent it. */
  readonly reason: string
  /** Milliseconds until it is worth another try, where that is known. */
  readonly waitMs?: number
}

/** Why something is not stored, and what to tell besides or instead. */
interface Unstored {
  readonly code: ErrorCode
  readonly more?: Partial<Refusal>
}

type Settle = (outcome: Outcome) => void

/**
 * How a member goes: of its own will; because its connection is lost or had to end; or because its
 * row is removed by someone else, or is attached to another connection.
 */
export type Departure = 'left' | 'lost' | 'removed'

/** What a member needs from the node that it is on. */
export interface MemberHost {
  readonly slowReaders: SlowReaders
  readonly maxMessageBytes: number
  /** How fast a member may send; undefined: as fast as it can. */
  readonly rates: MemberRates | undefined
  readonly clock: Pick<Clock, 'now'>
  readonly meter: Meter
  /**
   * Puts a text on its way into the log; settled once, unless it is refused at once with a code.
   * @param ref under which it is sent; what is sent under it again is the same message
   */
  chat(
    member: Member,
    text: string,
    ref: string | undefined,
    settle: (outcome: Outcome) => void,
  ): NotTaken | undefined
  /** As `chat`, for a change of a message of this member's. */
  change(
    member: Member,
    wish: ChangeWish,
    ref: string,
    settle: (outcome: Outcome) => void,
  ): NotTaken | undefined
  /** Tells the others in the room that this member is typing. */
  typing(member: Member): void
  /** A message of type `failed` for this member, with a new id and the node's time. */
  failedMessage(member: Member, text: string): Message
  /** The member is gone from this node. */
  gone(member: Member, departure: Departure): void
  /**
   * The repository does not know this member: it was removed, or this node counts as gone.
   * @param reason to end its connection with, if nothing better is known soon
   */
  disowned(member: Member, reason: CloseReason): void
}

/**
 * One participant of one room, for as long as its connection lasts; in the room once its `joined` is
 * stored.
 */
export class Member implements Reader {
  /** The first seq that the room's fan-out has to deliver to it; none while it is caught up by reads. */
  from: Seq = Number.POSITIVE_INFINITY
  /** How often it was attached to a connection; 0: it cannot be resumed. */
  attachment = 0
  /** What the repository called it; empty before its `joined` is stored. */
  name = ''
  #pace: Pace | undefined
  #present = true
  #typedAt = -TYPING_MS

  constructor(
    readonly id: MemberId,
    readonly roomId: RoomId,
    readonly connection: Connection,
    readonly host: MemberHost,
  ) {}

  /** Whether it is still connected to this node. */
  get present(): boolean {
    return this.#present
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
    if (message === '') return
    this.host.meter.received()
    if (verdict === 'drop') return this.#count('text', 'rate_limited')
    if (verdict === 'tell') return this.#refuse('rate_limited', message)
    const refusal =
      faultOf(message, this.host.maxMessageBytes) ??
      this.host.chat(this, message, undefined, (outcome) => {
        const refused = this.#settled(outcome, 'text')
        if (refused) this.#refuse(refused.code, message)
      })
    if (refusal) this.#refuse(refusal, message)
  }

  /**
   * Takes a text that has a ref: as `post`, but it is kept as it is, and every one is answered as long
   * as the member is there, also when it has gone meanwhile.
   */
  send(ref: string, text: string, answer: (sent: Sent) => void): void {
    this.#take('text', text, answer, (settle) => this.host.chat(this, text, ref, settle))
  }

  /**
   * Takes a change of a message of this member's, under a ref as `send`.
   * @param answer gets the message's id and the seq of its change
   */
  change(ref: string, wish: ChangeWish, answer: (sent: Sent) => void): void {
    const put = (settle: Settle) => this.host.change(this, wish, ref, settle)
    this.#take('command', wish.message, answer, put)
  }

  /** @param text undefined: there is none to be checked */
  #take(
    what: 'text' | 'command',
    text: string | undefined,
    answer: (sent: Sent) => void,
    put: (settle: Settle) => ErrorCode | undefined,
  ): void {
    if (!this.#present) return
    const bytes = utf8Bytes(text ?? '')
    const verdict = this.#judge(bytes)
    if (verdict === 'flood') return this.leave('flood')
    if (what === 'text') this.host.meter.received()
    const refuse = (code: ErrorCode, more: Partial<Refusal> = {}): void =>
      answer({ ...this.#refusal(what, code), ...more })
    if (verdict !== 'pass') {
      const waitMs = this.#pace?.waitMs(bytes, this.host.clock.now()) ?? 0
      return refuse('rate_limited', { waitMs })
    }
    if (text === '') return refuse('invalid', { reason: EMPTY })
    const refusal =
      faultOf(text ?? '', this.host.maxMessageBytes) ??
      put((outcome) => {
        const refused = this.#settled(outcome, what)
        if (refused) refuse(refused.code, refused.more)
        else if ('message' in outcome) answer({ id: outcome.message.id, seq: outcome.message.seq })
        else if ('change' in outcome) answer({ id: outcome.change.id, seq: outcome.change.seq })
      })
    if (refusal) refuse(refusal)
  }

  /** The member is typing. */
  typing(): void {
    const now = this.host.clock.now()
    if (!this.#present || now - this.#typedAt < TYPING_MS) return
    this.#typedAt = now
    this.host.typing(this)
  }

  /**
   * Writes wire bytes, or lets the member go if it would have too much unsent.
   * @returns whether they were written
   */
  deliver(bytes: Uint8Array): boolean {
    if (!this.#present || bytes.length === 0) return false
    if (this.connection.unsent + bytes.length > MAX_UNSENT_BYTES) {
      this.tooSlow()
      return false
    }
    const written = this.connection.write(bytes)
    if (this.connection.unsent > 0) this.host.slowReaders.watch(this)
    return written
  }

  tooSlow(): void {
    this.leave('slow')
  }

  /** The connection is lost or has to end: `left` follows, or it is detached if it can be resumed. */
  leave(reason?: CloseReason): void {
    this.#end(reason, 'lost')
  }

  /** It leaves of its own will: `left` follows, also if it could be resumed. */
  quit(): void {
    this.#end(undefined, 'left')
  }

  /** Ends the connection of a member whose row is not this node's to remove, or gone with its room. */
  remove(reason: CloseReason): void {
    this.#end(reason, 'removed')
  }

  #end(reason: CloseReason | undefined, departure: Departure): void {
    if (!this.#present) return
    this.#present = false
    this.host.slowReaders.forget(this)
    if (reason) this.connection.close(reason)
    this.host.gone(this, departure)
  }

  #judge(bytes: number): Verdict {
    const { rates, clock } = this.host
    if (!rates) return 'pass'
    this.#pace ??= new Pace(rates, clock.now())
    return this.#pace.judge(bytes, clock.now())
  }

  /** @returns a refusal that the sender has to be told */
  #settled(outcome: Outcome, what: 'text' | 'command'): Unstored | undefined {
    if ('message' in outcome || 'change' in outcome) return undefined
    if ('failed' in outcome) return { code: outcome.failed }
    const { rejected } = outcome
    if (rejected === 'storage_full') return { code: 'overloaded' }
    if (rejected === 'too_soon') {
      return { code: 'rate_limited', more: { waitMs: outcome.waitMs } }
    }
    if (rejected === 'message_gone') return { code: 'not_found', more: { reason: NO_MESSAGE } }
    if (rejected === 'not_yours') return { code: 'forbidden', more: { reason: NOT_YOURS } }
    this.#count(what, rejected === 'room_gone' ? 'not_found' : 'draining')
    if (rejected === 'room_gone') this.remove('room_gone')
    else this.host.disowned(this, 'lease_lost')
    return undefined
  }

  #refuse(code: ErrorCode, message: string): void {
    const { reason } = this.#refusal('text', code)
    if (!this.#present) return
    this.connection.refuse(code, this.host.failedMessage(this, `${reason} "${excerpt(message)}"`))
  }

  #refusal(what: 'text' | 'command', refused: ErrorCode): Refusal {
    this.#count(what, refused)
    return { refused, reason: REFUSALS[refused] ?? BUG }
  }

  #count(what: 'text' | 'command', refused: ErrorCode): void {
    this.host.meter.refused(what, refused)
  }
}
