import { createHash, randomBytes } from 'node:crypto'
import { v5 } from 'uuid'
import { expect, test } from 'vitest'
import { messageIdOf, newRef } from '../../../src/client/message-id.ts'
import { sha1 } from '../../../src/client/sha1.ts'
import { isRef } from '../../../src/protocol/dialect.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

test.each([
  // RFC 3174, 7.3; those of more than one block are not ours to hash.
  ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['a', '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8'],
  ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
])('SHA-1 of "%s" is that of RFC 3174', (text, hash) => {
  expect(sha1(bytesOf(text))).toBe(hash)
})

test('SHA-1 is that of Node for every length up to 55 bytes', () => {
  for (let length = 0; length <= 55; length += 1) {
    for (let round = 0; round < 20; round += 1) {
      const bytes = randomBytes(length)
      expect(sha1(bytes)).toBe(createHash('sha1').update(bytes).digest('hex'))
    }
  }
})

test('the id of a message is the one that the server gives it', () => {
  for (let round = 0; round < 500; round += 1) {
    const [memberId, ref] = [crypto.randomUUID(), newRef()]
    expect(messageIdOf(memberId, ref)).toBe(v5(ref, memberId))
  }
})

test('a ref is one of the protocol, and no two are the same', () => {
  const refs = Array.from({ length: 2_000 }, newRef)
  expect(refs.every(isRef)).toBe(true)
  // With the 16 bytes of a member's id it has to stay within one block of SHA-1.
  expect(Math.max(...refs.map(({ length }) => length))).toBeLessThanOrEqual(55 - 16)
  expect(new Set(refs).size).toBe(refs.length)
})
