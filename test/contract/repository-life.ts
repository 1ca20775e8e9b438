import { expect, test } from 'vitest'
import type { RoomId } from '../../src/ports/model.ts'
import type { Repository, RoomTtls } from '../../src/ports/repository.ts'
import type { MakeStored } from './repository-scene.ts'
import {
  joining,
  leaving,
  logOf,
  LONG_MS,
  newMember,
  newNode,
  newRoom,
  saying,
  seqs,
  upTo,
} from './repository-scene.ts'

const TTL_MS = 150
/** Long enough that what was done just now is not over, however busy the machine. */
const RECENT_MS = 2_000

const unusedOver = { roomTtlMs: LONG_MS, unusedRoomTtlMs: TTL_MS }
const usedOver = { roomTtlMs: TTL_MS, unusedRoomTtlMs: LONG_MS }
const bothOver = { roomTtlMs: TTL_MS, unusedRoomTtlMs: TTL_MS }

/** When a room ends, and what is left of it. */
export const lifeRules = (make: MakeStored): void => {
  test('R26 a room that nobody joined ends by its age, and by nothing else', async () => {
    const { repository, elapse } = await make()
    const room = await newRoom(repository)
    expect(await expireAll(repository, { ...usedOver, roomTtlMs: 0 })).toBe(0)
    await elapse(TTL_MS + 1)
    expect(await expireAll(repository, usedOver)).toBe(0)
    expect(await there(repository, room)).toBe(true)
    expect(await expireAll(repository, unusedOver)).toBe(1)
    expect(await there(repository, room)).toBe(false)
    expect(await expireAll(repository, unusedOver)).toBe(0)
  })

  test('R26 a room with a member stays; without one it ends by its last entry, and by nothing else', async () => {
    const { repository, elapse } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const members = [
      await newMember(repository, node, room),
      await newMember(repository, node, room),
    ]
    await elapse(TTL_MS + 1)
    expect(await expireAll(repository, bothOver)).toBe(0)
    await repository.append(node, [leaving(members[0]!)])
    await elapse(TTL_MS + 1)
    expect(await expireAll(repository, bothOver)).toBe(0)
    await repository.append(node, [leaving(members[1]!)])
    expect(await expireAll(repository, { roomTtlMs: LONG_MS, unusedRoomTtlMs: 0 })).toBe(0)
    await elapse(TTL_MS + 1)
    expect(await expireAll(repository, unusedOver)).toBe(0)
    expect(await there(repository, room)).toBe(true)
    expect(await expireAll(repository, usedOver)).toBe(1)
    expect(await there(repository, room)).toBe(false)
  })

  test('R26 an old room stays whose last entry is recent, whoever wrote it', async () => {
    const { repository, elapse } = await make()
    const [node, dead] = [await newNode(repository), await newNode(repository)]
    const rooms = [await newRoom(repository), await newRoom(repository), await newRoom(repository)]
    const [old, left, reaped] = rooms as [RoomId, RoomId, RoomId]
    await repository.append(node, [leaving(await newMember(repository, node, old))])
    await repository.append(node, [leaving(await newMember(repository, node, left))])
    await newMember(repository, dead, reaped)
    await elapse(RECENT_MS)
    await repository.append(node, [leaving(await newMember(repository, node, left))])
    await repository.reap(dead, { leaseMs: LONG_MS, resumeMs: LONG_MS }, 10)
    expect(await expireAll(repository, { ...usedOver, roomTtlMs: RECENT_MS })).toBe(1)
    expect(await Promise.all(rooms.map((room) => there(repository, room)))).toEqual([
      false,
      true,
      true,
    ])
  })

  test('R27 a room that ended is like one that never was, and its id is free', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const member = await newMember(repository, node, room)
    const said = saying(member)
    const left = leaving(member)
    await repository.append(node, [said, left])
    expect(await expireAll(repository, { roomTtlMs: 0, unusedRoomTtlMs: LONG_MS })).toBe(1)
    expect(await repository.findRoom(room)).toBeUndefined()
    for (const range of [
      { after: 0 },
      { before: 3 },
      { newest: true },
      { after: said.messageId },
    ] as const)
      expect(await repository.read(room, { ...range, limit: 10 })).toBeUndefined()
    expect(await repository.lastSeqs([{ roomId: room, seq: 3 }])).toEqual([
      { roomId: room, seq: undefined },
    ])
    const entries = [joining(room), saying(member), leaving(member), said, left]
    expect(seqs(await repository.append(node, entries))).toEqual(entries.map(() => 'room_gone'))
    for (const entry of entries)
      expect(seqs(await repository.append(node, [entry]))).toEqual(['room_gone'])
    await repository.createRoom({ id: room, name: 'Second Seat' })
    expect(await repository.findRoom(room)).toEqual({ id: room, name: 'Second Seat', members: [] })
    expect(await logOf(repository, room)).toEqual([])
  })

  test('R28 twenty joins while their rooms end: joined, or the room is gone, never both', async () => {
    const { repository, elapse } = await make()
    const node = await newNode(repository)
    for (const _ of upTo(5)) {
      const rooms = await Promise.all(upTo(20).map(() => newRoom(repository)))
      await elapse(TTL_MS + 1)
      const join = (room: RoomId) => repository.append(node, [joining(room)])
      const early = rooms.slice(0, 10).map(join)
      const callers = upTo(2).map(() => expireAll(repository, bothOver))
      const late = rooms.slice(10).map(join)
      const answers = seqs((await Promise.all([...early, ...late])).flat())
      const ended = (await Promise.all(callers)).reduce((sum, count) => sum + count)
      expect(ended).toBe(answers.filter((answer) => answer === 'room_gone').length)
      for (const [index, room] of rooms.entries()) {
        const joined = answers[index] === 1
        expect(joined || answers[index] === 'room_gone').toBe(true)
        expect((await repository.findRoom(room))?.members.length).toBe(joined ? 1 : undefined)
        expect(await repository.lastSeqs([{ roomId: room, seq: 1 }])).toHaveLength(joined ? 0 : 1)
      }
      expect(await expireAll(repository, { roomTtlMs: 0, unusedRoomTtlMs: 0 })).toBe(0)
    }
  })

  test('R29 all of a long log goes, whoever and however many help, and nothing of other rooms', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const [room, other] = [await newRoom(repository), await newRoom(repository)]
    const [member, neighbour] = [
      await newMember(repository, node, room),
      await newMember(repository, node, other),
    ]
    const texts = upTo(2_500).map((n) => saying(member, `text ${n}`))
    await repository.append(node, texts)
    await repository.append(node, [saying(neighbour), leaving(member)])
    const before = await logOf(repository, other)
    const ended = await Promise.all(
      upTo(2).map(() => expireAll(repository, { roomTtlMs: 0, unusedRoomTtlMs: 0 })),
    )
    expect(ended[0]! + ended[1]!).toBe(1)
    expect(await logOf(repository, other)).toEqual(before)
    // An id is stored once: these were removed if they can be stored again.
    const again = texts.map(({ messageId }) => ({ ...saying(neighbour), messageId }))
    expect(seqs(await repository.append(node, again))).toEqual(upTo(2_500).map((n) => n + 2))
  })

  test('R29 many rooms end in few steps, and a step leaves the rest to the next', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const rooms: RoomId[] = []
    while (rooms.length < 1_200)
      rooms.push(...(await Promise.all(upTo(300).map(() => newRoom(repository)))))
    const kept = rooms[600]!
    await newMember(repository, node, kept)
    const first = await repository.expireRooms({ roomTtlMs: 0, unusedRoomTtlMs: 0 })
    expect(first.more).toBe(true)
    expect(first.rooms).toBeLessThan(1_199)
    const rest = await expireAll(repository, { roomTtlMs: 0, unusedRoomTtlMs: 0 })
    expect(first.rooms + rest).toBe(1_199)
    expect(await repository.lastSeqs([{ roomId: kept, seq: 1 }])).toEqual([])
    expect(
      await repository.lastSeqs(rooms.slice(0, 500).map((roomId) => ({ roomId, seq: 0 }))),
    ).toHaveLength(500)
  })
}

/** Step after step until there is no more to do. @returns how many rooms ended */
const expireAll = async (repository: Repository, ttls: RoomTtls): Promise<number> => {
  let ended = 0
  for (;;) {
    const { rooms, more } = await repository.expireRooms(ttls)
    ended += rooms
    if (!more) return ended
  }
}

const there = async (repository: Repository, room: RoomId): Promise<boolean> =>
  (await repository.findRoom(room)) !== undefined
