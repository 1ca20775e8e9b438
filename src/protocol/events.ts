/** What a node says to a connection, one of these per text frame. */
export type Event =
  | WelcomeEvent
  | RoomEvent
  | MessageEvent
  | EditedEvent
  | DeletedEvent
  | SettingsEvent
  | AckEvent
  | FailedEvent
  | TypingEvent
  | ResetEvent
  | GoAwayEvent

/** The first event of every connection. */
export interface WelcomeEvent {
  readonly event: 'welcome'
  readonly limits: Limits
}

export interface Limits {
  /** Of a text, in UTF-8. */
  readonly maxMessageBytes: number
  /** Of this connection at the same time. */
  readonly maxRooms: number
  /** How long a member without a connection can be resumed, in milliseconds. */
  readonly resumeMs: number
  /** How many texts a member may send; absent: any number. */
  readonly messageRate?: Rate
  /** How many bytes of UTF-8 these may have. */
  readonly messageBytesRate?: Rate
}

/** `perSecond` in the long run, `burst` at once. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/**
 * The answer to a `join` that was taken. It comes before everything else of its room. Settings that are not
 * there are empty, none or no.
 */
export interface RoomEvent extends Partial<RoomSettings> {
  readonly event: 'room'
  readonly roomId: string
  readonly roomName: string
  /** Whom this connection is in this room. */
  readonly you: MemberRef
  /** Who was in the room when its log had come to `seq`, this member included; 200 at most. */
  readonly members: readonly MemberRef[]
  readonly memberCount: number
  /** Of this member's own `joined`; of a resumed member the room's last. */
  readonly seq: number
  /** The secret with which this member can be resumed. */
  readonly resume: string
}

/** What the owner of a room can change. */
export interface RoomSettings {
  readonly roomName: string
  /** Empty: none. */
  readonly topic: string
  /** The most members; null: as many as a node lets in. */
  readonly capacity: number | null
  /** Nobody new comes in. */
  readonly locked: boolean
  readonly public: boolean
  /** The least time between two texts of a member, in seconds; 0: none. */
  readonly slowMode: number
}

export interface MemberRef {
  readonly id: string
  readonly name: string
}

/** A message of a room's log, live or replayed, in the order of the log. */
export interface MessageEvent extends LoggedMessage {
  readonly event: 'message'
}

/** A message with its place in the log; an element of the history. */
export interface LoggedMessage {
  readonly seq: number
  readonly id: string
  readonly roomId: string
  readonly memberId: string
  readonly memberName: string
  readonly type: 'chat' | 'joined' | 'left'
  readonly message: string
  /** ISO 8601, UTC, with milliseconds. */
  readonly sent: string
  /** When its text was last changed, as `sent`; absent: never. */
  readonly edited?: string
  /** When it was deleted, as `sent`; its text is empty then. */
  readonly deleted?: string
}

/** A message got another text. A change has a place of its own in the log. */
export interface EditedEvent {
  readonly event: 'edited'
  readonly seq: number
  readonly roomId: string
  /** Of the message. */
  readonly id: string
  /** Its seq. */
  readonly target: number
  readonly message: string
  readonly edited: string
}

/** A message was deleted. */
export interface DeletedEvent {
  readonly event: 'deleted'
  readonly seq: number
  readonly roomId: string
  readonly id: string
  readonly target: number
  readonly deleted: string
}

/** The room got other settings. */
export interface SettingsEvent extends RoomSettings {
  readonly event: 'settings'
  readonly seq: number
  readonly roomId: string
}

/** A `send`, `edit` or `delete` is stored: the message's id, and the seq of what the log has of it now. */
export interface AckEvent {
  readonly event: 'ack'
  readonly roomId: string
  readonly ref: string
  readonly id: string
  readonly seq: number
}

/** A command was not taken or, without a `ref`, the membership in `roomId` is over. */
export interface FailedEvent {
  readonly event: 'failed'
  readonly roomId?: string
  readonly ref?: string
  readonly code: FailedCode
  /** One short sentence for a person. */
  readonly message: string
  /** When it is worth another try, in milliseconds; absent: it is not. */
  readonly retryAfterMs?: number
}

/** The codes of HTTP's refusals and `not_joined`. */
export type FailedCode =
  | 'invalid'
  | 'forbidden'
  | 'not_found'
  | 'not_joined'
  | 'full'
  | 'too_large'
  | 'rate_limited'
  | 'overloaded'
  | 'unavailable'
  | 'draining'
  | 'unknown'
  | 'internal'

/** Someone else is typing. */
export interface TypingEvent {
  readonly event: 'typing'
  readonly roomId: string
  readonly memberId: string
  readonly memberName: string
}

/** What was held of this room's log is not part of it any more: everything from `from` on follows. */
export interface ResetEvent {
  readonly event: 'reset'
  readonly roomId: string
  readonly from: number
}

/** This node goes away; a close frame with 1012 follows. */
export interface GoAwayEvent {
  readonly event: 'goaway'
  readonly reconnectAfterMs: number
}
