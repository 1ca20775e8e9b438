import { expect, test } from 'vitest'
import type { MakeStored } from './repository-scene.ts'
import {
  joining,
  leaving,
  logOf,
  names,
  newRoomId,
  newName,
  newMember,
  newNode,
  newRoom,
  saying,
  seqs,
  upTo,
} from './repository-scene.ts'

/** Who is in a room, under which name, and who may write. */
export const memberRules = (make: MakeStored): void => {
  test('R10 a room lists its members by the order of joining; there is no other room', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const joins = upTo(12).map((n) => joining(room, [`Member ${30 - n}`, 'B', 'C']))
    for (const join of joins.slice(0, 6)) await repository.append(node, [join])
    await repository.append(node, joins.slice(6))
    await repository.append(node, [leaving(joins[3]!)])
    const members = joins.map((join) => ({ id: join.memberId, name: join.names[0] }))
    expect(await repository.findRoom(room)).toEqual({
      id: room,
      name: 'Imperfect Seat',
      members: members.toSpliced(3, 1),
    })
    expect(await repository.findRoom(newRoomId())).toBeUndefined()
  })

  test('R10 the members of a node are those that joined through it and have not left', async () => {
    const { repository } = await make()
    const [node, other] = [await newNode(repository), await newNode(repository)]
    const rooms = [await newRoom(repository), await newRoom(repository)]
    const joins = rooms.map((room) => joining(room))
    await repository.append(node, [...joins, joining(rooms[0]!)])
    await newMember(repository, other, rooms[0]!)
    const places = await repository.membersOf(node)
    expect(places).toHaveLength(3)
    for (const { memberId, roomId } of joins) {
      expect(places).toContainEqual({ memberId, roomId, attachment: 1, resumable: false })
    }
    await repository.append(node, joins.map(leaving))
    expect(await repository.membersOf(node)).toHaveLength(1)
    expect(await repository.membersOf(other)).toHaveLength(1)
  })

  test('R11 a member gets the first name that is free whatever the case, else the first and a number', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const [elsewhere] = await repository.append(node, [
      joining(await newRoom(repository), ['Red Fox', 'B', 'C']),
    ])
    expect(names([elsewhere!])).toEqual(['Red Fox'])
    const first = joining(room, ['Red Fox', 'Blue Jay', 'Tin Owl'])
    expect(names(await repository.append(node, [first]))).toEqual(['Red Fox'])
    const same = (): ReturnType<typeof joining> => joining(room, ['RED FOX', 'blue jay', 'Tin Owl'])
    expect(names(await repository.append(node, [same()]))).toEqual(['blue jay'])
    expect(names(await repository.append(node, [same(), same(), same()]))).toEqual([
      'Tin Owl',
      'RED FOX 2',
      'RED FOX 3',
    ])
    await repository.append(node, [leaving(first)])
    expect(names(await repository.append(node, [same()]))).toEqual(['RED FOX'])
  })

  test('R11 twenty joins with the same names in one call, and forty at once, all get different ones', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const same = (n: number): ReturnType<typeof joining> =>
      joining(
        room,
        n % 2 === 0 ? ['Red Fox', 'Blue Jay', 'Tin Owl'] : ['red fox', 'TIN OWL', 'blue jay'],
      )
    expect(seqs(await repository.append(node, upTo(20).map(same)))).toEqual(upTo(20))
    await Promise.all(upTo(40).map((n) => repository.append(node, [same(n)])))
    const { members } = (await repository.findRoom(room))!
    expect(new Set(members.map(({ name }) => name.toLowerCase())).size).toBe(60)
    expect((await logOf(repository, room)).map(({ seq }) => seq)).toEqual(upTo(60))
  })

  test('R12 a room never has more members than a join allows, however many join at once', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const tries = upTo(30).map(() => joining(room, [newName(), newName(), newName()], 10))
    const results = (
      await Promise.all([
        ...tries.slice(0, 20).map((join) => repository.append(node, [join])),
        repository.append(node, tries.slice(20)),
      ])
    ).flat()
    expect(results.filter((result) => 'rejected' in result)).toEqual(
      upTo(20).map(() => ({ rejected: 'room_full' })),
    )
    const { members } = (await repository.findRoom(room))!
    expect(members).toHaveLength(10)
    const swap = [
      leaving({ roomId: room, memberId: members[0]!.id }),
      ...upTo(2).map(() => joining(room, ['A', 'B', 'C'], 10)),
    ]
    expect(seqs(await repository.append(node, swap))).toEqual([11, 12, 'room_full'])
    expect((await logOf(repository, room)).map(({ seq }) => seq)).toEqual(upTo(12))
  })

  test('R13 only a member of this room that is connected to the calling node writes', async () => {
    const { repository } = await make()
    const [node, other] = [await newNode(repository), await newNode(repository)]
    const [room, second] = [await newRoom(repository), await newRoom(repository)]
    const member = await newMember(repository, node, room)
    await newMember(repository, other, second)
    expect(seqs(await repository.append(other, [saying(member)]))).toEqual(['member_gone'])
    expect(seqs(await repository.append(other, [saying(member), saying(member)]))).toEqual([
      'member_gone',
      'member_gone',
    ])
    expect(seqs(await repository.append(node, [saying({ ...member, roomId: second })]))).toEqual([
      'member_gone',
    ])
    expect(seqs(await repository.append(node, [leaving({ ...member, roomId: second })]))).toEqual([
      'member_gone',
    ])
    expect(seqs(await repository.append(node, [saying(member)]))).toEqual([2])
  })

  test('R14 within one call a member writes after its join and before its leave, not else', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const [room, second] = [await newRoom(repository), await newRoom(repository)]
    const old = await newMember(repository, node, room)
    const join = joining(room, ['Red Fox', 'B', 'C'])
    const next = joining(room, ['Red Fox', 'B', 'C'])
    const results = await repository.append(node, [
      saying(join),
      join,
      saying(join),
      saying({ ...join, roomId: second }),
      saying(old),
      leaving(old),
      saying(old),
      leaving(old),
      saying(join),
      leaving(join),
      next,
      saying(join),
      saying(next),
    ])
    expect(seqs(results)).toEqual([
      'member_gone',
      2,
      3,
      'member_gone',
      4,
      5,
      'member_gone',
      'member_gone',
      6,
      7,
      8,
      'member_gone',
      9,
    ])
    expect(names(results.slice(8))).toEqual([
      'Red Fox',
      'Red Fox',
      'Red Fox',
      'member_gone',
      'Red Fox',
    ])
    expect((await logOf(repository, room)).map(({ seq }) => seq)).toEqual(upTo(9))
    expect((await repository.findRoom(room))?.members).toEqual([
      { id: next.memberId, name: 'Red Fox' },
    ])
  })

  test('R15 a member that two callers remove at once leaves once', async () => {
    const { repository } = await make()
    const [node, other] = [await newNode(repository), await newNode(repository)]
    const room = await newRoom(repository)
    for (const _ of upTo(15)) {
      const member = await newMember(repository, node, room)
      const results = await Promise.all([
        repository.append(node, [leaving(member)]),
        repository.append(other, [leaving(member), leaving(member)]),
        repository.append(other, [leaving(member)]),
      ])
      const rejected = results.flat().filter((result) => 'rejected' in result)
      expect(rejected).toEqual(upTo(3).map(() => ({ rejected: 'member_gone' })))
    }
    const log = await logOf(repository, room)
    expect(log.filter(({ type }) => type === 'left')).toHaveLength(15)
    expect(log.map(({ seq }) => seq)).toEqual(upTo(30))
  })
}
