import type { Append } from '../ports/append.ts'
import type { Clock } from '../ports/clock.ts'
import type { CloseReason } from '../ports/connection.ts'
import type { Ids } from '../ports/ids.ts'
import type { Meter } from '../ports/meter.ts'
import type { MemberId, MemberPlace, Message } from '../ports/model.ts'
import type { StoredMember } from '../ports/repository.ts'
import type { Attachments } from './attachments.ts'
import { changeOf, type ChangeWish } from './changes.ts'
import type { Delivery } from './delivery.ts'
import { Disowned } from './disowned.ts'
import type { Departure, Member, MemberHost } from './member.ts'
import type { NotTaken, Outbox, Outcome } from './outbox.ts'
import type { MemberRates } from './pace.ts'
import type { Reaper } from './reaper.ts'
import { SlowReaders } from './slow-readers.ts'

export interface MembersParts {
  readonly clock: Clock
  readonly ids: Pick<Ids, 'messageId' | 'messageIdOf'>
  readonly meter: Meter
  readonly maxMessageBytes: number
  readonly rates: MemberRates | undefined
  readonly outbox: Pick<Outbox, 'add'>
  readonly delivery: Delivery
  readonly attachments: Attachments
  readonly reaper: Pick<Reaper, 'hurry'>
  /** See Controller.post. */
  readonly post: (entry: Append, settle: (outcome: Outcome) => void) => NotTaken | undefined
}

/** The members of this node: takes what they say, and sees to it that each that goes has its end. */
export class Members implements MemberHost {
  readonly slowReaders: SlowReaders
  readonly maxMessageBytes: number
  readonly rates: MemberRates | undefined
  readonly clock: Clock
  readonly meter: Meter
  /** With a connection here, a join under way, or a `left` that is not stored yet; not those that are attachments. */
  readonly known = new Set<MemberId>()
  readonly #parts: MembersParts
  readonly #disowned: Disowned

  constructor(parts: MembersParts) {
    this.slowReaders = new SlowReaders(parts.clock)
    this.maxMessageBytes = parts.maxMessageBytes
    this.rates = parts.rates
    this.clock = parts.clock
    this.meter = parts.meter
    this.#parts = parts
    this.#disowned = new Disowned(parts)
  }

  chat(
    { id: memberId, roomId }: Member,
    message: string,
    ref: string | undefined,
    settle: (outcome: Outcome) => void,
  ): NotTaken | undefined {
    const { ids, post } = this.#parts
    const messageId = ref === undefined ? ids.messageId() : ids.messageIdOf(memberId, ref)
    return post({ type: 'chat', roomId, memberId, messageId, message }, settle)
  }

  change(
    { id, roomId }: Member,
    wish: ChangeWish,
    ref: string,
    settle: (outcome: Outcome) => void,
  ): NotTaken | undefined {
    const { ids, post } = this.#parts
    return post(changeOf(roomId, id, ids.messageIdOf(id, ref), wish), settle)
  }

  typing({ id, name, roomId }: Member): void {
    this.#parts.delivery.typing(roomId, { id, name })
  }

  failedMessage(member: Member, text: string): Message {
    return {
      id: this.#parts.ids.messageId(),
      roomId: member.roomId,
      memberId: member.id,
      memberName: member.name,
      type: 'failed',
      message: text,
      sent: this.clock.wallTime(),
    }
  }

  disowned(member: Member, reason: CloseReason): void {
    this.#disowned.add(member, reason)
  }

  gone(member: Member, departure: Departure): void {
    const { delivery, attachments } = this.#parts
    const { id: memberId, roomId, attachment } = member
    const room = delivery.rooms.byId.get(roomId)
    room?.members.delete(member)
    attachments.forget(member)
    if (departure === 'removed') this.known.delete(memberId)
    else if (departure === 'lost' && attachment > 0) attachments.detach({ memberId, attachment })
    else this.storeLeft({ memberId, roomId })
    if (room) delivery.rooms.closeIfEmpty(room)
  }

  /** Appends a `left`, for as long as it takes. */
  storeLeft({ memberId, roomId }: MemberPlace): void {
    const { outbox, ids } = this.#parts
    this.known.add(memberId)
    outbox.add({ type: 'left', roomId, memberId, messageId: ids.messageId() }, () =>
      this.known.delete(memberId),
    )
  }

  /** See ReaperParts.compareRows. */
  compareRows(): (stored: readonly StoredMember[]) => void {
    const { attachments } = this.#parts
    const { connected } = attachments
    return (stored) => {
      for (const row of stored) this.#judge(row)
      attachments.compare(connected, stored)
    }
  }

  stop(): void {
    this.slowReaders.stop()
  }

  /**
   * A row of this node that nobody stands behind is not left there. Only rows that were read before
   * are judged, and a member that is resumed meanwhile has another attachment, so a stray stays one.
   */
  #judge(row: StoredMember): void {
    const { attachments } = this.#parts
    if (this.known.has(row.memberId) || attachments.isKnown(row)) return
    if (row.resumable) attachments.detach(row)
    else this.storeLeft(row)
  }
}
