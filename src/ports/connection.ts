import type { ErrorCode } from './errors.ts'
import type { Entry, MemberRef, Message, RoomId } from './model.ts'

/** Unsent bytes beyond which a reader counts as slow, the next write included. */
export const MAX_UNSENT_BYTES = 1 << 20

/**
 * One member's end of a socket, as the domain sees it. Members of several rooms may share a socket;
 * then `unsent` and `written` are the socket's. Rules C1–C9 in docs/contracts.md.
 * No method throws or waits; all of them do nothing after `close`.
 */
export interface Connection {
  /** The same object for all connections that want the same bytes: encoded once, written to all. */
  readonly dialect: Dialect
  /** Bytes that were written and have not left this process. */
  readonly unsent: number
  /** Bytes that were written in all. */
  readonly written: number
  /**
   * Writes wire bytes that this connection's dialect encoded. The bytes are shared: read only.
   * @returns false when they were dropped, because the connection has begun to close
   */
  write(bytes: Uint8Array): boolean
  /**
   * Tells this client alone that a message of its own was not taken.
   * @param failed the refusal as a message of type `failed`
   */
  refuse(code: ErrorCode, failed: Message): void
  /** Ends the connection with the reason's code; the peer has two seconds to answer. */
  close(reason: CloseReason): void
}

export interface Dialect {
  /** The wire bytes of consecutive entries, in order, as whole frames. */
  encode(entries: readonly Entry[]): Encoded
  /** The wire bytes that say that a member is typing; none where there is no such thing. */
  encodeTyping(roomId: RoomId, member: MemberRef): Uint8Array
}

export interface Encoded {
  readonly bytes: Uint8Array
  /** Where the frames of each entry begin in `bytes`, in the order of the entries. */
  readonly offsets: readonly number[]
}

/** Turns a message into its plain frame (see Entry). The domain gets this as a function. */
export type EncodeMessage = (message: Message) => Entry['plain']

export type CloseReason =
  /** A bug of ours. */
  | 'internal'
  /** This node goes away. */
  | 'drain'
  /** This node was taken for dead and its members were removed. */
  | 'lease_lost'
  /** The repository went back behind what was delivered. */
  | 'log_reset'
  /** The client does not read. */
  | 'slow'
  /** The client sends faster than it may, and went on when it was told. */
  | 'flood'
  /** The room is no more; do not come back. */
  | 'room_gone'
  /** The member is attached to another connection now. */
  | 'replaced'
