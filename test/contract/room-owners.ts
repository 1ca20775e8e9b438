import { expect, test } from 'vitest'
import { SystemIds } from '../../src/adapters/system/ids.ts'
import type { AppendJoined } from '../../src/ports/append.ts'
import type { AddressMark, LogRow, RoomId } from '../../src/ports/model.ts'
import type { Repository } from '../../src/ports/repository.ts'
import type { MakeStored } from './repository-scene.ts'
import {
  joining,
  leaving,
  LONG_MS,
  newMember,
  newMemberId,
  newMessageId,
  newNode,
  newRoom,
  newRoomId,
  saying,
  seqs,
  upTo,
} from './repository-scene.ts'

const TTLS = { roomTtlMs: LONG_MS, unusedRoomTtlMs: LONG_MS }
const KEEP_OUT_MS = 300

const ids = new SystemIds()

/** What an owner may do. */
export const ownerRules = (make: MakeStored): void => {
  const scene = async () => {
    const { repository, roomOwners, elapse } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    return { repository, roomOwners, elapse, node, room }
  }

  test('R38 a room has the owner that it was made with, or none', async () => {
    const { repository, roomOwners, room } = await scene()
    const owned = newRoomId()
    const ownerHash = ids.ownerHash(ids.ownerToken())
    await repository.createRoom({ id: owned, name: 'Own Seat', ownerHash })
    expect(await roomOwners.findOwner(owned)).toBe(ownerHash)
    expect(await roomOwners.findOwner(room)).toBe('none')
    expect(await roomOwners.findOwner(newRoomId())).toBeUndefined()
  })

  test('R39 settings change as is said and no others; the log says so once, if anybody ever joined', async () => {
    const { repository, roomOwners, node, room } = await scene()
    const change = (changes: object) => roomOwners.changeRoom(room, newMessageId(), changes)
    const topic = 'Seats; \'perfect\' "ones"'
    const early = await change({ topic, capacity: 5 })
    const usual = { name: 'Imperfect Seat', public: false, locked: false, slowMs: 0 }
    expect(early).toEqual({ settings: { ...usual, topic, capacity: 5 }, row: undefined })
    const member = await newMember(repository, node, room)
    expect((await change({ topic }))?.row).toBeUndefined()
    const all = { name: 'A', topic: '', capacity: 2, public: true, locked: true, slowMs: 3_000 }
    const { settings, row } = (await change(all))!
    expect(settings).toEqual(all)
    const sent = expect.any(Number)
    expect(row).toEqual({ type: 'settings', roomId: room, seq: 2, sent, ...all })
    expect((await change({ capacity: undefined }))!.settings).toEqual({
      ...all,
      capacity: undefined,
    })
    expect(await repository.roomInfo(room, TTLS)).toMatchObject({
      ...{ ...all, capacity: undefined, messageCount: 1 },
    })
    expect((await repository.rosterAt(room, 3, 5))?.settings.name).toBe('A')
    // Each row tells of the settings as they are now.
    expect((await rowsOf(repository, room)).slice(1)).toEqual([
      { ...row, capacity: undefined },
      { ...row, capacity: undefined, seq: 3, sent },
    ])
    expect(seqs(await repository.append(node, [saying(member)]))).toEqual([4])
    expect(await roomOwners.changeRoom(newRoomId(), newMessageId(), all)).toBeUndefined()
  })

  test('R40 a capacity counts beside the most of each join, a locked room takes nobody in', async () => {
    const { repository, roomOwners, node, room } = await scene()
    await roomOwners.changeRoom(room, newMessageId(), { capacity: 2 })
    const first = await newMember(repository, node, room)
    const three = [joining(room), joining(room), joining(room, undefined, 1)]
    expect(seqs(await repository.append(node, three))).toEqual([2, 'room_full', 'room_full'])
    await repository.append(node, [leaving(first)])
    await roomOwners.changeRoom(room, newMessageId(), { locked: true, capacity: undefined })
    const { messageId, ...again } = three[1]!
    expect(messageId).toBeDefined()
    const join = { ...again, messageId: newMessageId() }
    expect(seqs(await repository.append(node, [join]))).toEqual(['room_locked'])
    expect(seqs(await repository.append(node, [saying(three[0]!)]))).toEqual([5])
    await roomOwners.changeRoom(room, newMessageId(), { locked: false })
    expect(seqs(await repository.append(node, [join]))).toEqual([7])
  })

  test('R40 of fifty joins at once as many are stored as have a place, and a leave gives one back', async () => {
    const { repository, roomOwners, room } = await scene()
    const nodes = [await newNode(repository), await newNode(repository)]
    await roomOwners.changeRoom(room, newMessageId(), { capacity: 2 })
    const join = async () => {
      const joins = upTo(50).map(() => joining(room))
      const results = await Promise.all(
        joins.map((entry, n) => repository.append(nodes[n % 2]!, [entry])),
      )
      return joins.filter((_, n) => seqs(results[n]!)[0] !== 'room_full')
    }
    const [one] = await join()
    expect((await repository.findRoom(room))?.members).toHaveLength(2)
    await repository.append(nodes[0]!, [leaving(one!)])
    expect(await join()).toHaveLength(1)
    expect((await repository.findRoom(room))?.members).toHaveLength(2)
  })

  test('R41 with slow mode a member waits between its texts, also within one call; others do not', async () => {
    const { repository, roomOwners, node, room, elapse } = await scene()
    const [a, b] = [
      await newMember(repository, node, room),
      await newMember(repository, node, room),
    ]
    await roomOwners.changeRoom(room, newMessageId(), { slowMs: 400 })
    const said = saying(a)
    const results = await repository.append(node, [said, saying(a), saying(b)])
    expect(seqs(results)).toEqual([4, 'too_soon', 5])
    expect(results[1]).toEqual({ rejected: 'too_soon', waitMs: expect.any(Number) })
    expect(seqs(await repository.append(node, [saying(a)]))).toEqual(['too_soon'])
    // A repeat is no other text.
    expect(seqs(await repository.append(node, [said]))).toEqual([4])
    await elapse(401)
    expect(seqs(await repository.append(node, [saying(a)]))).toEqual([6])
    await roomOwners.changeRoom(room, newMessageId(), { slowMs: 0 })
    expect(seqs(await repository.append(node, [saying(a), saying(a)]))).toEqual([8, 9])
  })

  test('R42 a removed member has one `left`, and nobody joins from where it was for a while', async () => {
    const { repository, roomOwners, node, room, elapse } = await scene()
    const other = await newRoom(repository)
    const from = (roomId: RoomId, address: number): AppendJoined => ({
      ...joining(roomId),
      address: address as AddressMark,
    })
    const [bad, good] = [from(room, 7), from(room, 8)]
    await repository.append(node, [bad, good])
    const id = newMessageId()
    const left = (await roomOwners.removeMember(bad, id, KEEP_OUT_MS))!
    const name = bad.names[0]
    expect(left).toEqual({
      ...{ id, roomId: room, memberId: bad.memberId, memberName: name, type: 'left' },
      ...{ message: `${name} left the room.`, sent: expect.any(Number), seq: 3, removed: true },
    })
    expect((await rowsOf(repository, room)).at(-1)).toEqual(left)
    expect(await roomOwners.removeMember(bad, newMessageId(), KEEP_OUT_MS)).toBeUndefined()
    expect(
      await roomOwners.removeMember({ ...good, roomId: other }, newMessageId(), 1),
    ).toBeUndefined()
    expect(seqs(await repository.append(node, [saying(bad), leaving(bad)]))).toEqual([
      'member_gone',
      'member_gone',
    ])
    const joins = [from(room, 7), from(room, 8), from(other, 7), joining(room)]
    expect(seqs(await repository.append(node, joins))).toEqual(['kept_out', 4, 1, 5])
    await elapse(KEEP_OUT_MS + 1)
    expect(seqs(await repository.append(node, [from(room, 7)]))).toEqual([6])
    const nobody = { roomId: room, memberId: newMemberId() }
    expect(await roomOwners.removeMember(nobody, newMessageId(), 1)).toBeUndefined()
  })

  test('R42 a member that is resumed from elsewhere is kept out from there', async () => {
    const { repository, roomOwners, node, room } = await scene()
    const hash = ids.resumeHash(ids.resumeSecret())
    const address = (mark: number) => ({ address: mark as AddressMark })
    const join = { ...joining(room), resumeHash: hash, ...address(1) }
    await repository.append(node, [join])
    await repository.resume(node, room, hash, LONG_MS, 2 as AddressMark)
    await roomOwners.removeMember(join, newMessageId(), LONG_MS)
    const joins = [
      { ...joining(room), ...address(1) },
      { ...joining(room), ...address(2) },
    ]
    expect(seqs(await repository.append(node, joins))).toEqual([3, 'kept_out'])
    expect(await repository.resume(node, room, hash, LONG_MS)).toBeUndefined()
  })

  test('R43 a room that is ended is gone for everyone at once, whoever is in it, and its rows go', async () => {
    const { repository, roomOwners, node, room } = await scene()
    const member = await newMember(repository, node, room)
    const texts = upTo(50).map(() => saying(member))
    await repository.append(node, texts)
    const racing = Promise.all(upTo(20).map(() => repository.append(node, [joining(room)])))
    expect(await roomOwners.endRoom(room)).toBe(true)
    const answers = (await racing).flatMap(seqs)
    expect(await roomOwners.endRoom(room)).toBe(false)
    expect(answers.filter((answer) => answer !== 'room_gone').length).toBeLessThanOrEqual(20)
    expect(await repository.findRoom(room)).toBeUndefined()
    expect(await repository.roomInfo(room, TTLS)).toBeUndefined()
    expect(await roomOwners.findOwner(room)).toBeUndefined()
    expect(await repository.rosterAt(room, 1, 5)).toBeUndefined()
    expect(await repository.read(room, { newest: true, limit: 5 })).toBeUndefined()
    expect(await repository.readLog(room, { after: 0, limit: 5, maxBytes: 99 })).toBeUndefined()
    expect(await roomOwners.changeRoom(room, newMessageId(), { name: 'B' })).toBeUndefined()
    expect(await roomOwners.removeMember(member, newMessageId(), 1)).toBeUndefined()
    expect(seqs(await repository.append(node, [saying(member), joining(room)]))).toEqual([
      'room_gone',
      'room_gone',
    ])
    while ((await repository.expireRooms(TTLS)).more);
    expect(await repository.membersOf(node)).toEqual([])
    // An id is stored once: these were removed if they can be stored again.
    const neighbour = await newMember(repository, node, await newRoom(repository))
    const again = texts.map(({ messageId }) => ({ ...saying(neighbour), messageId }))
    expect(seqs(await repository.append(node, again))).toEqual(upTo(50).map((n) => n + 1))
  })

  test('R44 the key for addresses is one, however often it is asked for', async () => {
    const { repository } = await scene()
    const key = await repository.addressKey()
    expect(key.length).toBeGreaterThanOrEqual(32)
    expect(await repository.addressKey()).toBe(key)
  })
}

const rowsOf = async (repository: Repository, room: RoomId): Promise<readonly LogRow[]> =>
  (await repository.readLog(room, { after: 0, limit: 1_000, maxBytes: 1 << 20 }))!.rows
