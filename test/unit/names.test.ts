import { adjectives, animals, colors } from 'unique-names-generator'
import { describe, expect, test } from 'vitest'
import { SystemIds } from '../../src/adapters/system/ids.ts'
import { TASTELESS } from '../../src/adapters/system/tasteless.ts'
import { isMessageId, isRoomId } from '../../src/ports/model.ts'

const ids = new SystemIds()
const samples = <T>(make: () => T): T[] => Array.from({ length: 2_000 }, make)

describe('names', () => {
  test('are words in Title Case', () => {
    for (const name of [...samples(() => ids.roomName()), ...samples(() => ids.memberName())]) {
      expect(name).toMatch(/^[A-Z][a-z]+( [A-Z][a-z]+)+$/)
    }
  })

  test('hold no word that nobody should be called', () => {
    const words = [...samples(() => ids.roomName()), ...samples(() => ids.memberName())]
      .flatMap((name) => name.toLowerCase().split(' '))
      .filter((word) => TASTELESS.has(word))
    expect(words).toEqual([])
  })

  test('every word that is denied is a word of the lists', () => {
    const known = new Set([...adjectives, ...animals, ...colors])
    expect([...TASTELESS].filter((word) => !known.has(word))).toEqual([])
  })

  test('there are at least 200,000 for members', () => {
    const left = (words: readonly string[]) => words.filter((word) => !TASTELESS.has(word)).length
    expect(left(adjectives) * left(animals)).toBeGreaterThan(200_000)
  })
})

describe('ids', () => {
  test('are version 4 UUIDs in lower case', () => {
    for (const id of samples(() => ids.roomId())) expect(isRoomId(id)).toBe(true)
    for (const id of samples(() => ids.messageId())) expect(isMessageId(id)).toBe(true)
  })
})
