import type {
  AddressMark,
  LoggedDeletion,
  LoggedEdit,
  LoggedMessage,
  MemberId,
  MemberPlace,
  MessageId,
  ResumeHash,
  RoomId,
} from './model.ts'

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
