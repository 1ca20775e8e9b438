import { expect, test } from 'vitest'
import type { NamedRoom, PublicRooms } from '../../src/ports/public-rooms.ts'
import type { MakeStored } from './repository-scene.ts'
import {
  leaving,
  LONG_MS,
  newMember,
  newNode,
  newRoom,
  newRoomId,
  upTo,
} from './repository-scene.ts'

const KEPT_MS = 300
const NOW = { roomTtlMs: 0, unusedRoomTtlMs: 0 }

/** Public rooms, and those that are kept. */
export const publicRoomRules = (make: MakeStored): void => {
  test('R59 public rooms are listed by their ids, page by page, with topic and members, and no others', async () => {
    const { repository, publicRooms } = await make()
    const node = await newNode(repository)
    const secret = await newRoom(repository)
    await newMember(repository, node, secret)
    const ids = upTo(7).map(newRoomId).toSorted()
    for (const id of ids.toReversed()) {
      await repository.createRoom({ id, name: 'Open Seat', topic: `about ${id}`, public: true })
    }
    const leaver = await newMember(repository, node, ids[2]!)
    await newMember(repository, node, ids[2]!)
    await newMember(repository, node, ids[4]!)
    await repository.append(node, [leaving(leaver)])
    const all = ids.map((id, at) => ({
      id,
      name: 'Open Seat',
      topic: `about ${id}`,
      memberCount: at === 2 || at === 4 ? 1 : 0,
    }))
    expect(await publicRooms.list(undefined, 100)).toEqual(all)
    expect(await publicRooms.list(undefined, 3)).toEqual(all.slice(0, 3))
    expect(await publicRooms.list(ids[2], 3)).toEqual(all.slice(3, 6))
    expect(await publicRooms.list(ids[6], 3)).toEqual([])
    while ((await repository.expireRooms(NOW)).more);
    expect(await publicRooms.list(undefined, 100)).toEqual([all[2], all[4]])
  })

  test('R60 kept rooms are there once, with the last name and topic, and end only when they are kept no more', async () => {
    const { repository, publicRooms, elapse } = await make()
    const node = await newNode(repository)
    const room = (topic: string): NamedRoom => ({ id: newRoomId(), name: 'Lobby', topic })
    const [one, two, three] = [room('one'), room('two'), room('three')]
    await Promise.all(upTo(8).map(() => publicRooms.keep([three, one, two], LONG_MS)))
    const member = await newMember(repository, node, one.id)
    await repository.append(node, [leaving(member)])
    await publicRooms.keep([{ ...one, topic: 'changed' }, three], LONG_MS)
    expect(await topics(publicRooms)).toEqual(['changed', 'three', 'two'])
    while ((await repository.expireRooms(NOW)).more);
    expect(await topics(publicRooms)).toEqual(['changed', 'three', 'two'])
    const info = await repository.roomInfo(one.id, NOW)
    expect(info).toMatchObject({ public: true, expires: undefined, messageCount: 2 })
    await publicRooms.keep([two], KEPT_MS)
    while ((await repository.expireRooms(NOW)).more);
    expect(await topics(publicRooms)).toHaveLength(3)
    await elapse(KEPT_MS + 1)
    while ((await repository.expireRooms(NOW)).more);
    expect(await topics(publicRooms)).toEqual(['changed', 'three'])
    await publicRooms.keep([two], LONG_MS)
    expect(await repository.findRoom(two.id)).toMatchObject({ name: 'Lobby', members: [] })
  })
}

const topics = async (publicRooms: PublicRooms): Promise<readonly string[]> => {
  const rooms = await publicRooms.list(undefined, 100)
  return rooms.map(({ topic }) => topic).toSorted()
}
