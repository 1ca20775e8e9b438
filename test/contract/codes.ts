import { expect, test } from 'vitest'
import type { Codes, CodeTerms } from '../../src/ports/codes.ts'
import type { Code, RoomId } from '../../src/ports/model.ts'
import type { MakeStored } from './repository-scene.ts'
import { LONG_MS, newRoom, newRoomId, upTo } from './repository-scene.ts'

const TTL_MS = 150
const TERMS: CodeTerms = { ttlMs: LONG_MS, uses: undefined, mostOfRoom: 20, most: 1_000 }
const PLENTY = { burst: 1_000, perSecond: 1 }

const code = (number: number): Code => String(number).padStart(6, '0') as Code

/** Six digits that lead to a room. */
export const codeRules = (make: MakeStored): void => {
  test('R54 a code leads to its room until it expires, and no other digits do', async () => {
    const { repository, codes, elapse } = await make()
    const [room, other] = [await newRoom(repository), await newRoom(repository)]
    const before = await codes.create(other, code(17), { ...TERMS, ttlMs: TTL_MS })
    const expires = await codes.create(room, code(0), TERMS)
    expect(Math.abs(Number(expires) - Number(before) - LONG_MS + TTL_MS)).toBeLessThan(100)
    const found = { name: 'Imperfect Seat' }
    for (const _ of upTo(3)) {
      expect(await codes.take(code(0), PLENTY)).toEqual({ ...found, id: room })
    }
    expect(await codes.take(code(17), PLENTY)).toEqual({ ...found, id: other })
    expect(await codes.take(code(1), PLENTY)).toBeUndefined()
    await elapse(TTL_MS + 1)
    expect(await codes.take(code(17), PLENTY)).toBeUndefined()
    expect(await codes.take(code(0), PLENTY)).toEqual({ ...found, id: room })
    expect(await codes.create(newRoomId(), code(2), TERMS)).toBeUndefined()
  })

  test('R55 digits belong to one code until it expires, and a room and all have only so many', async () => {
    const { repository, codes, elapse } = await make()
    const [room, other] = [await newRoom(repository), await newRoom(repository)]
    const brief = { ...TERMS, ttlMs: TTL_MS, uses: 1 }
    const made = await Promise.all(
      upTo(10).map((n) => codes.create(n % 2 ? room : other, code(5), brief)),
    )
    expect(made.filter((answer) => answer === 'taken')).toHaveLength(9)
    await codes.take(code(5), PLENTY)
    expect(await codes.create(room, code(5), TERMS)).toBe('taken')
    await elapse(TTL_MS + 1)
    expect(await codes.create(room, code(5), TERMS)).toEqual(expect.any(Number))

    const few = { ...TERMS, mostOfRoom: 3, most: 5 }
    const ofRoom = await Promise.all(upTo(6).map((n) => codes.create(room, code(100 + n), few)))
    expect(ofRoom.filter((answer) => answer === 'room_full')).toHaveLength(4)
    const ofAll = await Promise.all(
      upTo(4).map(async (n) => codes.create(await newRoom(repository), code(200 + n), few)),
    )
    expect(ofAll.filter((answer) => answer === 'full')).toHaveLength(2)
  })

  test('R56 a code is taken as often as it says, however many take it at once', async () => {
    const { repository, codes } = await make()
    const room = await newRoom(repository)
    for (const uses of [1, 7]) {
      await codes.create(room, code(uses), { ...TERMS, uses })
      const taken = await Promise.all(upTo(50).map(() => codes.take(code(uses), PLENTY)))
      expect(taken.filter((answer) => answer !== undefined)).toHaveLength(uses)
    }
  })

  test('R57 wrong codes beyond the budget are refused, and with them all; a right one costs nothing', async () => {
    const { repository, codes, elapse } = await make()
    const room = await newRoom(repository)
    await codes.create(room, code(9), { ...TERMS, uses: 50 })
    const budget = { burst: 5, perSecond: 4 }
    for (const _ of upTo(20)) expect(await roomOf(codes, code(9), budget)).toBe(room)
    const answers = await Promise.all(upTo(40).map((n) => roomOf(codes, code(1_000 + n), budget)))
    expect(answers.filter((answer) => answer === 'none').length).toBeLessThanOrEqual(8)
    expect(answers.filter((answer) => answer === 'none').length).toBeGreaterThanOrEqual(5)
    const waits = answers.filter((answer) => typeof answer === 'number')
    expect(waits.length).toBeGreaterThan(30)
    expect(Math.max(...waits)).toBeLessThan(251)
    await elapse(1_500)
    expect(await roomOf(codes, code(9), budget)).toBe(room)
    // What was refused used nothing.
    for (const _ of upTo(29)) expect(await roomOf(codes, code(9), budget)).toBe(room)
    expect(await roomOf(codes, code(9), budget)).toBe('none')
  })

  test('R58 the code of a room that ended leads nowhere', async () => {
    const { repository, codes } = await make()
    const room = await newRoom(repository)
    await codes.create(room, code(3), TERMS)
    while ((await repository.expireRooms({ roomTtlMs: 0, unusedRoomTtlMs: 0 })).more);
    expect(await codes.take(code(3), PLENTY)).toBeUndefined()
    expect(await codes.create(room, code(4), TERMS)).toBeUndefined()
    await repository.createRoom({ id: room, name: 'Second Seat' })
    expect(await codes.take(code(3), PLENTY)).toBeUndefined()
    expect(await codes.create(room, code(3), TERMS)).toEqual(expect.any(Number))
  })
}

const roomOf = async (
  codes: Codes,
  digits: Code,
  budget: { readonly burst: number; readonly perSecond: number },
): Promise<RoomId | 'none' | number> => {
  const room = await codes.take(digits, budget)
  if (room === undefined) return 'none'
  return 'waitMs' in room ? room.waitMs : room.id
}
