import { adjectives, animals } from 'unique-names-generator'
import { version } from 'uuid'
import { describe, expect, test } from 'vitest'
import { MEMBER_WORDS, ROOM_WORDS, SystemIds } from '../../src/adapters/system/ids.ts'
import { TASTELESS } from '../../src/adapters/system/tasteless.ts'
import { isMessageId, isRoomId } from '../../src/ports/model.ts'

const ids = new SystemIds()
const samples = <T>(make: () => T): T[] => Array.from({ length: 2_000 }, make)

const titleCase = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`

describe.each([
  ['room', ROOM_WORDS, () => ids.roomName()],
  ['member', MEMBER_WORDS, () => ids.memberName()],
] as const)('%s names', (_, lists, make) => {
  test('are a word of each list, in Title Case', () => {
    const known = lists.map((words) => new Set(words.map(titleCase)))
    for (const name of samples(make)) {
      const words = name.split(' ')
      expect(words.map((word, index) => known[index]?.has(word))).toEqual(lists.map(() => true))
    }
  })

  test('are of plain lower-case words, each once in its list', () => {
    for (const words of lists) {
      expect(words.filter((word) => !/^[a-z]{2,}$/.test(word))).toEqual([])
      expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([])
    }
  })

  test('hold no word that nobody should be called', () => {
    expect(lists.flat().filter((word) => TASTELESS.has(word))).toEqual([])
  })
})

describe('names', () => {
  test('every word that is denied is a word of the lists', () => {
    const known = new Set([...adjectives, ...animals])
    expect([...TASTELESS].filter((word) => !known.has(word))).toEqual([])
  })

  test('there are at least 200,000 for members', () => {
    expect(MEMBER_WORDS.reduce((product, { length }) => product * length, 1)).toBeGreaterThan(
      200_000,
    )
  })
})

describe('ids', () => {
  test('are UUIDs in lower case, those of rooms version 4', () => {
    for (const id of samples(() => ids.roomId())) expect(isRoomId(id)).toBe(true)
    for (const id of samples(() => ids.messageId())) expect(isMessageId(id)).toBe(true)
  })

  test('of messages begin with their time, and have nothing else in common', () => {
    const from = Date.now()
    const made = samples(() => ids.messageId())
    for (const id of made) {
      expect(version(id)).toBe(7)
      const time = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
      expect(time).toBeGreaterThanOrEqual(from)
      expect(time).toBeLessThanOrEqual(Date.now())
    }
    expect(new Set(made.map((id) => id.slice(14))).size).toBe(made.length)
  })
})
