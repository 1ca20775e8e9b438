import { createHash, createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { adjectives, animals } from 'unique-names-generator'
import { v4, v5 } from 'uuid'
import type { Ids } from '../../ports/ids.ts'
import type {
  AddressMark,
  Code,
  MemberId,
  MessageId,
  NodeId,
  OwnerHash,
  ResumeHash,
  RoomId,
} from '../../ports/model.ts'
import { NOUNS } from './nouns.ts'
import { TASTELESS } from './tasteless.ts'

const SECRET_BYTES = 24
const MARK_BITS = 20

const tasteful = (words: readonly string[]) => words.filter((word) => !TASTELESS.has(word))
const titled = (words: readonly string[]) =>
  words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))

const ADJECTIVES = tasteful(adjectives)
/** A name is one word of each list, in title case. */
export const ROOM_WORDS: string[][] = [ADJECTIVES, [...NOUNS]]
export const MEMBER_WORDS: string[][] = [ADJECTIVES, tasteful(animals)]

const ROOM_TITLES = ROOM_WORDS.map(titled)
const MEMBER_TITLES = MEMBER_WORDS.map(titled)

/** The library's own generator takes every word apart into letters, which costs twenty times this. */
const nameOf = (titles: readonly string[][]): string =>
  titles.map((words) => words[Math.floor(Math.random() * words.length)]).join(' ')

/**
 * A new UUID is kept by V8 as the pieces that it was put together from, until somebody reads it: as a
 * key of a map it costs twice the time then, and in a message that is kept several times the space.
 * To look at one character is to read it.
 */
const inOnePiece = (uuid: string): string => (uuid.charCodeAt(0) === 0 ? '' : uuid)

/**
 * RFC 9562, 5.7: milliseconds since the Unix epoch, then 74 random bits. Ids of one time are neighbours
 * in Postgres' index, which else grows by touching every page of it (docs/performance.md). The library's
 * own takes ten times as long, a tenth of a message's whole way here, and counts: two members on one
 * node could be told by it.
 */
const timedUuid = (): string => {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${v4().slice(15)}`
}

const secret = (): string => randomBytes(SECRET_BYTES).toString('base64url')

/** Secrets are random, so a plain hash is as good as a slow one. */
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** UUIDs from the system's cryptographic source, and names from word lists. */
export class SystemIds implements Ids {
  roomId(): RoomId {
    return inOnePiece(v4()) as RoomId
  }

  /** Of version 4 in its form, as all room ids; its bits are of the name's SHA-256. */
  namedRoomId(name: string): RoomId {
    const random = createHash('sha256').update(`sharechat room ${name}`).digest().subarray(0, 16)
    return inOnePiece(v4({ random })) as RoomId
  }

  memberId(): MemberId {
    return inOnePiece(v4()) as MemberId
  }

  /** Of version 7: see timedUuid. The time that it tells is in the message, too. */
  messageId(): MessageId {
    return inOnePiece(timedUuid()) as MessageId
  }

  nodeId(): NodeId {
    return inOnePiece(v4()) as NodeId
  }

  /** RFC 9562, 5.5: version 5, the ref as name in the member's namespace. */
  messageIdOf(memberId: MemberId, ref: string): MessageId {
    return v5(ref, memberId) as MessageId
  }

  resumeSecret(): string {
    return secret()
  }

  resumeHash(resume: string): ResumeHash {
    return hashOf(resume) as ResumeHash
  }

  ownerToken(): string {
    return secret()
  }

  ownerHash(token: string): OwnerHash {
    return hashOf(token) as OwnerHash
  }

  isSame(one: OwnerHash, other: OwnerHash): boolean {
    return timingSafeEqual(Buffer.from(one), Buffer.from(other))
  }

  addressMark(key: string, roomId: RoomId, address: string): AddressMark {
    const hash = createHmac('sha256', key).update(`${roomId} ${address}`).digest()
    return (hash.readUInt32BE() >>> (32 - MARK_BITS)) as AddressMark
  }

  code(): Code {
    return String(randomInt(1_000_000)).padStart(6, '0') as Code
  }

  /** One of about two hundred thousand. */
  roomName(): string {
    return nameOf(ROOM_TITLES)
  }

  /** One of about two hundred and thirty thousand. */
  memberName(): string {
    return nameOf(MEMBER_TITLES)
  }

  random(): number {
    return Math.random()
  }
}
