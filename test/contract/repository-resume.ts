import { createHash, randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { AppendJoined } from '../../src/ports/append.ts'
import type { NodeId, ResumeHash, RoomId } from '../../src/ports/model.ts'
import type { Attachment, Repository } from '../../src/ports/repository.ts'
import type { MakeStored } from './repository-scene.ts'
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
} from './repository-scene.ts'

const RESUME_MS = 150
const NOW = { leaseMs: LONG_MS, resumeMs: 0 }
/** Whoever lapsed is reaped, whoever is detached for long. */
const LAPSED = { leaseMs: 0, resumeMs: RESUME_MS }

const newHash = (): ResumeHash =>
  createHash('sha256').update(randomUUID()).digest('hex') as ResumeHash

type Resumable = AppendJoined & { readonly resumeHash: ResumeHash }

const newResumable = async (
  repository: Repository,
  nodeId: NodeId,
  roomId: RoomId,
  names?: AppendJoined['names'],
): Promise<Resumable> => {
  const join = { ...joining(roomId, names), resumeHash: newHash() }
  await repository.append(nodeId, [join])
  return join
}

const first = ({ memberId }: Resumable): Attachment => ({ memberId, attachment: 1 })

const types = async (repository: Repository, roomId: RoomId): Promise<readonly string[]> =>
  (await logOf(repository, roomId)).map(({ type }) => type)

