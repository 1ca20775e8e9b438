import type { Entry, MemberRef, NodeId, RoomId } from './model.ts'
import type { Attachment } from './repository.ts'

/**
 * The hint that carries new log entries between nodes. It may lose, repeat, delay and reorder;
 * whoever needs certainty asks the repository. Rules Q1–Q12 in docs/contracts.md.
 */
export interface Queue {
  /**
   * Tells the other nodes. Never throws; resolves when the queue has taken it, rejects with
   * `unavailable` when it cannot be known to have. A rejected publish may still be delivered.
   * @param from the node that appended these entries
   * @param run consecutive entries of one room
   */
  publish(roomId: RoomId, from: NodeId, run: Run): Promise<void>

  /** As publish, for what is not in the log. */
  tell(roomId: RoomId, from: NodeId, note: Note): Promise<void>

  /**
   * Starts listening to a room, at once and until closed, through every outage. Several
   * subscriptions to one room are independent. No handler is called from within this call.
   */
  subscribe(roomId: RoomId, handlers: QueueHandlers): Subscription

  /** Resolves when the queue can carry messages both ways now; rejects with `unavailable`. */
  ping(): Promise<void>
}

/** Entries with seqs `firstSeq`, `firstSeq + 1`, … as plain frames (see Entry); at least one. */
export interface Run {
  readonly firstSeq: number
  readonly frames: readonly Entry['plain'][]
}

/** What nodes tell each other besides. None of it is proven, and none of it is certain to arrive. */
export type Note =
  /** Someone is typing. */
  | { readonly kind: 'typing'; readonly member: MemberRef }
  /** A member is attached to the telling node now. */
  | ({ readonly kind: 'resumed' } & Attachment)
  /** The room is over, or its log has rows that no run tells of. */
  | { readonly kind: 'changed' }

/** Called one at a time, never from within a call of the queue's. They do not throw. */
export interface QueueHandlers {
  /** What a node published, this one included; `run` is well formed, its content is not proven. */
  onRun(from: NodeId, run: Run): void
  onNote(from: NodeId, note: Note): void
  /** Messages may have been missed (a lost connection, a malformed payload): delivery is on again. */
  onInterrupted(): void
}

export interface Subscription {
  /**
   * Resolves once everything published from then on is delivered; stays pending while the queue
   * is down. Never rejects; resolves on close too.
   */
  readonly live: Promise<void>
  /** Idempotent. No handler is called afterwards; the last one for a room frees the channel. */
  close(): void
}
