import { expect, test } from 'vitest'
import type { MakeStored } from './repository-scene.ts'
import {
  joining,
  leaving,
  logOf,
  newMember,
  newNode,
  newRoom,
  newRoomId,
  newMemberId,
  saying,
  seqs,
  upTo,
} from './repository-scene.ts'

/** Rooms, the order of a log, and what is stored once. */
export const logRules = (make: MakeStored): void => {
  test('R1 a room is stored once, with an empty log; a second one with its id is refused', async () => {
    const { repository } = await make()
    const id = newRoomId()
    await repository.createRoom({ id, name: 'Imperfect Seat' })
    await expect(repository.createRoom({ id, name: 'Other' })).rejects.toMatchObject({
      name: 'RoomError',
      code: 'invalid',
    })
    expect(await repository.findRoom(id)).toEqual({ id, name: 'Imperfect Seat', members: [] })
    expect(await repository.read(id, { after: 0, limit: 10 })).toEqual({
      messages: [],
      lastSeq: 0,
      older: false,
      newer: false,
    })
  })

  test('R1 of twenty concurrent attempts to create one room exactly one succeeds', async () => {
    const { repository } = await make()
    const id = newRoomId()
    const attempts = upTo(20).map((n) => repository.createRoom({ id, name: `Room ${n}` }))
    const settled = await Promise.allSettled(attempts)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('R2 an append over many rooms answers in the order of its entries, each room from 1 on', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const rooms = [await newRoom(repository), await newRoom(repository), await newRoom(repository)]
    const joins = rooms.map((room) => joining(room, ['Silver Otter', 'B', 'C']))
    expect(seqs(await repository.append(node, joins))).toEqual([1, 1, 1])
    const entries = upTo(30).map((n) => saying(joins[(n * 7) % 3]!, `text ${n}`))
    const results = await repository.append(node, entries)
    const next = new Map(rooms.map((room) => [room, 2]))
    for (const [index, entry] of entries.entries()) {
      const seq = next.get(entry.roomId)!
      next.set(entry.roomId, seq + 1)
      expect(results[index]).toEqual({
        message: {
          id: entry.messageId,
          roomId: entry.roomId,
          memberId: entry.memberId,
          memberName: 'Silver Otter',
          type: 'chat',
          message: entry.message,
          sent: expect.any(Number),
          seq,
        },
      })
    }
    for (const room of rooms) {
      const log = await logOf(repository, room)
      expect(log.slice(1)).toEqual(
        results.flatMap((r) => ('message' in r && r.message.roomId === room ? [r.message] : [])),
      )
    }
  })

  test('R2 joined and left are messages of the log, with the name in their text', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const join = joining(room, ['Silver Otter', 'B', 'C'])
    const leave = leaving(join)
    const stored = { roomId: room, memberId: join.memberId, memberName: 'Silver Otter' }
    const sent = expect.any(Number)
    const expected = [
      {
        ...stored,
        id: join.messageId,
        type: 'joined',
        message: 'Silver Otter joined the room.',
        sent,
        seq: 1,
      },
      {
        ...stored,
        id: leave.messageId,
        type: 'left',
        message: 'Silver Otter left the room.',
        sent,
        seq: 2,
      },
    ]
    expect(await repository.append(node, [join])).toEqual([{ message: expected[0] }])
    expect(await repository.append(node, [leave])).toEqual([{ message: expected[1] }])
    expect(await logOf(repository, room)).toEqual(expected)
  })

  test('R2 an append of nothing answers nothing', async () => {
    const { repository } = await make()
    expect(await repository.append(await newNode(repository), [])).toEqual([])
  })

  test('R3 fifty concurrent batches in one room leave no gap, lose nothing and keep each order', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const member = await newMember(repository, node, room)
    const batches = upTo(50).map((batch) =>
      upTo(1 + (batch % 9)).map((n) => saying(member, `${batch}/${n}`)),
    )
    const results = await Promise.all(batches.map((batch) => repository.append(node, batch)))
    const log = await logOf(repository, room)
    expect(log.map(({ seq }) => seq)).toEqual(upTo(1 + batches.flat().length))
    for (const [index, result] of results.entries()) {
      const [first] = seqs(result)
      expect(seqs(result)).toEqual(upTo(result.length).map((n) => Number(first) + n - 1))
      expect(result.map((r) => 'message' in r && r.message)).toEqual(
        log.slice(Number(first) - 1, Number(first) - 1 + result.length),
      )
      expect(result.map((r) => 'message' in r && r.message.id)).toEqual(
        batches[index]!.map(({ messageId }) => messageId),
      )
    }
  })

  test('R3 concurrent appends over overlapping rooms in opposite orders all succeed', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const rooms = await Promise.all(upTo(8).map(() => newRoom(repository)))
    const members = await Promise.all(rooms.map((room) => newMember(repository, node, room)))
    const calls = upTo(60).map((n) => {
      const entries = members.map((member) => saying(member, `${n}`))
      return repository.append(node, n % 2 === 0 ? entries : entries.toReversed())
    })
    await Promise.all(calls)
    for (const room of rooms) {
      expect((await logOf(repository, room)).map(({ seq }) => seq)).toEqual(upTo(61))
    }
  })

  test('R4 a rejected entry takes no seq and does not harm the others', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const member = await newMember(repository, node, room)
    const nowhere = { roomId: newRoomId(), memberId: member.memberId }
    const nobody = { roomId: room, memberId: newMemberId() }
    const results = await repository.append(node, [
      saying(member),
      saying(nowhere),
      saying(nobody),
      joining(nowhere.roomId),
      leaving(nobody),
      joining(room, ['A', 'B', 'C'], 1),
      leaving(nowhere),
      saying(member),
    ])
    expect(seqs(results)).toEqual([
      2,
      'room_gone',
      'member_gone',
      'room_gone',
      'member_gone',
      'room_full',
      'room_gone',
      3,
    ])
    expect(seqs(await repository.append(node, [saying(nobody)]))).toEqual(['member_gone'])
    expect(seqs(await repository.append(node, [saying(nowhere)]))).toEqual(['room_gone'])
    expect(seqs(await repository.append(node, [saying(member)]))).toEqual([4])
  })

  test('R5 a message id that was stored is answered with the first, whatever comes with it', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const member = await newMember(repository, node, room)
    const said = saying(member, 'first')
    const [first] = await repository.append(node, [said])
    expect(await repository.append(node, [{ ...said, message: 'second' }])).toEqual([first])
    const more = [saying(member), { ...said, message: 'third' }, saying(member)]
    const results = await repository.append(node, more)
    expect(seqs(results)).toEqual([3, 2, 4])
    expect(results[1]).toEqual(first)
    expect(await repository.append(node, more)).toEqual(results)
    expect(await logOf(repository, room)).toHaveLength(4)
  })

  test('R5 a message id twice in one call is stored once', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const join = joining(room)
    const said = saying(join)
    const leave = leaving(join)
    const lost = saying({ roomId: room, memberId: newMemberId() })
    const entries = [join, join, said, lost, said, lost, leave, leave]
    const results = await repository.append(node, entries)
    expect(seqs(results)).toEqual([1, 1, 2, 'member_gone', 2, 'member_gone', 3, 3])
    expect(await repository.append(node, entries)).toEqual(results)
    expect((await logOf(repository, room)).map(({ seq }) => seq)).toEqual([1, 2, 3])
    const late = joining(room)
    const early = saying(late)
    const again = await repository.append(node, [early, late, early])
    expect(seqs(again)).toEqual(['member_gone', 4, 'member_gone'])
  })

  test('R5 joins, chats and leaves may be repeated after the member left and the room is full', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const join = joining(room, ['A', 'B', 'C'], 1)
    const said = saying(join)
    const leave = leaving(join)
    const results = []
    for (const entry of [join, said, leave])
      results.push(...(await repository.append(node, [entry])))
    await repository.append(node, [joining(room, ['A', 'B', 'C'], 1)])
    for (const [index, entry] of [join, said, leave].entries()) {
      expect(await repository.append(node, [entry])).toEqual([results[index]])
    }
    expect(await repository.append(node, [join, said, leave])).toEqual(results)
    expect((await repository.findRoom(room))?.members).toHaveLength(1)
    expect(await logOf(repository, room)).toHaveLength(4)
  })

  test('R5 concurrent retries of the same batch store it once and all get the same answer', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const member = await newMember(repository, node, room)
    const arrival = joining(room)
    const batches = [
      [saying(member)],
      [saying(member), arrival, saying(arrival)],
      [leaving(member)],
    ]
    for (const batch of batches) {
      const tries = await Promise.all(upTo(12).map(() => repository.append(node, batch)))
      for (const result of tries) expect(result).toEqual(tries[0])
    }
    expect((await logOf(repository, room)).map(({ seq }) => seq)).toEqual(upTo(6))
  })
}
