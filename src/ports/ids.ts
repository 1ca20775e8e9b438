import type {
  AddressMark,
  Code,
  MemberId,
  MessageId,
  NodeId,
  OwnerHash,
  ResumeHash,
  RoomId,
} from './model.ts'

/** Everything random that has a name, and what follows from it. Ids come from a cryptographic source. */
export interface Ids {
  roomId(): RoomId
  /** The id of a room that is known by its name: always the same, and no secret. */
  namedRoomId(name: string): RoomId
  memberId(): MemberId
  messageId(): MessageId
  nodeId(): NodeId
  /** The id of what a member sends under a ref: always the same, and no other member's. */
  messageIdOf(memberId: MemberId, ref: string): MessageId
  /** A secret of 128 random bits or more, of `A-Z a-z 0-9 _ -`. */
  resumeSecret(): string
  /** What may be stored of a secret. */
  resumeHash(secret: string): ResumeHash
  /** A secret as resumeSecret. */
  ownerToken(): string
  /** What may be stored of a token. */
  ownerHash(token: string): OwnerHash
  /** Compares in a time that does not tell where they differ. */
  isSame(one: OwnerHash, other: OwnerHash): boolean
  /** 20 bits of a keyed hash: see Repository.addressKey. */
  addressMark(key: string, roomId: RoomId, address: string): AddressMark
  /** Any of a million, equally likely. */
  code(): Code
  /** Title Case words, such as "Imperfect Seat". Not unique. */
  roomName(): string
  /** Title Case words, such as "Silver Otter". Not unique. */
  memberName(): string
  /** A number from 0 up to but not including 1, for jitter. */
  random(): number
}
