import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { openMemory } from '../../src/adapters/memory/open.ts'
import { RoomError } from '../../src/ports/errors.ts'
import {
  joining,
  leaving,
  logOf,
  LONG_MS,
  newMember,
  newNode,
  newRoom,
  newRoomId,
  saying,
  seqs,
  upTo,
} from '../contract/repository-scene.ts'
import { FakeClock } from '../fake-clock.ts'
import { FakeConnection } from '../fake-connection.ts'
import { openWorld } from '../local-node.ts'

const ALL_OVER = { roomTtlMs: 0, unusedRoomTtlMs: 0 }
const MIB = 1 << 20
const LIMIT = 12 * MIB
/** What the test runner itself may keep meanwhile. */
const NOISE = MIB

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const usedHeap = (): number => {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

const repositoryOf = (limitBytes: number) => openMemory(new FakeClock(), limitBytes).repository

describe('the memory repository with a limit', () => {
  test('refuses joins and chats when it is full, and takes every left and repeat', async () => {
    const repository = repositoryOf(10_000)
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const [ada, bob] = [
      await newMember(repository, node, room),
      await newMember(repository, node, room),
    ]
    const first = saying(ada)
    expect(seqs(await repository.append(node, [first]))).toEqual([3])
    const large = saying(ada, 'x'.repeat(5_000))
    const results = await repository.append(node, [large, saying(bob, 'small'), large])
    expect(seqs(results)).toEqual(['storage_full', 4, 'storage_full'])
    while (seqs(await repository.append(node, [saying(ada)]))[0] !== 'storage_full');
    expect(seqs(await repository.append(node, [joining(room), saying(bob), first]))).toEqual([
      'storage_full',
      'storage_full',
      3,
    ])
    const last = (await logOf(repository, room)).length
    expect(seqs(await repository.append(node, [leaving(ada), leaving(bob)]))).toEqual([
      last + 1,
      last + 2,
    ])
    await expect(repository.createRoom({ id: newRoomId(), name: 'Late Seat' })).rejects.toEqual(
      new RoomError('overloaded', 'This server has no space for more rooms now.'),
    )
  })

  test('says what is wrong with an entry before it says that it is full', async () => {
    const repository = repositoryOf(1_000)
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const stranger = saying(joining(room))
    const none = joining(newRoomId())
    const entries = [joining(room), joining(room, undefined, 0), stranger, none]
    expect(seqs(await repository.append(node, entries))).toEqual([
      'storage_full',
      'room_full',
      'member_gone',
      'room_gone',
    ])
  })

  test('has all of its space again when its rooms have ended', async () => {
    const repository = repositoryOf(MIB)
    const node = await newNode(repository)
    const fill = async () => {
      const room = await newRoom(repository)
      const member = await newMember(repository, node, room)
      let stored = 0
      while (seqs(await repository.append(node, [saying(member)]))[0] !== 'storage_full')
        stored += 1
      await repository.append(node, [leaving(member)])
      return stored
    }
    const first = await fill()
    await expect(newRoom(repository)).rejects.toMatchObject({ code: 'overloaded' })
    expect(await repository.expireRooms(ALL_OVER)).toEqual({ rooms: 1, more: false })
    for (const _ of upTo(3)) {
      expect(await fill()).toBe(first)
      await repository.expireRooms(ALL_OVER)
    }
  })

  test.each([
    ['no text', ''],
    ['a line of ASCII', 'x'.repeat(64)],
    ['a line of Chinese', '中'.repeat(64)],
    ['the longest ASCII', 'x'.repeat(16_384)],
    ['the longest Chinese', '中'.repeat(5_461)],
  ])('keeps the heap within the limit: messages with %s', async (_, text) => {
    const before = usedHeap()
    const repository = repositoryOf(LIMIT)
    const node = await newNode(repository)
    const member = await newMember(repository, node, await newRoom(repository))
    const full = async () => {
      // A text of its own for each, as from a socket.
      const entries = upTo(50).map(() => saying(member, Buffer.from(text).toString()))
      return seqs(await repository.append(node, entries)).includes('storage_full')
    }
    while (!(await full()));
    await repository.append(node, [leaving(member)])
    const held = usedHeap() - before
    expect(held).toBeLessThan(LIMIT + NOISE)
    expect(held).toBeGreaterThan(4 * MIB)
    while ((await repository.expireRooms(ALL_OVER)).more);
    expect(usedHeap() - before).toBeLessThan(3 * MIB)
    expect(await repository.findRoom(member.roomId)).toBeUndefined()
  })

  test('keeps the heap within the limit: rooms, joins and leaves', async () => {
    const before = usedHeap()
    const repository = repositoryOf(LIMIT)
    const node = await newNode(repository)
    for (let full = false; !full;) {
      const id = newRoomId()
      JSON.stringify(id)
      full = await repository.createRoom({ id, name: 'Imperfect Seat' }).then(
        () => false,
        () => true,
      )
      const join = joining(id, [`${id.slice(0, 8)} Otter`, 'B', 'C'])
      if (!full) await repository.append(node, [join])
      if (!full) await repository.append(node, [leaving(join)])
    }
    const held = usedHeap() - before
    expect(held).toBeLessThan(LIMIT + NOISE)
    expect(held).toBeGreaterThan(4 * MIB)
    while ((await repository.expireRooms(ALL_OVER)).more);
    expect(usedHeap() - before).toBeLessThan(3 * MIB)
    expect(await repository.reap(node, { leaseMs: LONG_MS, resumeMs: LONG_MS }, 10)).toEqual([])
  })
})

test('a node whose repository is full says overloaded, to who talks, joins or makes a room', async () => {
  const { clock, startNode, join } = openWorld()
  const { repository } = openMemory(clock, 4_000)
  const node = await startNode({ repository })
  const { id } = await node.createRoom()
  const { member, connection } = await join(node, id)
  member.post('x'.repeat(2_000))
  await clock.advance(10)
  expect(connection.refused.map(({ code, failed }) => [code, failed.message])).toEqual([
    ['overloaded', `Not sent: the server is busy, try again. "${'x'.repeat(40)}"`],
  ])
  member.post('small')
  await clock.advance(10)
  expect(connection.texts).toEqual(['small'])
  for (let count = 0; count < 10; count += 1) member.post('small')
  await clock.advance(10)
  const late = node.join(id, new FakeConnection()).catch((error: unknown) => error)
  await clock.advance(0)
  expect(await late).toMatchObject({ code: 'overloaded' })
  await expect(node.createRoom()).rejects.toMatchObject({ code: 'overloaded' })
  expect(connection.closed).toBeUndefined()
  expect(node.holds).toEqual({ rooms: 1, members: 1, waiting: 0 })
  member.leave()
  await clock.advance(1_000)
  expect((await repository.findRoom(id))?.members).toEqual([])
})
