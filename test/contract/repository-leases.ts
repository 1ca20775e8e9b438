import { expect, test } from 'vitest'
import type { LoggedMessage, NodeId } from '../../src/ports/model.ts'
import type { Repository } from '../../src/ports/repository.ts'
import type { MakeStored } from './repository-scene.ts'
import {
  joining,
  leaving,
  logOf,
  LONG_MS,
  newRoomId,
  newNodeId,
  newMember,
  newNode,
  newRoom,
  saying,
  seqs,
  upTo,
} from './repository-scene.ts'

const LEASE_MS = 150
const HUNDRED_YEARS_MS = 3_153_600_000_000

/** Who is alive, and what becomes of the members of who is not. */
export const leaseRules = (make: MakeStored): void => {
  test('R16 a lease is taken before it is renewed, and may be taken again while it is held', async () => {
    const { repository } = await make()
    const node = newNodeId()
    expect(await repository.holdLease(node, LONG_MS, 'renew')).toBe(false)
    expect(await repository.holdLease(node, LONG_MS, 'take')).toBe(true)
    expect(await repository.holdLease(node, LONG_MS, 'take')).toBe(true)
    expect(await repository.holdLease(node, LONG_MS, 'renew')).toBe(true)
  })

  test('R16 a lapsed lease that nobody reaped can be renewed; a renewed one does not lapse', async () => {
    const { repository, elapse } = await make()
    const node = await newNode(repository, LEASE_MS)
    const room = await newRoom(repository)
    await newMember(repository, node, room)
    await elapse(LEASE_MS + 1)
    expect(await repository.holdLease(node, LONG_MS, 'renew')).toBe(true)
    await elapse(LEASE_MS + 1)
    expect(await repository.reap('lapsed', { leaseMs: LEASE_MS, resumeMs: LONG_MS }, 10)).toEqual(
      [],
    )
    expect((await repository.findRoom(room))?.members).toHaveLength(1)
  })

  test('R17 a reaped node is gone for ever, and nothing it sends is stored', async () => {
    const { repository } = await make()
    const [node, other] = [await newNode(repository), await newNode(repository)]
    const room = await newRoom(repository)
    const [member, second] = [
      await newMember(repository, node, room),
      await newMember(repository, node, room),
    ]
    const left = await repository.reap(node, { leaseMs: LONG_MS, resumeMs: LONG_MS }, 1)
    expect(left).toHaveLength(1)
    expect(await repository.holdLease(node, LONG_MS, 'renew')).toBe(false)
    expect(await repository.holdLease(node, LONG_MS, 'take')).toBe(false)
    const entries = [saying(member), joining(room), leaving(second), joining(newRoomId())]
    const refused = entries.map(() => ({ rejected: 'member_gone' }))
    expect(await repository.append(node, entries)).toEqual(refused)
    for (const entry of entries) {
      expect(await repository.append(node, [entry])).toEqual([{ rejected: 'member_gone' }])
    }
    expect(await repository.reap(node, { leaseMs: LONG_MS, resumeMs: LONG_MS }, 10)).toHaveLength(1)
    expect(await repository.holdLease(node, LONG_MS, 'renew')).toBe(false)
    expect(await repository.append(node, entries)).toEqual(refused)
    expect((await logOf(repository, room)).map(({ type }) => type)).toEqual([
      'joined',
      'joined',
      'left',
      'left',
    ])
    expect(seqs(await repository.append(other, [joining(room)]))).toEqual([5])
  })

  test('R17 a node that never held a lease writes nothing', async () => {
    const { repository } = await make()
    const room = await newRoom(repository)
    expect(seqs(await repository.append(newNodeId(), [joining(room)]))).toEqual(['member_gone'])
    expect(await logOf(repository, room)).toEqual([])
  })

  test('R18 reaping a node removes its members, in portions, and nobody else', async () => {
    const { repository } = await make()
    const [node, other] = [await newNode(repository), await newNode(repository)]
    const rooms = [await newRoom(repository), await newRoom(repository)]
    const joins = upTo(7).map((n) => joining(rooms[n % 2]!, [`Member ${n}`, 'B', 'C']))
    await repository.append(node, joins)
    const stayed = await newMember(repository, other, rooms[0]!)
    const lefts = [
      await repository.reap(node, { leaseMs: LONG_MS, resumeMs: LONG_MS }, 3),
      await repository.reap(node, { leaseMs: LONG_MS, resumeMs: LONG_MS }, 3),
      await repository.reap(node, { leaseMs: LONG_MS, resumeMs: LONG_MS }, 3),
    ]
    expect(lefts.map((portion) => portion.length)).toEqual([3, 3, 1])
    for (const portion of lefts) expect(portion).toEqual(portion.toSorted(byRoomAndSeq))
    expect(new Set(lefts.flat().map(({ memberId }) => memberId))).toEqual(
      new Set(joins.map(({ memberId }) => memberId)),
    )
    for (const room of rooms) {
      const log = await logOf(repository, room)
      const left = log.filter(({ type }) => type === 'left')
      expect(left).toEqual(
        lefts
          .flat()
          .filter(({ roomId }) => roomId === room)
          .toSorted(byRoomAndSeq),
      )
      for (const message of left)
        expect(message.message).toBe(`${message.memberName} left the room.`)
      expect(log.map(({ seq }) => seq)).toEqual(upTo(log.length))
    }
    expect((await repository.findRoom(rooms[0]!))?.members).toEqual([
      { id: stayed.memberId, name: stayed.names[0] },
    ])
    expect((await repository.findRoom(rooms[1]!))?.members).toEqual([])
    expect(await repository.reap(node, { leaseMs: LONG_MS, resumeMs: LONG_MS }, 3)).toEqual([])
    expect(
      seqs(await repository.append(other, [joining(rooms[1]!, ['Member 1', 'B', 'C'], 1)])),
    ).toEqual([(await logOf(repository, rooms[1]!)).length])
  })

  test('R18 whoever reaps what lapsed removes the members of every node whose lease ran out', async () => {
    const { repository, elapse } = await make()
    const dead = [await newNode(repository, LEASE_MS), await newNode(repository, LEASE_MS)]
    const alive = await newNode(repository)
    const room = await newRoom(repository)
    for (const node of [...dead, alive]) await newMember(repository, node, room)
    expect(await repository.reap('lapsed', { leaseMs: LEASE_MS, resumeMs: LONG_MS }, 10)).toEqual(
      [],
    )
    await elapse(LEASE_MS + 1)
    expect(
      await repository.reap('lapsed', { leaseMs: LEASE_MS, resumeMs: LONG_MS }, 10),
    ).toHaveLength(2)
    for (const node of dead) expect(await repository.holdLease(node, LONG_MS, 'renew')).toBe(false)
    expect(await repository.holdLease(alive, LONG_MS, 'renew')).toBe(true)
    expect(await repository.membersOf(alive)).toHaveLength(1)
    expect((await repository.findRoom(room))?.members).toHaveLength(1)
    expect(await repository.reap('lapsed', { leaseMs: LEASE_MS, resumeMs: LONG_MS }, 10)).toEqual(
      [],
    )
  })

  test('R18 what one reaper left unfinished, the next one finishes', async () => {
    const { repository } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    await repository.append(
      node,
      upTo(5).map(() => joining(room)),
    )
    expect(await repository.reap(node, { leaseMs: LONG_MS, resumeMs: LONG_MS }, 2)).toHaveLength(2)
    expect(await repository.reap('lapsed', { leaseMs: 0, resumeMs: LONG_MS }, 10)).toHaveLength(3)
  })

  test('R19 nobody counts as lapsed within a lease of the start of the repository', async () => {
    const { repository, elapse } = await make()
    const node = await newNode(repository, LEASE_MS)
    const room = await newRoom(repository)
    await newMember(repository, node, room)
    await newMember(repository, node, room)
    await elapse(LEASE_MS + 1)
    expect(
      await repository.reap('lapsed', { leaseMs: HUNDRED_YEARS_MS, resumeMs: LONG_MS }, 10),
    ).toEqual([])
    expect(await repository.holdLease(node, LONG_MS, 'renew')).toBe(true)
    expect(
      await repository.reap(node, { leaseMs: HUNDRED_YEARS_MS, resumeMs: LONG_MS }, 1),
    ).toHaveLength(1)
    expect(
      await repository.reap('lapsed', { leaseMs: HUNDRED_YEARS_MS, resumeMs: LONG_MS }, 10),
    ).toEqual([])
    expect(
      await repository.reap(node, { leaseMs: HUNDRED_YEARS_MS, resumeMs: LONG_MS }, 10),
    ).toHaveLength(1)
  })

  test('R15 three reapers at once and concurrent leaves: every member leaves once', async () => {
    const { repository, elapse } = await make()
    const [dead, other] = [await newNode(repository, LEASE_MS), await newNode(repository)]
    const rooms = await Promise.all(upTo(10).map(() => newRoom(repository)))
    const joins = upTo(120).map((n) => joining(rooms[n % 10]!))
    await repository.append(dead, joins)
    await elapse(LEASE_MS + 1)
    const reapers = [
      reapAll(repository, 'lapsed', 7),
      reapAll(repository, 'lapsed', 7),
      reapAll(repository, dead, 11),
    ].map(async (reaper) => {
      const removed = await reaper
      // Fewer than the limit means that nothing is left, not that others were faster.
      expect(await repository.membersOf(dead)).toEqual([])
      return removed
    })
    const leaves = joins
      .filter((_, index) => index % 4 === 0)
      .map((join) => repository.append(other, [leaving(join)]))
    const done = await Promise.all([...reapers, ...leaves])
    const answered = done
      .flat()
      .flatMap((x) => ('id' in x ? [x] : 'message' in x ? [x.message] : []))
    expect(answered.map(({ memberId }) => memberId).toSorted()).toEqual(
      joins.map(({ memberId }) => memberId).toSorted(),
    )
    for (const room of rooms) {
      const log = await logOf(repository, room)
      expect(log.map(({ seq }) => seq)).toEqual(upTo(24))
      expect(log.slice(12).map(({ type }) => type)).toEqual(upTo(12).map(() => 'left'))
    }
  })

  test('R20 whatever a node wrote while it was reaped comes before its `left`, and no member stays', async () => {
    const { repository } = await make()
    for (const _ of upTo(8)) {
      const node = await newNode(repository)
      const room = await newRoom(repository)
      const member = await newMember(repository, node, room)
      const writes = upTo(20).map((n) =>
        repository.append(node, n % 3 === 0 ? [joining(room), saying(member)] : [saying(member)]),
      )
      await Promise.all([...writes, reapAll(repository, node, 2)])
      // A join that was stored while the reaper looked is left to the next one.
      await reapAll(repository, 'lapsed', 10, 0)
      expect((await repository.findRoom(room))?.members).toEqual([])
      const log = await logOf(repository, room)
      expect(log.map(({ seq }) => seq)).toEqual(upTo(log.length))
      const count = (type: string): number => log.filter((message) => message.type === type).length
      expect(count('left')).toBe(count('joined'))
      const left = log.findIndex(
        ({ type, memberId }) => type === 'left' && memberId === member.memberId,
      )
      expect(log.slice(left).filter(({ memberId }) => memberId === member.memberId)).toHaveLength(1)
    }
  })
}

const reapAll = async (
  repository: Repository,
  whom: NodeId | 'lapsed',
  limit: number,
  leaseMs = LEASE_MS,
): Promise<readonly LoggedMessage[]> => {
  const removed: LoggedMessage[] = []
  for (;;) {
    const portion = await repository.reap(whom, { leaseMs, resumeMs: LONG_MS }, limit)
    removed.push(...portion)
    if (portion.length < limit) return removed
  }
}

const byRoomAndSeq = (a: LoggedMessage, b: LoggedMessage): number =>
  a.roomId < b.roomId ? -1 : a.roomId > b.roomId ? 1 : a.seq - b.seq
