import { describe, expect, test } from 'vitest'
import type { Sent } from '../../src/domain/member.ts'
import { RoomError } from '../../src/ports/errors.ts'
import type { MemberId } from '../../src/ports/model.ts'
import { FakeConnection } from '../fake-connection.ts'
import { openWorld, tamper } from '../local-node.ts'

const RESUME_MS = 30_000
/** A lease, its renewals, and the steps of a reaper. */
const REAPED_MS = 15_000

const openRoom = async () => {
  const world = openWorld()
  const [node, other] = [await world.startNode(), await world.startNode()]
  const { id } = await node.createRoom()
  await world.clock.advance(20_000)
  return { ...world, node, other, roomId: id }
}

const kinds = (messages: readonly { readonly type: string; readonly memberName: string }[]) =>
  messages.map(({ type, memberName }) => `${type} ${memberName}`)

describe('a member that can be resumed', () => {
  test('gets the room as of its own joined, and then that and what follows', async () => {
    const { clock, node, roomId, join, joinResumable } = await openRoom()
    const ada = await join(node, roomId)
    ada.member.post('before')
    await clock.advance(10)
    const bob = await joinResumable(node, roomId)
    ada.member.post('after')
    await clock.advance(10)
    expect(bob).toMatchObject({ seq: 3, memberCount: 2, resetFrom: undefined })
    expect(bob.resume).toMatch(/^[A-Za-z0-9_-]{22,64}$/)
    expect(bob.members).toEqual([
      { id: ada.member.id, name: ada.member.name },
      { id: bob.member.id, name: bob.member.name },
    ])
    expect(kinds(bob.connection.messages)).toEqual([
      `joined ${bob.member.name}`,
      `chat ${ada.member.name}`,
    ])
  })

  test('whose roster is read late has nobody in it who came later, and who left since', async () => {
    const { clock, repository, startNode, roomId, node, join } = await openRoom()
    let late = () => {}
    const slow = await startNode({
      repository: tamper(repository, {
        rosterAt: async (...args) => {
          await new Promise<void>((resolve) => (late = resolve))
          return repository.rosterAt(...args)
        },
      }),
    })
    const ada = await join(node, roomId)
    const connection = new FakeConnection()
    const joining = slow.joinResumable(roomId, connection, {})
    await clock.advance(10)
    const cleo = await join(node, roomId)
    ada.member.leave()
    await clock.advance(10)
    late()
    const bob = await joining
    expect(bob.members.map(({ id }) => id).toSorted()).toEqual(
      [ada.member.id, bob.member.id].toSorted(),
    )
    expect(bob.memberCount).toBe(2)
    await clock.advance(2_000)
    expect(kinds(connection.messages)).toEqual([
      `joined ${bob.member.name}`,
      `joined ${cleo.member.name}`,
      `left ${ada.member.name}`,
    ])
  })

  test('G4 comes back on another node as the one it was, with exactly what it missed', async () => {
    const { clock, node, other, roomId, join, joinResumable, logOf } = await openRoom()
    const ada = await join(other, roomId)
    const bob = await joinResumable(node, roomId)
    bob.member.leave()
    for (let count = 0; count < 1_200; count += 1) ada.member.post(`text ${count}`)
    await clock.advance(1_000)
    const again = await joinResumable(other, roomId, { after: bob.seq, resume: bob.resume })
    ada.member.post('live')
    await clock.advance(10)
    expect(again.member.id).toBe(bob.member.id)
    expect(again).toMatchObject({ seq: 1_202, resume: bob.resume, memberCount: 2 })
    const log = (await logOf(roomId)).map(({ seq: _seq, ...message }) => message)
    expect(again.connection.messages).toEqual(log.slice(2))
    expect(log.map(({ type }) => type).filter((type) => type !== 'chat')).toEqual([
      'joined',
      'joined',
    ])
    again.member.send('r', 'still here', () => {})
    await clock.advance(10)
    expect(ada.connection.texts.at(-1)).toBe('still here')
  })

  test('G6 of a node that died stays, and leaves once when nobody comes back', async () => {
    const { clock, node, other, roomId, join, joinResumable, logOf } = await openRoom()
    const ada = await join(other, roomId)
    const [bob, cleo] = [await joinResumable(node, roomId), await joinResumable(node, roomId)]
    const plain = await join(node, roomId)
    node.stop()
    await clock.advance(REAPED_MS)
    expect(kinds(ada.connection.messages).slice(4)).toEqual([`left ${plain.member.name}`])
    const again = await joinResumable(other, roomId, { after: cleo.seq, resume: cleo.resume })
    expect(again.member.id).toBe(cleo.member.id)
    await clock.advance(RESUME_MS + 5_000)
    expect(kinds(ada.connection.messages).slice(5)).toEqual([`left ${bob.member.name}`])
    expect((await logOf(roomId)).filter(({ type }) => type === 'left')).toHaveLength(2)
    expect((await other.findRoom(roomId)).members).toHaveLength(2)
  })

  test('whose connection is lost leaves once, RESUME_MS later; a late secret makes a new member', async () => {
    const { clock, node, roomId, join, joinResumable } = await openRoom()
    const ada = await join(node, roomId)
    const bob = await joinResumable(node, roomId)
    bob.member.leave()
    await clock.advance(RESUME_MS - 1_000)
    expect(ada.connection.messages).toHaveLength(2)
    await clock.advance(5_000)
    expect(kinds(ada.connection.messages).slice(2)).toEqual([`left ${bob.member.name}`])
    const late = await joinResumable(node, roomId, { after: 2, resume: bob.resume })
    expect(late.member.id).not.toBe(bob.member.id)
    expect(late.resume).not.toBe(bob.resume)
    expect(kinds(late.connection.messages)).toEqual([
      `left ${bob.member.name}`,
      `joined ${late.member.name}`,
    ])
  })

  test('that quits leaves at once, and cannot be resumed, not even while its left waits', async () => {
    const { clock, repository, startNode, roomId, joinResumable, logOf } = await openRoom()
    let down = false
    const node = await startNode({
      repository: tamper(repository, {
        append: (...args) =>
          down ? Promise.reject(new RoomError('unavailable', 'down')) : repository.append(...args),
      }),
    })
    const bob = await joinResumable(node, roomId)
    down = true
    bob.member.quit()
    const joining = node.joinResumable(roomId, new FakeConnection(), { resume: bob.resume })
    await clock.advance(10)
    down = false
    await clock.advance(2_000)
    const again = await joining
    expect(again.member.id).not.toBe(bob.member.id)
    expect(kinds(await logOf(roomId))).toEqual([
      `joined ${bob.member.name}`,
      `left ${bob.member.name}`,
      `joined ${again.member.name}`,
    ])
  })

  test('of a node that slept past its lease is closed there, and comes back elsewhere', async () => {
    const { clock, repository, startNode, other, roomId, joinResumable, logOf } = await openRoom()
    let asleep = false
    const node = await startNode({
      repository: tamper(repository, {
        holdLease: (...args) =>
          asleep
            ? Promise.reject(new RoomError('unavailable', 'asleep'))
            : repository.holdLease(...args),
      }),
    })
    const bob = await joinResumable(node, roomId)
    asleep = true
    await clock.advance(REAPED_MS)
    asleep = false
    await clock.advance(4_000)
    expect(bob.connection.closed).toBe('lease_lost')
    const again = await joinResumable(other, roomId, { after: bob.seq, resume: bob.resume })
    expect(again.member.id).toBe(bob.member.id)
    expect(await logOf(roomId)).toHaveLength(1)
    expect(again.connection.messages).toEqual([])
  })

  test('of a node that drains comes back elsewhere; only plain members leave', async () => {
    const { clock, node, other, roomId, join, joinResumable, logOf } = await openRoom()
    const bob = await joinResumable(node, roomId)
    const ada = await join(node, roomId)
    const drained = node.drain(0)
    await clock.advance(1_000)
    await drained
    expect(bob.connection.closed).toBe('drain')
    const again = await joinResumable(other, roomId, { after: bob.seq, resume: bob.resume })
    expect(again.member.id).toBe(bob.member.id)
    expect(kinds(await logOf(roomId)).slice(2)).toEqual([`left ${ada.member.name}`])
  })

  test('is detached however long the repository does not answer, and then counts from there', async () => {
    const { clock, repository, startNode, node, roomId, join, joinResumable } = await openRoom()
    let down = true
    const deaf = await startNode({
      repository: tamper(repository, {
        detach: (...args) =>
          down ? Promise.reject(new RoomError('unavailable', 'down')) : repository.detach(...args),
      }),
    })
    const ada = await join(node, roomId)
    const bob = await joinResumable(deaf, roomId)
    bob.member.leave()
    await clock.advance(60_000)
    expect(ada.connection.messages).toHaveLength(2)
    expect(deaf.holds.members).toBe(1)
    down = false
    await clock.advance(RESUME_MS + 5_000)
    expect(kinds(ada.connection.messages).slice(2)).toEqual([`left ${bob.member.name}`])
    expect(deaf.holds).toEqual({ rooms: 0, members: 0, waiting: 0 })
  })

  test('whose resume has no reply is not left behind: it leaves, or comes back', async () => {
    const { clock, repository, startNode, other, roomId, joinResumable, logOf } = await openRoom()
    const node = await startNode({
      repository: tamper(repository, {
        resume: async (...args) => {
          await repository.resume(...args)
          throw new RoomError('unknown', 'no reply')
        },
      }),
    })
    const bob = await joinResumable(other, roomId)
    bob.member.leave()
    await clock.advance(10)
    const wish = { after: bob.seq, resume: bob.resume }
    await expect(joinResumable(node, roomId, wish)).rejects.toMatchObject({ code: 'unknown' })
    const again = await joinResumable(other, roomId, wish)
    expect(again.member.id).toBe(bob.member.id)
    await expect(joinResumable(node, roomId, wish)).rejects.toMatchObject({ code: 'unknown' })
    await clock.advance(25_000)
    expect(again.connection.closed).toBe('replaced')
    await clock.advance(RESUME_MS + 5_000)
    expect((await logOf(roomId)).map(({ type }) => type)).toEqual(['joined', 'left'])
    expect(node.holds.members).toBe(0)
  })

  test('brings the room up to the seq that it is told, at once, whatever the queue lost', async () => {
    const { clock, queue, startNode, other, roomId, join, joinResumable } = await openRoom()
    const mute = await startNode({
      queue: {
        publish: async () => {},
        tell: (...args) => queue.tell(...args),
        subscribe: (...args) => queue.subscribe(...args),
        ping: () => queue.ping(),
      },
    })
    const [ada, cleo] = [await join(mute, roomId), await join(other, roomId)]
    const bob = await joinResumable(mute, roomId)
    bob.member.leave()
    await clock.advance(2_000)
    ada.member.post('nobody was told')
    await clock.advance(1)
    const connection = new FakeConnection()
    const joining = other.joinResumable(roomId, connection, { after: 3, resume: bob.resume })
    await clock.advance(50)
    expect((await joining).seq).toBe(4)
    expect([connection.texts, cleo.connection.texts]).toEqual([
      ['nobody was told'],
      ['nobody was told'],
    ])
  })
})

