import type { Append, Appended } from './append.ts'
import type {
  AddressMark,
  LoggedMessage,
  LogRow,
  MemberId,
  MemberPlace,
  MemberRef,
  MessageId,
  NodeId,
  OwnerHash,
  ResumeHash,
  Room,
  RoomId,
  RoomSettings,
  Seq,
} from './model.ts'

/**
 * The truth about rooms, their members and the nodes that hold them, and the order of every room's log.
 * Rules R1–R37, R40, R41 and R44–R49 in docs/contracts.md.
 *
 * Every promise settles within a few seconds. It rejects with a RoomError: `unavailable` when
 * nothing was stored for certain, `unknown` when the reply is missing and the work may have been
 * done, `internal` for a bug. Each method is one atomic step unless it says otherwise.
 */
export interface Repository {
  /**
   * Stores a new room with an empty log.
   * Rejects with `invalid` when a room with this id exists; that room is untouched. Rejects with
   * `overloaded` when there is no space for more.
   */
  createRoom(room: NewRoom): Promise<void>

  /** The room and who is in it, by the order of joining; undefined when there is no such room. */
  findRoom(roomId: RoomId): Promise<RoomWithMembers | undefined>

  /**
   * What is known of a room; undefined when there is no such room.
   * @param ttls by which rooms end on the caller's node
   */
  roomInfo(roomId: RoomId, ttls: RoomTtls): Promise<RoomInfo | undefined>

  /**
   * Who was in a room when its log had come to a seq, by what is stored now: in no order, and of more
   * than `limit` any so many. Undefined when there is no such room.
   * @param seq the room's last seq, or one that was the last not long ago: all after it is looked at
   */
  rosterAt(roomId: RoomId, seq: Seq, limit: number): Promise<Roster | undefined>

  /**
   * Appends to the logs of one or many rooms: all of it or, when it rejects, nothing (but see
   * `unknown`). Resolves after commit, with one result per entry in the order of the entries.
   *
   * Per room, entries take consecutive seqs in their order here; a rejected entry takes none.
   * An entry whose message id is stored already, or came earlier in this call, is not stored again:
   * its result is that of the first. So a call that ended `unknown` is safe to repeat.
   * Calls for the same room that overlap are serialised; commit order is seq order.
   *
   * @param nodeId the caller; once that node is marked gone all its entries are `member_gone`
   * @param entries at most a few thousand, of at most a few MiB
   */
  append(nodeId: NodeId, entries: readonly Append[]): Promise<readonly Appended[]>

  /**
   * A page of a room's messages as they are now, oldest first, without changes and, unless the range
   * says otherwise, without those that were deleted; and the room's last seq at the same moment.
   * @returns undefined when there is no such room; `cursor_unknown` when the range names a
   * message that is not in this room
   */
  read(roomId: RoomId, range: Range): Promise<Page | 'cursor_unknown' | undefined>

  /**
   * A page of a room's log, every row, oldest first, and the room's last seq at the same moment.
   * @returns undefined when there is no such room
   */
  readLog(roomId: RoomId, range: LogRange): Promise<LogPage | undefined>

  /**
   * Compares what the caller has seen with the logs, many rooms in one step.
   * @param seen per room the last seq that the caller knows to be stored; at most 500
   * @returns only the rooms that differ: their last seq, or undefined when the room is gone
   */
  lastSeqs(seen: readonly SeenSeq[]): Promise<readonly LastSeq[]>

  /**
   * Attaches the member of a room that has this resume hash to a node, wherever it was attached
   * before, or if it is detached for less than `resumeMs`. However many call at once, each gets
   * another attachment, and the member is where the highest one is.
   * @param address where it is connected from now, if that is known
   * @returns undefined when there is no such member, or it is too late, or the node is gone
   */
  resume(
    nodeId: NodeId,
    roomId: RoomId,
    resumeHash: ResumeHash,
    resumeMs: number,
    address?: AddressMark,
  ): Promise<Resumed | undefined>

  /** The member of a room that has this resume hash, attached or detached; undefined: there is none. */
  findMember(roomId: RoomId, resumeHash: ResumeHash): Promise<MemberId | undefined>

  /**
   * Detaches members whose connection is lost. An attachment that was replaced, or is there no more,
   * is passed over.
   * @param attachments at most a few hundred
   */
  detach(attachments: readonly Attachment[]): Promise<void>

  /** The members that are stored as attached to a node. */
  membersOf(nodeId: NodeId): Promise<readonly StoredMember[]>

  /**
   * Takes or renews this node's lease, by the repository's clock.
   * @param leaseMs how long from now the node counts as alive
   * @param kind `take` stores the lease if it is not there, for a node id never held before;
   * `renew` only prolongs one that is
   * @returns false when the node is marked gone, or to be renewed but missing: for ever then, and
   * its members are or will be removed
   */
  holdLease(nodeId: NodeId, leaseMs: number, kind: 'take' | 'renew'): Promise<boolean>

