import { expect, test } from 'vitest'
import { SystemIds } from '../../src/adapters/system/ids.ts'
import type { NewRoom, Repository } from '../../src/ports/repository.ts'
import type { MakeStored } from './repository-scene.ts'
import {
  leaving,
  LONG_MS,
  newMember,
  newNode,
  newRoom,
  newRoomId,
  saying,
} from './repository-scene.ts'

const TTL_MS = 150
const TTLS = { roomTtlMs: LONG_MS, unusedRoomTtlMs: 2 * LONG_MS }

const ids = new SystemIds()

/** What the creator of a room says of it, and what is known of it then. */
export const optionRules = (make: MakeStored): void => {
  test('R35 what a new room is given is what is known of it; what it is not given is none', async () => {
    const { repository } = await make()
    const given = { topic: 'Seats, “perfect” \u{1F600}', capacity: 2, public: true }
    const known = { messageCount: 0, memberCount: 0, locked: false, slowMs: 0 }
    const time = expect.any(Number)
    const times = { created: time, expires: time }
    const id = newRoomId()
    const ownerHash = ids.ownerHash(ids.ownerToken())
    await repository.createRoom({ id, name: 'Perfect Seat', ...given, ttlMs: 60_000, ownerHash })
    expect(await repository.roomInfo(id, TTLS)).toEqual({
      id,
      name: 'Perfect Seat',
      ...given,
      ...known,
      ...times,
    })
    const plain = await newRoom(repository)
    expect(await repository.roomInfo(plain, TTLS)).toEqual({
      id: plain,
      name: 'Imperfect Seat',
      topic: '',
      capacity: undefined,
      public: false,
      ...known,
      ...times,
    })
    expect(await repository.roomInfo(newRoomId(), TTLS)).toBeUndefined()
  })

  test('R36 its messages and members are counted, and it expires when nobody is there', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const unused = await repository.roomInfo(room, TTLS)
    expect(near(unused!.expires!, unused!.created + TTLS.unusedRoomTtlMs)).toBe(true)
    const member = await newMember(repository, node, room)
    const said = await repository.append(node, [saying(member), saying(member)])
    expect(said).toHaveLength(2)
    expect(await repository.roomInfo(room, TTLS)).toMatchObject({
      messageCount: 3,
      memberCount: 1,
      expires: undefined,
    })
    const [left] = await repository.append(node, [leaving(member)])
    const idle = await repository.roomInfo(room, TTLS)
    expect(idle).toMatchObject({ messageCount: 4, memberCount: 0 })
    const { sent } = 'message' in left! ? left.message : { sent: 0 }
    expect(near(idle!.expires!, sent + TTLS.roomTtlMs)).toBe(true)
  })

  test('R37 a room with a lifetime of its own ends by that, if it is shorter', async () => {
    const { repository, elapse } = await make()
    const node = await newNode(repository)
    const roomOf = async (ttlMs: number) => {
      const id = newRoomId()
      await repository.createRoom({ id, name: 'Brief Seat', ttlMs })
      return id
    }
    const [unused, used, long] = [await roomOf(TTL_MS), await roomOf(TTL_MS), await roomOf(LONG_MS)]
    const { created, expires } = (await repository.roomInfo(unused, TTLS))!
    expect(near(expires!, created + TTL_MS)).toBe(true)
    const member = await newMember(repository, node, used)
    await elapse(TTL_MS + 1)
    await repository.expireRooms(TTLS)
    expect(await there(repository, [unused, used, long])).toEqual([false, true, true])
    await repository.append(node, [leaving(member)])
    await elapse(TTL_MS + 1)
    await repository.expireRooms(TTLS)
    expect(await there(repository, [used, long])).toEqual([false, true])
    await repository.expireRooms({ roomTtlMs: TTL_MS, unusedRoomTtlMs: TTL_MS })
    expect(await there(repository, [long])).toEqual([false])
  })
}

/** Creation and expiry are told by a clock in whole milliseconds, the one after the other. */
const near = (time: number, expected: number): boolean => Math.abs(time - expected) <= 50

const there = (repository: Repository, rooms: readonly NewRoom['id'][]): Promise<boolean[]> =>
  Promise.all(rooms.map(async (id) => (await repository.findRoom(id)) !== undefined))