describe('the newest connection of a member wins', () => {
  test('on the same node at once', async () => {
    const { node, roomId, joinResumable, logOf } = await openRoom()
    const bob = await joinResumable(node, roomId)
    const again = await joinResumable(node, roomId, { after: bob.seq, resume: bob.resume })
    expect([bob.connection.closed, again.connection.closed]).toEqual(['replaced', undefined])
    bob.member.leave()
    bob.member.quit()
    expect(await logOf(roomId)).toHaveLength(1)
    expect(node.holds.members).toBe(1)
  })

  test('on another node as soon as the queue tells', async () => {
    const { clock, node, other, roomId, joinResumable } = await openRoom()
    const bob = await joinResumable(node, roomId)
    const again = await joinResumable(other, roomId, { after: bob.seq, resume: bob.resume })
    await clock.advance(100)
    expect([bob.connection.closed, again.connection.closed]).toEqual(['replaced', undefined])
    expect(node.holds).toEqual({ rooms: 0, members: 0, waiting: 0 })
  })

  test('on another node within 15 s if the queue tells nothing; what it says falsely closes nobody', async () => {
    const { clock, queue, startNode, node, roomId, join, joinResumable, logOf } = await openRoom()
    const mute = await startNode({
      queue: {
        publish: (...args) => queue.publish(...args),
        tell: async () => {},
        subscribe: (...args) => queue.subscribe(...args),
        ping: () => queue.ping(),
      },
    })
    const ada = await join(node, roomId)
    const bob = await joinResumable(node, roomId)
    const cleo = await joinResumable(node, roomId)
    const { id: memberId } = cleo.member
    await queue.tell(roomId, memberId as never, { kind: 'resumed', memberId, attachment: 9 })
    await joinResumable(mute, roomId, { after: bob.seq, resume: bob.resume })
    await clock.advance(15_000)
    expect(bob.connection.closed).toBe('replaced')
    expect([ada.connection.closed, cleo.connection.closed]).toEqual([undefined, undefined])
    bob.member.quit()
    await clock.advance(1_000)
    expect(await logOf(roomId)).toHaveLength(3)
  })

  test('of fifty at once on two nodes one stays open, and it is the member', async () => {
    const { clock, node, other, roomId, joinResumable, logOf } = await openRoom()
    const bob = await joinResumable(node, roomId)
    const connections = Array.from({ length: 50 }, () => new FakeConnection())
    const joined = Promise.all(
      connections.map((connection, index) =>
        [node, other][index % 2]!.joinResumable(roomId, connection, {
          after: bob.seq,
          resume: bob.resume,
        }),
      ),
    )
    await clock.advance(1_000)
    const members = (await joined).map(({ member }) => member)
    const open = members.filter((_, index) => !connections[index]!.closed)
    expect(open).toHaveLength(1)
    const answers: Sent[] = []
    open[0]!.send('r', 'it is me', (sent) => answers.push(sent))
    for (const member of members) member.leave()
    await clock.advance(100)
    expect(answers).toMatchObject([{ seq: 2 }])
    expect(await logOf(roomId)).toHaveLength(2)
  })
})

