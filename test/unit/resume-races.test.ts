import { describe, expect, test } from 'vitest'
import { RoomError } from '../../src/ports/errors.ts'
import { FakeConnection } from '../fake-connection.ts'
import { openWorld, tamper } from '../local-node.ts'

const RESUME_MS = 30_000
/** Longer than it takes until the rows of a node are compared. */
const COMPARED_MS = 15_000

const openRoom = async () => {
  const world = openWorld()
  const { clock, repository, startNode, joinResumable } = world
  const other = await startNode()
  const { id: roomId } = await other.createRoom()
  await clock.advance(20_000)

  /** A node whose resumes are answered when `answers` says so, by their order. */
  const startSlowNode = async () => {
    const answers: (() => void)[] = []
    const node = await startNode({
      repository: tamper(repository, {
        resume: async (...args) => {
          const resumed = await repository.resume(...args)
          await new Promise<void>((resolve) => answers.push(resolve))
          return resumed
        },
      }),
    })
    return { node, answers }
  }

  /** Someone who was in the room, and whose connection is lost. */
  const lost = async () => {
    const bob = await joinResumable(other, roomId)
    bob.member.leave()
    await clock.advance(10)
    return bob
  }

  return { ...world, other, roomId, startSlowNode, lost }
}

describe('a resume whose answer takes its time', () => {
  test('is not taken for a stray meanwhile, also when another one of its room is done', async () => {
    const { clock, roomId, startSlowNode, lost, logOf } = await openRoom()
    const { node, answers } = await startSlowNode()
    const [bob, cleo] = [await lost(), await lost()]
    const connection = new FakeConnection()
    const joining = node.joinResumable(roomId, connection, { after: 1, resume: bob.resume })
    const another = node.joinResumable(roomId, new FakeConnection(), { resume: cleo.resume })
    await clock.advance(25)
    answers[1]!()
    await clock.advance(COMPARED_MS)
    answers[0]!()
    await clock.advance(RESUME_MS * 2)
    expect((await joining).member.id).toBe(bob.member.id)
    expect((await another).member.id).toBe(cleo.member.id)
    expect(connection.closed).toBeUndefined()
    expect(await logOf(roomId)).toHaveLength(2)
  })

  test('does not take the place of a newer one on the same node', async () => {
    const { clock, roomId, startSlowNode, lost } = await openRoom()
    const { node, answers } = await startSlowNode()
    const { resume, member } = await lost()
    const [older, newer] = [new FakeConnection(), new FakeConnection()]
    const joining = [older, newer].map((connection) =>
      node.joinResumable(roomId, connection, { after: 1, resume }),
    )
    await clock.advance(25)
    answers[1]!()
    await clock.advance(10)
    answers[0]!()
    await clock.advance(COMPARED_MS)
    expect((await joining[1]!).member.id).toBe(member.id)
    expect([older.closed, newer.closed]).toEqual(['replaced', undefined])
    expect(node.holds.members).toBe(1)
  })

  test('is refused by a node that drains meanwhile, and can be had elsewhere', async () => {
    const { clock, other, roomId, startSlowNode, lost, joinResumable, logOf } = await openRoom()
    const { node, answers } = await startSlowNode()
    const { resume, member } = await lost()
    const connection = new FakeConnection()
    const joining = node.joinResumable(roomId, connection, { resume })
    joining.catch(() => {})
    await clock.advance(10)
    const drained = node.drain(0)
    answers[0]!()
    await clock.advance(1_000)
    await drained
    await expect(joining).rejects.toMatchObject({ code: 'draining' })
    expect((await joinResumable(other, roomId, { resume })).member.id).toBe(member.id)
    expect(await logOf(roomId)).toHaveLength(1)
  })
})

test('whoever cannot be told of its room: a new member leaves, a resumed one may come back', async () => {
  const { clock, repository, startNode, other, roomId, lost, joinResumable, logOf } =
    await openRoom()
  const node = await startNode({
    repository: tamper(repository, {
      rosterAt: () => Promise.reject(new RoomError('unavailable', 'down')),
    }),
  })
  const { resume, member } = await lost()
  const refused = { code: 'unavailable' }
  await expect(joinResumable(node, roomId, { resume })).rejects.toMatchObject(refused)
  await expect(joinResumable(node, roomId)).rejects.toMatchObject(refused)
  await clock.advance(100)
  expect((await logOf(roomId)).map(({ type }) => type)).toEqual(['joined', 'joined', 'left'])
  expect((await joinResumable(other, roomId, { resume })).member.id).toBe(member.id)
})

