import { expect, test } from 'vitest'
import type { Queue } from '../../src/ports/queue.ts'
import { FakeConnection } from '../fake-connection.ts'
import { openWorld, tamper } from '../local-node.ts'

/** Longer than it takes until the rows of a node are compared, twice. */
const COMPARED_MS = 15_000

/** A room with an owner and a member on one node; another node hears what that one tells when it is let. */
const openRoom = async () => {
  const world = openWorld()
  const { clock, queue, repository, startNode, joinResumable, ownersOn } = world
  const held: (() => void)[] = []
  let holding = false
  const hold = async (tell: () => Promise<void>): Promise<void> => {
    if (holding) held.push(() => void tell())
    else await tell()
  }
  const slow: Queue = {
    publish: (...args) => hold(() => queue.publish(...args)),
    tell: (...args) => hold(() => queue.tell(...args)),
    subscribe: (...args) => queue.subscribe(...args),
    ping: () => queue.ping(),
  }
  const near = await startNode({ queue: slow })
  /** Its rounds see nothing before it compares its rows: it knows what it is told, and what it reads. */
  let blind = true
  const far = await startNode({
    repository: tamper(repository, {
      lastSeqs: (seen) => (blind ? Promise.resolve([]) : repository.lastSeqs(seen)),
      membersOf: (nodeId) => {
        blind = false
        return repository.membersOf(nodeId)
      },
    }),
  })
  const { id: roomId, ownerToken = '' } = await near.createRoom({ owned: true })
  const ada = await joinResumable(near, roomId)
  await clock.advance(20_000)
  blind = true
  return {
    ...world,
    ...{ near, far, roomId, ownerToken, ada, owners: ownersOn(near) },
    holdBack: () => (holding = true),
    letGo: () => {
      holding = false
      for (const tell of held.splice(0)) tell()
    },
  }
}

test('who is removed is told so, also when its node compares its rows before it hears of it', async () => {
  const { clock, owners, far, roomId, ownerToken, joinResumable, holdBack } = await openRoom()
  const bob = await joinResumable(far, roomId)
  holdBack()
  await owners.remove({ roomId, memberId: bob.member.id }, ownerToken)
  await clock.advance(COMPARED_MS)
  expect(bob.connection.closed).toBe('removed')
})

test('who is removed is told so, also when the log that says so is read slowly', async () => {
  const { clock, repository, startNode, owners, roomId, ownerToken, joinResumable, join } =
    await openRoom()
  let slow = false
  const read = async <T>(answer: Promise<T>): Promise<T> => {
    if (slow) await new Promise<void>((resolve) => clock.after(400, resolve))
    return answer
  }
  const far = await startNode({
    repository: tamper(repository, {
      lastSeqs: (seen) => read(repository.lastSeqs(seen)),
      readLog: (...args) => read(repository.readLog(...args)),
    }),
  })
  const [plain, json] = [await join(far, roomId), await joinResumable(far, roomId)]
  slow = true
  for (const { member } of [plain, json]) {
    await owners.remove({ roomId, memberId: member.id }, ownerToken)
    member.post('am I there?')
  }
  await clock.advance(5_000)
  expect([plain.connection.closed, json.connection.closed]).toEqual(['removed', 'removed'])
})

test('who is attached elsewhere makes way, also when nobody tells its node', async () => {
  const { clock, near, far, roomId, joinResumable, holdBack } = await openRoom()
  const bob = await joinResumable(far, roomId)
  holdBack()
  await joinResumable(near, roomId, { resume: bob.resume })
  await clock.advance(COMPARED_MS)
  expect(bob.connection.closed).toBe('replaced')
})

test('who comes back to where its removal was let out before it has to go', async () => {
  const { clock, repository, startNode, near, owners, roomId, ownerToken, joinResumable, join } =
    await openRoom()
  let answer: () => void = () => {}
  const slow = await startNode({
    repository: tamper(repository, {
      resume: async (...args) => {
        const resumed = await repository.resume(...args)
        await new Promise<void>((resolve) => (answer = resolve))
        return resumed
      },
    }),
  })
  // Keeps the room open there.
  await join(slow, roomId)
  const bob = await joinResumable(near, roomId)
  bob.member.leave()
  await clock.advance(100)
  const connection = new FakeConnection()
  const joining = slow.joinResumable(roomId, connection, { after: 1, resume: bob.resume })
  await clock.advance(10)
  await owners.remove({ roomId, memberId: bob.member.id }, ownerToken)
  await clock.advance(100)
  answer()
  await clock.advance(200)
  await joining
  expect(connection.closed).toBe('removed')
})

test('whoever comes back behind a deletion is not told the text, though a late run has it', async () => {
  const { clock, far, roomId, ada, joinResumable, join, ...world } = await openRoom()
  const other = await join(far, roomId)
  const bob = await joinResumable(far, roomId)
  bob.member.leave()
  world.holdBack()
  const acks: unknown[] = []
  ada.member.send('said', 'a private remark', (sent) => acks.push(sent))
  await clock.advance(100)
  const { id: target } = (await world.logOf(roomId)).at(-1)!
  ada.member.change('gone', { target, message: undefined }, (sent) => acks.push(sent))
  await clock.advance(100)
  expect(acks).toMatchObject([{ id: target }, { id: target }])
  const connection = new FakeConnection()
  const { seq } = bob
  const joining = far.joinResumable(roomId, connection, { after: seq, resume: bob.resume })
  await clock.advance(20)
  expect(other.connection.texts).toEqual([])
  world.letGo()
  await clock.advance(500)
  await joining
  expect(connection.texts).toEqual([])
  ada.member.post('something else')
  await clock.advance(100)
  expect(connection.texts).toEqual(['something else'])
})
