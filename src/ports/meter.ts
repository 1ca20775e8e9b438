import type { CloseReason } from './connection.ts'
import type { ErrorCode } from './errors.ts'
import type { Entry, LoggedMessage } from './model.ts'

/**
 * What this node does, told to whoever counts it. What it is at a moment is read from
 * its parts instead: see DomainGauges. No call throws or waits, and each costs next to nothing: none is made
 * per member that a message goes to.
 */
export interface Meter {
  /** A text came from a member. It ends up stored, or refused as `text`. */
  received(): void
  /** This node stored these; a text that was sent again under its ref is confirmed, and told, again. */
  stored(messages: readonly LoggedMessage[]): void
  /** An entry was handed to the connections of so many members. */
  delivered(way: DeliveryWay, plain: Entry['plain'], members: number): void
  /** Something that was asked for was not done, with the code that is told. */
  refused(what: Refused, code: RefusalCode): void
  /**
   * A WebSocket ended.
   * @param code that of the close frame: what was sent, or else what came; 1006 without any
   */
  closed(how: ConnectionEnd, code: number): void

  /** The repository answered an append of so many entries, after so many milliseconds. */
  appended(entries: number, ms: number): void
  /** An append failed; its entries are tried again or given up. */
  appendFailed(code: ErrorCode): void
  /** Something was given to the queue. */
  published(): void
  /** The queue did not confirm it. */
  publishFailed(): void

  /** Messages of a room did not come in time: they are read. */
  gapFound(): void
  /** So many messages came by that. */
  gapRepaired(messages: number): void

  /** A room was made. */
  roomCreated(): void
  /** Rooms came to their end. */
  roomsExpired(rooms: number): void
  /** A member was resumed on this node. */
  resumed(): void
  /** Members of a node that is gone were removed by this one; or its own, at its drain. */
  reaped(members: number): void
  /** This node was taken for dead. */
  leaseLost(): void
  /** A history was not sent to its end. */
  historyCut(why: HistoryCut): void
}

/** As it comes, or read for a member from before it was there. */
export type DeliveryWay = 'live' | 'replay'

/** What can be refused: a member's text, a join, a new room, another command, another request. */
export type Refused = 'text' | 'join' | 'room' | 'command' | 'request'

export type RefusalCode = ErrorCode | 'not_joined'

/**
 * How a WebSocket can end: for a reason of this node's; by a close frame of its peer's; because of
 * what the peer sent; because nothing came from it; or without a word.
 */
export type ConnectionEnd = CloseReason | 'client' | 'protocol' | 'silent' | 'lost'

/** The reader took nothing for too long, or the log could not be read on. */
export type HistoryCut = 'stalled' | 'failed'

/** What the domain is at a moment. */
export interface DomainGauges {
  /** Open on this node: with members here, or a join under way. */
  readonly rooms: number
  /** Connected to this node. */
  readonly members: number
  /** Waiting or on their way to the repository. */
  readonly outboxEntries: number
  /** Milliseconds since this node's lease was last taken or renewed. */
  readonly leaseAgeMs: number
  /** Milliseconds since all open rooms were last compared with the repository. */
  readonly sweepLagMs: number
  /** How much of a drain's members are closed, from 0 (also when there is no drain) to 1. */
  readonly drained: number
}

/** Counts nothing. */
export const noMeter: Meter = {
  received() {},
  stored() {},
  delivered() {},
  refused() {},
  closed() {},
  appended() {},
  appendFailed() {},
  published() {},
  publishFailed() {},
  gapFound() {},
  gapRepaired() {},
  roomCreated() {},
  roomsExpired() {},
  resumed() {},
  reaped() {},
  leaseLost() {},
  historyCut() {},
}