describe('after', () => {
  test('the seq before its own joined, or any earlier one, gives exactly the rest; 0 gives all', async () => {
    const { clock, node, roomId, join, joinResumable, logOf } = await openRoom()
    const ada = await join(node, roomId)
    for (let count = 0; count < 5; count += 1) ada.member.post(`text ${count}`)
    await clock.advance(10)
    for (const after of [0, 3, 6]) {
      const bob = await joinResumable(node, roomId, { after })
      const log = await logOf(roomId)
      expect(bob.resetFrom).toBeUndefined()
      expect(bob.connection.messages.map(({ id }) => id)).toEqual(
        log.slice(after).map(({ id }) => id),
      )
    }
  })

  test('beyond the end of the log resets: everything follows', async () => {
    const { node, roomId, join, joinResumable, logOf } = await openRoom()
    await join(node, roomId)
    const bob = await joinResumable(node, roomId, { after: 2 })
    expect([bob.seq, bob.resetFrom, bob.connection.messages.length]).toEqual([2, 1, 2])
    bob.member.leave()
    const again = await joinResumable(node, roomId, { after: 3, resume: bob.resume })
    expect([again.seq, again.resetFrom]).toEqual([2, 1])
    expect(again.connection.messages.map(({ id }) => id)).toEqual(
      (await logOf(roomId)).map(({ id }) => id),
    )
    const third = await joinResumable(node, roomId, { after: 2, resume: bob.resume })
    expect([third.seq, third.resetFrom, third.connection.messages]).toEqual([2, undefined, []])
  })
})

