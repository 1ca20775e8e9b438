import type {
  AddressMark,
  LoggedDeletion,
  LoggedEdit,
  Code,
  LoggedMessage,
  LoggedSettings,
  LogRow,
  MemberId,
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

/** So many rows of a log are prepared for search at a time. */
export const SEARCH_SEGMENT = 2_048

/**
 * The truth about rooms, and the order of every room's log. Rules R1–R61 in docs/contracts.md.
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
   * Makes those of these rooms that are not there, gives them all these names and topics, makes them
   * public, and keeps them from expiring for `ms` milliseconds. A room that is just being removed is
   * passed over: call again.
   * @param rooms at most a few thousand
   */
  keepRooms(rooms: readonly NamedRoom[], ms: number): Promise<void>

  /**
   * The first `limit` public rooms by their ids.
   * @param after only those with a higher id than this, which need not be a room's
   */
  publicRooms(after: RoomId | undefined, limit: number): Promise<readonly ListedRoom[]>

  /**
   * Stores a code that leads to a room until it expires or is used up.
   * @returns when it expires, in milliseconds since the Unix epoch; undefined when there is no such
   * room. `taken`: another code has these digits. `room_full`, `full`: there are as many codes of the
   * room, or in all, as there may be
   */
  createCode(
    roomId: RoomId,
    code: Code,
    terms: CodeTerms,
  ): Promise<number | 'taken' | 'room_full' | 'full' | undefined>

  /**
   * Uses a code once. Of all calls on all nodes for codes that are not there, those beyond `guesses` are
   * refused, and then so is every call: nothing was looked up, nothing used.
   * @returns the room; undefined when there is no such code, it is used up, or its room is gone; how
   * many milliseconds until a guess is free
   */
  takeCode(code: Code, guesses: Budget): Promise<Room | { readonly waitMs: number } | undefined>

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
   * The chats of a room that have all these words (see words.ts), of what the range names: at most
   * `limit`, oldest first. Not atomic: what is appended meanwhile may be missing.
   * Rejects with `overloaded`, too, when it would take too long.
   * @param words from wantedWords, at least one
   * @returns undefined and `cursor_unknown` as `read`
   */
  search(
    roomId: RoomId,
    words: readonly string[],
    range: Range,
  ): Promise<readonly LoggedMessage[] | 'cursor_unknown' | undefined>

  /**
   * One step of preparing a room for search, which finds the same without it, but not as fast: takes
   * the words of the next SEARCH_SEGMENT rows of its log once they are there. Not atomic.
   * @returns whether there is more to do now
   */
  indexWords(roomId: RoomId): Promise<boolean>

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

  /**
   * Compares what the caller has seen with the logs, many rooms in one step.
   * @param seen per room the last seq that the caller knows to be stored; at most 500
   * @returns only the rooms that differ: their last seq, or undefined when the room is gone
   */
  lastSeqs(seen: readonly SeenSeq[]): Promise<readonly LastSeq[]>

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

  /** The hash of the token of a room's owner, `none` if it has no owner; undefined: no such room. */
  findOwner(roomId: RoomId): Promise<OwnerHash | 'none' | undefined>

  /**
   * Changes some of a room's settings, and appends that to the log of a room that was ever joined.
   * Settings as they are already change nothing.
   * @param messageId that of the log row
   * @returns undefined when there is no such room
   */
  changeRoom(
    roomId: RoomId,
    messageId: MessageId,
    changes: Partial<RoomSettings>,
  ): Promise<ChangedRoom | undefined>

  /**
   * Ends a room now, whoever is in it: from this moment on it does not exist for anyone, as if it had
   * expired.
   * @returns false when there is no such room
   */
  endRoom(roomId: RoomId): Promise<boolean>

  /**
   * Removes a member and appends its `left`; where it was connected from nobody can join that room for
   * as long as is said.
   * @param messageId that of the `left`
   * @param keepOutMs milliseconds, by the repository's clock
   * @returns undefined when there is no such member
   */
  removeMember(
    place: MemberPlace,
    messageId: MessageId,
    keepOutMs: number,
  ): Promise<LoggedMessage | undefined>

  /**
   * A secret of 128 random bits or more that was made with the repository, the same for all nodes. What
   * is hashed with it can be compared, and tells little to one who has the hash alone.
   */
  addressKey(): Promise<string>

  /** The members that are stored as attached to a node. */
  membersOf(nodeId: NodeId): Promise<readonly StoredMember[]>

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

export interface NamedRoom extends Room {
  readonly topic: string
}

/** A public room as everyone sees it. */
export interface ListedRoom extends NamedRoom {
  readonly memberCount: number
}

export interface CodeTerms {
  readonly ttlMs: number
  /** How often it can be taken; undefined: as often as wanted. */
  readonly uses: number | undefined
  /** The most codes that a room may have, and the most in all, those that are used up included. */
  readonly mostOfRoom: number
  readonly most: number
}

/** So much at once, and in the long run. */
export interface Budget {
  readonly burst: number
  readonly perSecond: number
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

export interface MemberPlace {
  readonly memberId: MemberId
  readonly roomId: RoomId
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

interface AppendBase extends MemberPlace {
  readonly messageId: MessageId
}

/** A message of a member that is in the room and attached to the calling node. */
export interface AppendChat extends AppendBase {
  readonly type: 'chat'
  /** Any well-formed text without U+0000. */
  readonly message: string
}

/**
 * Makes a member and appends its `joined`. It gets the first of `names` that no member of the room
 * has, whatever the case; if all are taken, the first name and a number.
 */
export interface AppendJoined extends AppendBase {
  readonly type: 'joined'
  readonly names: readonly [string, string, string]
  /** The most members that the room may have after this; one more is `room_full`. */
  readonly maxMembers: number
  /** The member can be resumed with what this is the hash of. Its first attachment is 1. */
  readonly resumeHash?: ResumeHash
  /** Where it is connected from, if that is known; `kept_out` if nobody from there may join now. */
  readonly address?: AddressMark
}

/**
 * Removes a member and appends its `left`; `member_gone` when it is not there (any more), or can be
 * resumed and is attached to another node.
 */
export interface AppendLeft extends AppendBase {
  readonly type: 'left'
}

interface AppendChange {
  readonly roomId: RoomId
  /** Of the change itself. */
  readonly messageId: MessageId
  /** The message to be changed: a chat of this room. */
  readonly target: MessageId
}

/** Gives a message another text; only the member that wrote it, as long as it is one, may. */
export interface AppendEdit extends AppendChange {
  readonly type: 'edited'
  readonly memberId: MemberId
  /** As of AppendChat. */
  readonly message: string
}

/**
 * Empties a message's text; who wrote it may, as with AppendEdit, and the room's owner. To delete one
 * that is deleted is what the first did: it takes no seq.
 */
export interface AppendDeletion extends AppendChange {
  readonly type: 'deleted'
  /** Undefined: the room's owner does it. */
  readonly memberId: MemberId | undefined
}

export type Append = AppendChat | AppendJoined | AppendLeft | AppendEdit | AppendDeletion

export type Rejection =
  | 'room_gone'
  | 'member_gone'
  | 'room_full'
  /** A join: the room takes nobody in. */
  | 'room_locked'
  /** A join: see AppendJoined.address. */
  | 'kept_out'
  /** There is no such message, or it is deleted. */
  | 'message_gone'
  /** Someone else wrote the message. */
  | 'not_yours'
  /** What the repository has no space for; a `left` always has it. */
  | 'storage_full'

/** What is stored has everything, the name and the time that the repository gave included. */
export type Appended =
  { readonly message: LoggedMessage } | { readonly change: LoggedEdit | LoggedDeletion } | Rejected

export type Rejected =
  | { readonly rejected: Rejection }
  /** A chat in a room with slow mode, and in how many milliseconds it may be sent. */
  | { readonly rejected: 'too_soon'; readonly waitMs: number }

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

export interface ChangedRoom {
  readonly settings: RoomSettings
  /** The row of the log, if there is one for this call. */
  readonly row: LoggedSettings | undefined
}

export interface SeenSeq {
  readonly roomId: RoomId
  readonly seq: Seq
}

export interface LastSeq {
  readonly roomId: RoomId
  readonly seq: Seq | undefined
}
