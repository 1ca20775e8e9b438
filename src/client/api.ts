import type {
  DeletedEvent,
  EditedEvent,
  FailedCode,
  LoggedMessage,
  MemberRef,
  SettingsEvent,
} from '../protocol/events.ts'

/** A message of a room's log, with its place in it. */
export type Message = LoggedMessage

/**
 * What is known of the connection: `live`, the node has answered; `connecting`, it is asked;
 * `offline`, there is none, and the next try waits for its time or, without a room, for a join.
 */
export type ClientState = 'connecting' | 'live' | 'offline'

/**
 * What is known of a room: `live`, everything up to a moment ago has come; `catching up`, you are in
 * it and what you missed comes in; `connecting` and `offline`, as of the connection; `over`, this
 * Room has come to its end.
 */
export type RoomState = ClientState | 'catching up' | 'over'

/** The protocol's codes, and two ways for a membership to end for good. */
export type Code = FailedCode | 'replaced' | 'removed'

/** The part of the browser's WebSocket that is used; `ws` has it too. */
export interface Socket {
  readonly readyState: number
  onmessage: unknown
  onclose: unknown
  onerror: unknown
  send(text: string): void
  close(code?: number, reason?: string): void
  /** Ends a connection that is dead without waiting for it. Browsers have no such thing. */
  terminate?(): void
}

export type SocketClass = new (url: string, protocol: string) => Socket

export interface ConnectOptions {
  /** Where there is no global one, as in Node before 22: that of the package `ws`, for instance. */
  readonly WebSocket?: SocketClass
  /** The global one, unless given. */
  readonly fetch?: typeof globalThis.fetch
}

/** One connection to a server, which comes back by itself, and the rooms that it is in. */
export interface Client {
  readonly state: ClientState
  /** Whether the node has said that it goes away. Until the next try, which waits as it has said. */
  readonly isRestarting: boolean

  /** @throws ShareChatError; `unavailable` when no server answers. Nothing is tried again. */
  createRoom(): Promise<{ readonly roomId: string; readonly roomName: string }>

  /**
   * Becomes a member of a room and stays one, under the same name if it comes back in time, until
   * `leave`, `close`, or the end of the room. Without a connection this waits for one.
   * @throws ShareChatError when trying again makes no sense: `not_found`, `full`, `invalid` (this
   *   client is in that room), `forbidden`, `internal`; `not_joined` when the client was closed
   */
  join(roomId: string, wish?: JoinWish): Promise<Room>

  /** @returns a function that takes the listener off */
  on(what: 'state', listener: (state: ClientState) => void): () => void

  /**
   * Leaves all rooms. Resolves when the connection is closed, after 3 s at the latest; nothing keeps
   * the process or page busy then. Idempotent.
   */
  close(): Promise<void>
}

export interface JoinWish {
  /** The last seq that you hold, 0 for none: what follows it comes. Without it: from your `joined` on. */
  readonly after?: number
  /** `resume` of an earlier Room, to be the same member again; in vain after the node's `RESUME_MS`. */
  readonly resume?: string
}

/** What came to pass with a message, or with the room. `target` is the seq of the message. */
export type Change = EditedEvent | DeletedEvent | SettingsEvent

export interface HistoryRange {
  /** The messages just before this seq. Not together with `after`. */
  readonly before?: number
  /** The messages just after this seq. */
  readonly after?: number
  /** 1 to 1000; 100 unless given. */
  readonly limit?: number
}

/** What a listener is called with. */
export interface RoomEvents {
  /** A message that came, perhaps, was edited or deleted, or the room has other settings. */
  readonly change: Change
  /** The next message of the log: each once, in order, whatever happens to the connection. */
  readonly message: Message
  /** `members` or `memberCount` have changed. */
  readonly members: readonly MemberRef[]
  /** Someone else is typing. */
  readonly typing: MemberRef
  readonly state: RoomState
  /**
   * The log went back, so what you hold of it is void. Everything from this seq on comes now, also
   * out of iterators.
   */
  readonly reset: number
  /** You came back too late to be the same member; this is whom you are now. */
  readonly you: MemberRef
}

/**
 * A room that you are in. To iterate it gives every message from where the join was told to begin,
 * once and in order, over reconnects; every iterator by itself. It ends when you leave, and throws a
 * ShareChatError when the room or your membership ends: `not_found`, `replaced`, `removed`, …
 *
 * A listener gets what comes after it was added: add it in the same turn in which `join` resolved
 * and it misses nothing.
 */
export interface Room extends AsyncIterable<Message> {
  readonly id: string
  readonly name: string
  /** What it is about; empty: nobody has said. */
  readonly topic: string
  /** Whom you are here. Another one after a connection was lost for too long. */
  readonly you: MemberRef
  /** Who is here, as far as known: 200 at most when you came (back), and those who came since. */
  readonly members: readonly MemberRef[]
  /** How many they are, all of them. */
  readonly memberCount: number
  /** Of the last message that came; before the first, what `after` said. */
  readonly seq: number
  /** The secret with which you can be this member again: treat it like a password. */
  readonly resume: string
  readonly state: RoomState

  /**
   * Says something. Without a connection it waits; whatever is not confirmed is sent again, without
   * becoming two messages. Faster than the server's rate, it waits too.
   * @returns when it is stored for good: the id and seq of its message
   * @throws ShareChatError and it is not stored: `invalid` (no text, U+0000, half a surrogate pair),
   *   `too_large`, `overloaded` (256 wait already), `not_joined` (the room is over, or was before it
   *   could be sent). And `unknown`: the room was over before an answer came; perhaps it is stored
   */
  send(text: string): Promise<{ readonly id: string; readonly seq: number }>

  /**
   * A page of the log, oldest first: the newest messages unless told otherwise.
   * @throws ShareChatError; `unavailable` when no server answers. Nothing is tried again.
   */
  history(range?: HistoryRange): Promise<readonly Message[]>

  /**
   * As to iterate the room, from elsewhere.
   * @param after the last seq that is not wanted, e.g. `room.seq` for what is new from now on
   */
  messages(after: number): AsyncIterableIterator<Message>

  /** Tells the others that you are typing, every two seconds at most; call it at every key. */
  typing(): void

  /**
   * Ends the membership; the others see your `left` at once, or, if there is no connection now,
   * when the node's `RESUME_MS` is over. Resolves when it is told. Idempotent.
   */
  leave(): Promise<void>

  /** @returns a function that takes the listener off */
  on<What extends keyof RoomEvents>(
    what: What,
    listener: (value: RoomEvents[What]) => void,
  ): () => void
}
