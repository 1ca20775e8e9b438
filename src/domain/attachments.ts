import type { Clock } from '../ports/clock.ts'
import { codeOf } from '../ports/errors.ts'
import type { Ids } from '../ports/ids.ts'
import type { Log } from '../ports/log.ts'
import type { Meter } from '../ports/meter.ts'
import type { AddressMark, MemberId, NodeId, RoomId } from '../ports/model.ts'
import type { Note, Queue } from '../ports/queue.ts'
import type { Attachment, Repository, Resumed, StoredMember } from '../ports/repository.ts'
import type { Member } from './member.ts'
import { pause } from './pause.ts'

/** How many members one call detaches at most. */
const DETACH_MEMBERS = 500
const RETRY_MS = 500

export interface AttachmentsParts {
  readonly repository: Pick<Repository, 'resume' | 'detach'>
  readonly queue: Pick<Queue, 'tell'>
  readonly clock: Clock
  readonly ids: Pick<Ids, 'resumeHash'>
  readonly log: Log
  readonly meter: Meter
  readonly resumeMs: number
  /** The id under which this node attaches now. */
  readonly nodeId: () => NodeId
  /** A member here is said to be attached elsewhere: the rows of this node tell. */
  readonly onDoubt: () => void
  /** The row of a member here is gone, or another node's: see Disowned. */
  readonly onMissing: (member: Member) => void
}

/**
 * The members of this node that can be resumed: which connection each of them is attached to. In the
 * repository the highest attachment of a member counts, so here the newest connection wins too: the
 * others are closed with `replaced`.
 */
export class Attachments {
  readonly #parts: AttachmentsParts
  readonly #connected = new Map<MemberId, Member>()
  /** Lost attachments that the repository has not been told of, or not confirmed. */
  readonly #lost = new Map<MemberId, number>()
  /** Resumes under way, by room: what they attach is not connected yet. */
  readonly #resuming = new Map<RoomId, number>()
  /** Connected members that another node says to have attached. */
  readonly #claimed = new Set<Member>()
  #detaching = false
  #stopped = false

  constructor(parts: AttachmentsParts) {
    this.#parts = parts
  }

  /** How many members are connected, or not yet detached. */
  get size(): number {
    return this.#connected.size + this.#lost.size
  }

  /** Those connected now. */
  get connected(): readonly Member[] {
    return Array.from(this.#connected.values())
  }

  /** Whether somebody stands behind a row of this node's. */
  isKnown({ memberId, roomId }: StoredMember): boolean {
    return this.#connected.has(memberId) || this.#lost.has(memberId) || this.#resuming.has(roomId)
  }

  /**
   * Attaches the member of a room to this node whose secret this is, if there still is one.
   * @param use gets what was attached, and must connect it before it returns
   * @throws RoomError `unavailable`, `unknown` (it may be attached: it is detached as a stray), `internal`
   */
  async resume<T>(
    roomId: RoomId,
    secret: string,
    address: AddressMark | undefined,
    use: (resumed: Resumed | undefined) => T,
  ): Promise<T> {
    const { repository, ids, nodeId, resumeMs } = this.#parts
    this.#resuming.set(roomId, (this.#resuming.get(roomId) ?? 0) + 1)
    try {
      const hash = ids.resumeHash(secret)
      return use(await repository.resume(nodeId(), roomId, hash, resumeMs, address))
    } finally {
      const others = (this.#resuming.get(roomId) ?? 1) - 1
      if (others > 0) this.#resuming.set(roomId, others)
      else this.#resuming.delete(roomId)
    }
  }

  /** A member has a connection here, in place of an earlier one; or of two at once it is the older. */
  connect(member: Member): void {
    const other = this.#connected.get(member.id)
    if (other && other.attachment > member.attachment) return member.remove('replaced')
    this.#connected.set(member.id, member)
    other?.remove('replaced')
    if (member.attachment === 1) return
    const { queue, nodeId, log, meter } = this.#parts
    meter.resumed()
    meter.published()
    const note: Note = { kind: 'resumed', memberId: member.id, attachment: member.attachment }
    void queue.tell(member.roomId, nodeId(), note).catch((error: unknown) => {
      meter.publishFailed()
      log.debug('publish failed', { error })
    })
  }

  /** A member's connection has ended, however that was. */
  forget(member: Member): void {
    if (this.#connected.get(member.id) === member) this.#connected.delete(member.id)
    this.#claimed.delete(member)
  }

  /** Has the repository detach a member, as often as it takes. */
  detach({ memberId, attachment }: Attachment): void {
    this.#lost.set(memberId, attachment)
    if (!this.#detaching) void this.#detachLost()
  }

  /** Another node says that it has resumed a member. */
  heard({ memberId, attachment }: Attachment): void {
    const member = this.#connected.get(memberId)
    if (!member || member.attachment >= attachment) return
    this.#claimed.add(member)
    this.#parts.onDoubt()
  }

  /**
   * Closes the connections of members that are attached elsewhere. A row that is not there may as well be
   * that of a member that was removed, or whose room is over.
   * @param members some that were connected before the rows were read
   * @param stored all rows of this node
   */
  compare(members: readonly Member[], stored: readonly StoredMember[]): void {
    const here = new Map(stored.map(({ memberId, attachment }) => [memberId, attachment]))
    for (const member of members) {
      const attachment = here.get(member.id)
      if (attachment === member.attachment) continue
      if (attachment !== undefined || this.#claimed.has(member)) member.remove('replaced')
      else this.#parts.onMissing(member)
    }
  }

  stop(): void {
    this.#stopped = true
  }

  async #detachLost(): Promise<void> {
    const { repository, clock, log } = this.#parts
    this.#detaching = true
    while (this.#lost.size > 0 && !this.#stopped) {
      const some = Array.from(this.#lost, ([memberId, attachment]) => ({ memberId, attachment }))
      const batch = some.slice(0, DETACH_MEMBERS)
      try {
        await repository.detach(batch)
        this.#settle(batch)
      } catch (error) {
        log.debug('members not detached', { error })
        if (codeOf(error) === 'internal') this.#settle(batch)
        await pause(clock, RETRY_MS)
      }
    }
    this.#detaching = false
  }

  /** A member may have been resumed and lost again meanwhile. */
  #settle(batch: readonly Attachment[]): void {
    for (const { memberId, attachment } of batch) {
      if (this.#lost.get(memberId) === attachment) this.#lost.delete(memberId)
    }
  }
}
