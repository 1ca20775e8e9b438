/** The nouns that domain and adapters share. Behaviour lives in the domain. */

/** A version 4 UUID in lower case. Whoever holds it may join the room, so it stays out of logs. */
export type RoomId = string & { readonly brand: 'RoomId' }
/** A UUID, made by the node that takes the join; never used twice. */
export type MemberId = string & { readonly brand: 'MemberId' }
/** A UUID, made once for a message and kept for every retry of it: the repository stores an id once. */
export type MessageId = string & { readonly brand: 'MessageId' }
/** A UUID, new with every start of a process and after every lost lease; never used twice. */
export type NodeId = string & { readonly brand: 'NodeId' }

/** SHA-256 of the secret with which a member can be resumed, in lower-case hex. */
export type ResumeHash = string & { readonly brand: 'ResumeHash' }

/** Six digits that lead to a room while they last: for people to tell each other. */
export type Code = string & { readonly brand: 'Code' }

/** SHA-256 of the token of a room's owner, in lower-case hex. */
export type OwnerHash = string & { readonly brand: 'OwnerHash' }

/** Stands for a network address in one room: a whole number of 20 bits, which many addresses share. */
export type AddressMark = number & { readonly brand: 'AddressMark' }

/** A place in a room's log: 1, 2, 3 … without holes; 0 is before the first. A safe integer. */
export type Seq = number

export interface Room {
  readonly id: RoomId
  readonly name: string
}

/** What a room's owner may change. */
export interface RoomSettings {
  readonly name: string
  /** One line, or empty for none. */
  readonly topic: string
  /** The most members that it may have; undefined: as many as a node lets in. */
  readonly capacity: number | undefined
  /** It may be listed. */
  readonly public: boolean
  /** Nobody new comes in. */
  readonly locked: boolean
  /** The least time between two texts of a member, in milliseconds; 0: none. */
  readonly slowMs: number
}

/** A member as others see it. */
export interface MemberRef {
  readonly id: MemberId
  readonly name: string
}

export interface MemberPlace {
  readonly memberId: MemberId
  readonly roomId: RoomId
}

export type StoredType = 'chat' | 'joined' | 'left'

/** `failed` goes to the sender of a refused message only and is never stored. */
export type MessageType = StoredType | 'failed'

export interface Message {
  readonly id: MessageId
  readonly roomId: RoomId
  readonly memberId: MemberId
  readonly memberName: string
  readonly type: MessageType
  readonly message: string
  /** Milliseconds since the Unix epoch, by the repository's clock (for `failed`: the node's). */
  readonly sent: number
}

/** A message with its place in its room's log, as it is now. */
export interface LoggedMessage extends Message {
  readonly type: StoredType
  readonly seq: Seq
  /** When its text was last changed, as `sent`. */
  readonly edited?: number
  /** When it was deleted, as `sent`; its text is empty since. */
  readonly deleted?: number
  /** A `left` that was the owner's doing. */
  readonly removed?: true
}

interface ChangeBase {
  readonly roomId: RoomId
  readonly seq: Seq
  /** As a message's. */
  readonly sent: number
}

interface MessageChange extends ChangeBase {
  /** Of the message that it changes. */
  readonly id: MessageId
  readonly target: Seq
}

/** A message got another text. What is told is the text that it has now: none, if it was deleted since. */
export interface LoggedEdit extends MessageChange {
  readonly type: 'edited'
  readonly message: string
}

export interface LoggedDeletion extends MessageChange {
  readonly type: 'deleted'
}

/** The room got other settings. What is told is those that it has now. */
export interface LoggedSettings extends ChangeBase, RoomSettings {
  readonly type: 'settings'
}

/** A row of a log. Every row has a seq; only messages are told to plain members. */
export type LogRow = LoggedMessage | LoggedEdit | LoggedDeletion | LoggedSettings

/**
 * A place in a room's log as it travels within a node.
 * `plain` is the message's plain frame: its JSON text in UTF-8 and a newline. It is empty for a
 * log row that plain members do not see; every row has a seq, not every seq has a plain frame.
 * The bytes are shared: nobody changes them.
 */
export interface Entry {
  readonly seq: Seq
  readonly plain: Uint8Array
  /** Where the plain frame does not say all: what is changed, or a change. */
  readonly row?: LogRow
}

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Whether a text can be a room's id; what cannot needs no look-up. */
export const isRoomId = (text: string): text is RoomId => UUID_V4.test(text)

/** Whether a text can be a member's id. */
export const isMemberId = (text: string): text is MemberId => UUID.test(text)

/** Whether a text can be a message's id. */
export const isMessageId = (text: string): text is MessageId => UUID.test(text)

/** Whether a text can be a code. */
export const isCode = (text: string): text is Code => /^[0-9]{6}$/.test(text)