describe('a ref', () => {
  test('G5 sent twenty times at once is one message: the first text, one id, one seq', async () => {
    const { clock, node, roomId, join, joinResumable, ids, logOf } = await openRoom()
    const ada = await join(node, roomId)
    const bob = await joinResumable(node, roomId)
    const answers: Sent[] = []
    for (let count = 0; count < 20; count += 1) {
      bob.member.send('r-1', `text ${count}`, (sent) => answers.push(sent))
    }
    await clock.advance(100)
    const id = ids.messageIdOf(bob.member.id, 'r-1')
    expect(answers).toEqual(Array.from({ length: 20 }, () => ({ id, seq: 3 })))
    expect(ada.connection.texts).toEqual(['text 0'])
    bob.member.send('r-1', 'much later', (sent) => answers.push(sent))
    bob.member.send('r-2', 'another', (sent) => answers.push(sent))
    await clock.advance(100)
    expect(answers.slice(20)).toMatchObject([{ id, seq: 3 }, { seq: 4 }])
    expect((await logOf(roomId)).slice(2).map(({ message }) => message)).toEqual([
      'text 0',
      'another',
    ])
  })

  test('G5 sent again after a resume on another node, its reply lost, is still one message', async () => {
    const { clock, repository, startNode, other, roomId, joinResumable, logOf } = await openRoom()
    const node = await startNode({
      repository: tamper(repository, {
        append: async (nodeId, entries) => {
          const results = await repository.append(nodeId, entries)
          if (entries.some(({ type }) => type === 'chat')) throw new RoomError('unknown', 'lost')
          return results
        },
      }),
    })
    const bob = await joinResumable(node, roomId)
    const answers: Sent[] = []
    bob.member.send('r', 'hello', (sent) => answers.push(sent))
    await clock.advance(100)
    node.stop()
    const again = await joinResumable(other, roomId, { after: bob.seq, resume: bob.resume })
    again.member.send('r', 'hello', (sent) => answers.push(sent))
    await clock.advance(100)
    expect(answers).toMatchObject([{ seq: 2 }])
    expect(again.connection.texts).toEqual(['hello'])
    expect(await logOf(roomId)).toHaveLength(2)
  })

  test('is answered every time, also when nothing was stored, with how long to wait', async () => {
    const { clock, startNode, roomId, joinResumable } = await openRoom()
    const rate = { perSecond: 10, burst: 3 }
    const bytes = { perSecond: 100_000, burst: 100_000 }
    const node = await startNode({ rates: { messages: rate, messageBytes: bytes } })
    const { member, connection } = await joinResumable(node, roomId)
    const answers: Sent[] = []
    const texts = ['', 'a\0b', 'x'.repeat(16_385), ...Array<string>(5).fill('hello')]
    texts.forEach((text, index) => member.send(`r${index}`, text, (sent) => answers.push(sent)))
    await clock.advance(10)
    const refused = answers.map((sent) => ('refused' in sent ? sent.refused : 'taken'))
    expect(refused).toEqual([
      'invalid',
      'invalid',
      'too_large',
      ...Array<string>(5).fill('rate_limited'),
    ])
    for (const sent of answers.slice(3)) expect(sent).toMatchObject({ waitMs: 100 })
    for (let count = 0; count < 10_500; count += 10) {
      member.send('r', 'hello', () => {})
      member.send('r', 'hello', () => {})
      await clock.advance(10)
    }
    expect(connection.closed).toBe('flood')
  })

  test('keeps its text as it is, line breaks included', async () => {
    const { clock, node, roomId, joinResumable } = await openRoom()
    const { member, connection } = await joinResumable(node, roomId)
    for (const text of ['a\n', '\n', ' ']) member.send(`r${text.length}`, text, () => {})
    await clock.advance(10)
    expect(connection.texts).toEqual(['a\n', '\n'])
  })
})

