import type { MemberId, MessageId, NodeId, RoomId } from './model.ts'

/** Everything random that has a name. Ids come from a cryptographic source. */
export interface Ids {
  roomId(): RoomId
  memberId(): MemberId
  messageId(): MessageId
  nodeId(): NodeId
  /** Title Case words, such as "Imperfect Seat". Not unique. */
  roomName(): string
  /** Title Case words, such as "Silver Otter". Not unique. */
  memberName(): string
  /** A number from 0 up to but not including 1, for jitter. */
  random(): number
}