  /**
   * Marks a node gone, for ever, and then removes some of its members, appending `left` for each;
   * those that can be resumed are detached instead. The mark is stored before any `left`. However
   * many call this at once, a member that is removed gets one `left`. Not atomic as a whole: whoever
   * calls next goes on where this ended.
   *
   * @param whom a node's own id (it is done), or `lapsed`: any node whose lease ran out, or whose
   * members are there without a lease, and then also members that are detached for `resumeMs` or
   * longer. Within `leaseMs` of the repository's own start nobody counts as lapsed: its nodes have
   * had no chance to renew
   * @param times how long a lease lasts, and how long a detached member stays
   * @param limit the most members to remove
   * @returns the `left` messages, by room in seq order; fewer than `limit` when nothing more is to do
   */
  reap(whom: NodeId | 'lapsed', times: ReapTimes, limit: number): Promise<readonly LoggedMessage[]>

  /**
   * One step of going through all rooms and removing those whose time is over: with nobody in them,
   * as long after their last log entry, or without any entry after their creation, as `ttls` or the
   * room itself says, whichever is less, by the repository's clock. From one moment on such a room does not exist for anyone, also for
   * an append that waited; its log goes afterwards, a bounded part per step. Not atomic as a whole:
   * whoever calls next goes on where this ended, and any number may call at once.
   *
   * @returns how many rooms ended in this step, and whether there is more to do now for this caller
   */
  expireRooms(ttls: RoomTtls): Promise<Expired>

  /**
   * A secret of 128 random bits or more that was made with the repository, the same for all nodes. What
   * is hashed with it can be compared, and tells little to one who has the hash alone.
   */
  addressKey(): Promise<string>

  /** Resolves when the repository can take appends now. */
  ping(): Promise<void>
}

/** A room to be: what is not said is empty, none, or no. */
export interface NewRoom
  extends Room, Partial<Pick<RoomSettings, 'topic' | 'capacity' | 'public'>> {
  /** How long it lives without members, in milliseconds. */
  readonly ttlMs?: number
  readonly ownerHash?: OwnerHash
}

export interface RoomInfo extends RoomSettings {
  readonly id: RoomId
  /** Messages that anybody can read. */
  readonly messageCount: number
  /** Detached ones included. */
  readonly memberCount: number
  /** Milliseconds since the Unix epoch, by the repository's clock. */
  readonly created: number
  /** As `created`, if nobody joins until then; undefined while it has members. */
  readonly expires: number | undefined
}

export interface RoomTtls {
  /** Milliseconds after the last log entry. */
  readonly roomTtlMs: number
  /** Milliseconds after the creation of a room that nobody ever joined. */
  readonly unusedRoomTtlMs: number
}

export interface Expired {
  readonly rooms: number
  readonly more: boolean
}

export interface RoomWithMembers extends Room {
  readonly members: readonly MemberRef[]
}

/** A member's connection to a node, as a number that rises with every resume. */
export interface Attachment {
  readonly memberId: MemberId
  readonly attachment: number
}

export interface StoredMember extends MemberPlace, Attachment {
  /** It is detached when its connection is lost. */
  readonly resumable: boolean
}

export interface Resumed extends Attachment {
  readonly memberName: string
  /** The room's last seq at the same moment. */
  readonly lastSeq: Seq
}

export interface Roster {
  readonly settings: RoomSettings
  readonly members: readonly MemberRef[]
  readonly memberCount: number
}

export interface ReapTimes {
  readonly leaseMs: number
  readonly resumeMs: number
}

/**
 * Which part of a log: after or before a place (a seq, or a message of this room), exclusive.
 * `after` reads the first `limit` rows behind it, `before` the last `limit` rows ahead of it,
 * `newest` the last of all. Each answers oldest first.
 */
export type Range = {
  readonly limit: number
  /** Messages that were deleted are there too, without their texts. */
  readonly deleted?: true
} & (
  | {
      readonly after: Seq | MessageId
      /** End the page early, but never before its first row, when its texts pass this many bytes. */
      readonly maxBytes?: number
    }
  | { readonly before: Seq | MessageId }
  | { readonly newest: true }
)

export interface Page {
  readonly messages: readonly LoggedMessage[]
  readonly lastSeq: Seq
  /** Whether there are such messages before the first one here, and after the last; false without one. */
  readonly older: boolean
  readonly newer: boolean
}

/** The first `limit` rows behind a place, fewer if their texts would pass `maxBytes`, but always one. */
export interface LogRange {
  readonly after: Seq
  readonly limit: number
  readonly maxBytes: number
}

export interface LogPage {
  readonly rows: readonly LogRow[]
  readonly lastSeq: Seq
}

export interface SeenSeq {
  readonly roomId: RoomId
  readonly seq: Seq
}

export interface LastSeq {
  readonly roomId: RoomId
  readonly seq: Seq | undefined
}
