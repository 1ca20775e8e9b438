import { createHash, randomBytes } from 'node:crypto'
import { adjectives, animals, uniqueNamesGenerator } from 'unique-names-generator'
import { v4, v5 } from 'uuid'
import type { Ids } from '../../ports/ids.ts'
import type { MemberId, MessageId, NodeId, ResumeHash, RoomId } from '../../ports/model.ts'
import { NOUNS } from './nouns.ts'
import { TASTELESS } from './tasteless.ts'

const SECRET_BYTES = 24

const tasteful = (words: readonly string[]) => words.filter((word) => !TASTELESS.has(word))

const ADJECTIVES = tasteful(adjectives)
/** A name is one word of each list. */
export const ROOM_WORDS: string[][] = [ADJECTIVES, [...NOUNS]]
export const MEMBER_WORDS: string[][] = [ADJECTIVES, tasteful(animals)]

const nameOf = (dictionaries: string[][]): string =>
  uniqueNamesGenerator({ dictionaries, separator: ' ', style: 'capital' })

/** Version 4 UUIDs from the system's cryptographic source, and names from word lists. */
export class SystemIds implements Ids {
  roomId(): RoomId {
    return v4() as RoomId
  }

  memberId(): MemberId {
    return v4() as MemberId
  }

  messageId(): MessageId {
    return v4() as MessageId
  }

  nodeId(): NodeId {
    return v4() as NodeId
  }

  /** RFC 9562, 5.5: version 5, the ref as name in the member's namespace. */
  messageIdOf(memberId: MemberId, ref: string): MessageId {
    return v5(ref, memberId) as MessageId
  }

  resumeSecret(): string {
    return randomBytes(SECRET_BYTES).toString('base64url')
  }

  /** The secret is random, so a plain hash is as good as a slow one. */
  resumeHash(secret: string): ResumeHash {
    return createHash('sha256').update(secret).digest('hex') as ResumeHash
  }

  /** One of about two hundred thousand. */
  roomName(): string {
    return nameOf(ROOM_WORDS)
  }

  /** One of about two hundred and thirty thousand. */
  memberName(): string {
    return nameOf(MEMBER_WORDS)
  }

  random(): number {
    return Math.random()
  }
}