/** Members that outlive their connection. */
export const resumeRules = (make: MakeStored): void => {
  const scene = async () => {
    const { repository, elapse } = await make()
    const [node, other] = [await newNode(repository), await newNode(repository)]
    const room = await newRoom(repository)
    return { repository, elapse, node, other, room }
  }

  test('R30 a member is resumed on any node, attached or detached, under its name, without a log entry', async () => {
    const { repository, node, other, room } = await scene()
    const member = await newResumable(repository, node, room)
    const { memberId, resumeHash } = member
    const resumed = { memberId, memberName: member.names[0], lastSeq: 1 }
    expect(await repository.resume(other, room, resumeHash, LONG_MS)).toEqual({
      ...resumed,
      attachment: 2,
    })
    expect(await repository.membersOf(node)).toEqual([])
    expect(await repository.membersOf(other)).toEqual([
      { memberId, roomId: room, attachment: 2, resumable: true },
    ])
    await repository.detach([{ memberId, attachment: 2 }])
    expect(await repository.resume(node, room, resumeHash, LONG_MS)).toEqual({
      ...resumed,
      attachment: 3,
    })
    expect(seqs(await repository.append(node, [saying(member)]))).toEqual([2])
    expect(seqs(await repository.append(other, [saying(member)]))).toEqual(['member_gone'])
    expect(await repository.resume(node, room, resumeHash, LONG_MS)).toMatchObject({ lastSeq: 2 })
    expect(await types(repository, room)).toEqual(['joined', 'chat'])
    expect((await repository.findRoom(room))?.members).toHaveLength(1)
  })

  test('R30 of fifty resumes at once each gets its own attachment, and the member is where the highest is', async () => {
    const { repository, node, other, room } = await scene()
    const { memberId, resumeHash } = await newResumable(repository, node, room)
    const nodes = [node, other, await newNode(repository)]
    const results = await Promise.all(
      upTo(50).map(async (n) => {
        const at = nodes[n % 3]!
        const resumed = await repository.resume(at, room, resumeHash, LONG_MS)
        return { at, attachment: resumed?.attachment ?? 0 }
      }),
    )
    const numbers = results.map(({ attachment }) => attachment).toSorted((a, b) => a - b)
    expect(numbers).toEqual(upTo(50).map((n) => n + 1))
    const last = results.find(({ attachment }) => attachment === 51)!
    for (const at of nodes) {
      const here = (await repository.membersOf(at)).map((stored) => stored.memberId)
      expect(here).toEqual(at === last.at ? [memberId] : [])
    }
  })

  test('R31 too late, unknown, of another room, or by a node that is gone: nothing is resumed or changed', async () => {
    const { repository, elapse, node, other, room } = await scene()
    const member = await newResumable(repository, node, room)
    const { resumeHash } = member
    const dead = await newNode(repository)
    await repository.reap(dead, NOW, 10)
    const nothing = async (): Promise<void> => {
      expect(await repository.resume(other, room, newHash(), LONG_MS)).toBeUndefined()
      expect(await repository.resume(other, newRoomId(), resumeHash, LONG_MS)).toBeUndefined()
      const another = await newRoom(repository)
      expect(await repository.resume(other, another, resumeHash, LONG_MS)).toBeUndefined()
      expect(await repository.resume(dead, room, resumeHash, LONG_MS)).toBeUndefined()
    }
    await nothing()
    expect(await repository.membersOf(node)).toHaveLength(1)
    await repository.detach([first(member)])
    await nothing()
    await elapse(RESUME_MS + 1)
    expect(await repository.resume(other, room, resumeHash, RESUME_MS)).toBeUndefined()
    expect(await repository.resume(other, room, resumeHash, LONG_MS)).toMatchObject({
      attachment: 2,
    })
    await repository.append(other, [leaving(member)])
    expect(await repository.resume(other, room, resumeHash, LONG_MS)).toBeUndefined()
  })

  test('R32 a detached member keeps its name and place, and what it had said is still taken', async () => {
    const { repository, elapse, node, other, room } = await scene()
    const member = await newResumable(repository, node, room, ['Red Fox', 'B', 'C'])
    await repository.detach([first(member)])
    await repository.detach([first(member)])
    expect(await repository.membersOf(node)).toEqual([])
    expect((await repository.findRoom(room))?.members).toEqual([
      { id: member.memberId, name: 'Red Fox' },
    ])
    expect(await types(repository, room)).toEqual(['joined'])
    const full = joining(room, ['A', 'B', 'C'], 1)
    expect(seqs(await repository.append(other, [full]))).toEqual(['room_full'])
    expect(seqs(await repository.append(node, [saying(member)]))).toEqual([2])
    expect(seqs(await repository.append(other, [saying(member)]))).toEqual(['member_gone'])
    const [named] = await repository.append(other, [joining(room, ['red fox', 'Tin Owl', 'C'])])
    expect(named).toMatchObject({ message: { memberName: 'Tin Owl' } })
    const alone = await newRoom(repository)
    await repository.detach([first(await newResumable(repository, node, alone))])
    await elapse(RESUME_MS + 1)
    await repository.expireRooms({ roomTtlMs: 0, unusedRoomTtlMs: 0 })
    expect((await repository.findRoom(alone))?.members).toHaveLength(1)
  })

  test('R32 a detach ends no other attachment than its own, and no member that cannot be resumed', async () => {
    const { repository, node, other, room } = await scene()
    const member = await newResumable(repository, node, room)
    const plain = await newMember(repository, node, room)
    await repository.resume(other, room, member.resumeHash, LONG_MS)
    await repository.detach([first(member), { memberId: plain.memberId, attachment: 1 }])
    await repository.detach([])
    expect(await repository.membersOf(node)).toEqual([
      { memberId: plain.memberId, roomId: room, attachment: 1, resumable: false },
    ])
    expect(await repository.membersOf(other)).toHaveLength(1)
  })

  test('R32 a leave counts from where the member is attached, not from where it was', async () => {
    const { repository, node, other, room } = await scene()
    const member = await newResumable(repository, node, room)
    await repository.resume(other, room, member.resumeHash, LONG_MS)
    expect(seqs(await repository.append(node, [leaving(member)]))).toEqual(['member_gone'])
    expect(seqs(await repository.append(other, [leaving(member)]))).toEqual([2])
    const gone = await newResumable(repository, node, room)
    await repository.detach([first(gone)])
    expect(seqs(await repository.append(other, [leaving(gone)]))).toEqual(['member_gone'])
    expect(seqs(await repository.append(node, [leaving(gone)]))).toEqual([4])
  })

  test('R33 members of a gone node that can be resumed are detached as of then, the others leave', async () => {
    const { repository, elapse, node, other, room } = await scene()
    const members = await Promise.all(upTo(5).map(() => newResumable(repository, node, room)))
    await newMember(repository, node, room)
    await elapse(RESUME_MS + 1)
    expect(await repository.reap(node, { leaseMs: LONG_MS, resumeMs: RESUME_MS }, 2)).toHaveLength(
      1,
    )
    expect(await repository.membersOf(node)).toEqual([])
    expect((await repository.findRoom(room))?.members).toHaveLength(5)
    expect(seqs(await repository.append(node, [saying(members[0]!)]))).toEqual(['member_gone'])
    const [back] = members
    expect(await repository.resume(other, room, back!.resumeHash, RESUME_MS)).toMatchObject({
      memberId: back!.memberId,
    })
    expect(await repository.reap('lapsed', LAPSED, 100)).toEqual([])
    await elapse(RESUME_MS + 1)
    expect(await repository.reap(other, { leaseMs: LONG_MS, resumeMs: RESUME_MS }, 100)).toEqual([])
    const after = await newNode(repository)
    const portions = [
      await repository.reap('lapsed', LAPSED, 3),
      await repository.reap('lapsed', LAPSED, 3),
    ]
    expect(portions.map((portion) => portion.length)).toEqual([3, 1])
    expect(new Set(portions.flat().map(({ memberId }) => memberId))).toEqual(
      new Set(members.slice(1).map(({ memberId }) => memberId)),
    )
    expect((await repository.findRoom(room))?.members).toEqual([
      { id: back!.memberId, name: back!.names[0] },
    ])
    expect(seqs(await repository.append(after, [joining(room)]))).toEqual([12])
  })

  test('R33 resumes and reapers at once: a member is resumed, or leaves once, never both', async () => {
    const { repository, elapse, node, other, room } = await scene()
    const members = await Promise.all(upTo(40).map(() => newResumable(repository, node, room)))
    await repository.detach(members.map(first))
    await elapse(RESUME_MS + 1)
    const reaper = async (): Promise<void> => {
      while ((await repository.reap('lapsed', LAPSED, 3)).length === 3);
    }
    const [resumed] = await Promise.all([
      Promise.all(members.map((m) => repository.resume(other, room, m.resumeHash, LONG_MS))),
      reaper(),
      reaper(),
    ])
    await reaper()
    const stay = members.filter((_, index) => resumed[index] !== undefined)
    const log = await logOf(repository, room)
    const left = log.filter(({ type }) => type === 'left').map(({ memberId }) => memberId)
    expect(left.toSorted()).toEqual(
      members
        .filter((member) => !stay.includes(member))
        .map(({ memberId }) => memberId)
        .toSorted(),
    )
    expect((await repository.membersOf(other)).map(({ memberId }) => memberId).toSorted()).toEqual(
      stay.map(({ memberId }) => memberId).toSorted(),
    )
    expect(log.map(({ seq }) => seq)).toEqual(upTo(log.length))
  })

  test('R34 the roster at a seq has who was there then, whoever came and went since', async () => {
    const { repository, node, room } = await scene()
    const ref = ({ memberId: id, names: [name] }: AppendJoined) => ({ id, name })
    const early = await Promise.all(upTo(4).map(() => newMember(repository, node, room)))
    const [, goes] = early
    await repository.append(node, [saying(early[0]!), leaving(goes!)])
    const late = joining(room)
    const brief = joining(room)
    await repository.append(node, [late, saying(late), brief, leaving(brief), leaving(early[2]!)])
    const at = async (seq: number, limit = 100) => {
      const roster = (await repository.rosterAt(room, seq, limit))!
      expect(roster.settings.name).toBe('Imperfect Seat')
      const ids = new Set(roster.members.map(({ id }) => id))
      return { ...roster, ids }
    }
    const idsOf = (...members: AppendJoined[]) => new Set(members.map(({ memberId }) => memberId))
    const [a, b, c, d] = early as [AppendJoined, AppendJoined, AppendJoined, AppendJoined]
    expect(await at(4)).toMatchObject({ ids: idsOf(a, b, c, d), memberCount: 4 })
    expect(await at(5)).toMatchObject({ ids: idsOf(a, b, c, d), memberCount: 4 })
    expect(await at(6)).toMatchObject({ ids: idsOf(a, c, d), memberCount: 3 })
    expect(await at(7)).toMatchObject({ ids: idsOf(a, c, d, late), memberCount: 4 })
    expect(await at(9)).toMatchObject({ ids: idsOf(a, c, d, late, brief), memberCount: 5 })
    expect(await at(10)).toMatchObject({ ids: idsOf(a, c, d, late), memberCount: 4 })
    expect(await at(11)).toMatchObject({ ids: idsOf(a, d, late), memberCount: 3 })
    expect((await at(6)).members).toEqual(expect.arrayContaining([ref(a), ref(c), ref(d)]))
    const some = await at(9, 2)
    expect(some.ids.size).toBe(2)
    const all = idsOf(a, c, d, late, brief)
    expect([...some.ids].filter((id) => !all.has(id))).toEqual([])
    expect(some.memberCount).toBe(5)
    const empty = await newRoom(repository)
    expect(await repository.rosterAt(empty, 0, 5)).toEqual({
      settings: {
        ...{ name: 'Imperfect Seat', topic: '', capacity: undefined },
        ...{ public: false, locked: false, slowMs: 0 },
      },
      members: [],
      memberCount: 0,
    })
    expect(await repository.rosterAt(newRoomId(), 0, 5)).toBeUndefined()
  })
}