test('a stray is detached, not removed: it can still come back; an older connection makes way', async () => {
  const { clock, repository, startNode, other, roomId, lost, joinResumable } = await openRoom()
  const node = await startNode({
    repository: tamper(repository, {
      resume: async (...args) => {
        await repository.resume(...args)
        throw new RoomError('unknown', 'no reply')
      },
    }),
  })
  const [bob, cleo] = [await lost(), await joinResumable(node, roomId)]
  for (const { resume } of [bob, cleo]) {
    const joining = joinResumable(node, roomId, { resume })
    await expect(joining).rejects.toMatchObject({ code: 'unknown' })
  }
  await clock.advance(COMPARED_MS)
  expect(cleo.connection.closed).toBe('replaced')
  for (const { resume, member } of [bob, cleo]) {
    expect((await joinResumable(other, roomId, { resume })).member.id).toBe(member.id)
  }
})

test('a member that came after the rows were read is not missed in them', async () => {
  const { clock, repository, startNode, roomId, joinResumable } = await openRoom()
  let answer = () => {}
  const node = await startNode({
    repository: tamper(repository, {
      membersOf: async (nodeId) => {
        const rows = await repository.membersOf(nodeId)
        await new Promise<void>((resolve) => (answer = resolve))
        return rows
      },
    }),
  })
  await clock.advance(COMPARED_MS)
  const { connection } = await joinResumable(node, roomId)
  answer()
  await clock.advance(10)
  expect(connection.closed).toBeUndefined()
})

test('a detach that meets a bug is given up, and the row falls to the next comparison', async () => {
  const { clock, repository, startNode, roomId, joinResumable, logOf } = await openRoom()
  let bugs = 1
  const node = await startNode({
    repository: tamper(repository, {
      detach: (...args) => {
        bugs -= 1
        if (bugs >= 0) return Promise.reject(new RoomError('internal', 'a bug'))
        return repository.detach(...args)
      },
    }),
  })
  const bob = await joinResumable(node, roomId)
  bob.member.leave()
  await clock.advance(400)
  expect(node.holds.members).toBe(0)
  await clock.advance(COMPARED_MS + RESUME_MS + 5_000)
  expect((await logOf(roomId)).map(({ type }) => type)).toEqual(['joined', 'left'])
})

test('of many members 200 are named, whoever joins among them', async () => {
  const { clock, other, roomId, joinResumable } = await openRoom()
  for (let count = 0; count < 210; count += 1) void other.join(roomId, new FakeConnection())
  await clock.advance(1_000)
  const { member, members, memberCount } = await joinResumable(other, roomId)
  expect([members.length, memberCount]).toEqual([200, 211])
  expect(new Set(members.map(({ id }) => id)).size).toBe(200)
  expect(members).toContainEqual({ id: member.id, name: member.name })
})

describe('a replay', () => {
  const TEXTS = 3_000

  const openReplay = async (read: 'all' | 'nothing') => {
    const world = await openRoom()
    const { clock, repository, startNode, other, roomId, join } = world
    let reads = 0
    const node = await startNode({
      repository: tamper(repository, {
        read: (...args) => {
          reads += 1
          return read === 'all' ? repository.read(...args) : Promise.resolve(undefined)
        },
      }),
    })
    const ada = await join(other, roomId)
    // Keeps the room open here.
    await join(node, roomId)
    for (let count = 0; count < TEXTS; count += 1) ada.member.post(`text ${count}`)
    await clock.advance(1_000)
    const connection = new FakeConnection()
    const joining = node.joinResumable(roomId, connection, { after: 0 })
    return { clock, connection, joining, reads: () => reads }
  }

  test('of a member that has gone reads no further', async () => {
    const { clock, connection, joining, reads } = await openReplay('all')
    connection.stalled = true
    await clock.advance(500)
    const { member } = await joining
    const before = reads()
    expect(connection.messages.length).toBeLessThan(TEXTS)
    member.leave()
    connection.unsent = 0
    await clock.advance(1_000)
    expect(reads()).toBe(before)
  })

  test('of a room that is gone ends with it', async () => {
    const { clock, connection, joining } = await openReplay('nothing')
    await clock.advance(500)
    await joining
    expect(connection.closed).toBe('room_gone')
  })
})