describe('typing', () => {
  const typists = ({ messages }: FakeConnection) =>
    messages.filter(({ type }) => (type as string) === 'typing').map(({ memberName }) => memberName)

  test('is shown to the others on every node, not to itself, once a second, and stored nowhere', async () => {
    const { clock, node, other, roomId, joinResumable, logOf } = await openRoom()
    const [ada, bob, cleo] = [
      await joinResumable(node, roomId),
      await joinResumable(node, roomId),
      await joinResumable(other, roomId),
    ]
    for (let count = 0; count < 20; count += 1) {
      ada.member.typing()
      await clock.advance(100)
    }
    expect(typists(ada.connection)).toEqual([])
    const names = [ada.member.name, ada.member.name]
    expect([typists(bob.connection), typists(cleo.connection)]).toEqual([names, names])
    expect(await logOf(roomId)).toHaveLength(3)
    ada.member.leave()
    ada.member.typing()
    await clock.advance(2_000)
    expect(typists(bob.connection)).toHaveLength(2)
  })

  test('of many at once is shown in part: twenty a second of a room', async () => {
    const { clock, node, roomId, join } = await openRoom()
    const members = []
    for (let count = 0; count < 40; count += 1) members.push(await join(node, roomId))
    await clock.advance(2_000)
    for (const { member } of members) member.typing()
    await clock.advance(10)
    const seen = members.map(({ connection }) => typists(connection).length)
    expect(Math.max(...seen)).toBe(20)
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(19)
  })
})

test('nothing stays of 300 members that came, were resumed elsewhere, and quit', async () => {
  const { clock, node, other, queue, roomId, joinResumable } = await openRoom()
  const timers = clock.pending
  for (let count = 0; count < 300; count += 1) {
    const { member, resume } = await joinResumable(node, roomId)
    member.leave()
    const again = await joinResumable(other, roomId, { resume })
    expect(again.member.id satisfies MemberId).toBe(member.id)
    again.member.quit()
  }
  await clock.advance(1_000)
  for (const each of [node, other]) expect(each.holds).toEqual({ rooms: 0, members: 0, waiting: 0 })
  expect(queue.channels).toBe(0)
  expect(clock.pending).toBe(timers)
})
