import { describe, expect, test } from 'vitest'
import { RoomError } from '../../src/ports/errors.ts'
import type { NodeId } from '../../src/ports/model.ts'
import type { Subscription } from '../../src/ports/queue.ts'
import { FakeConnection } from '../fake-connection.ts'
import { openWorld, tamper } from '../local-node.ts'

const kinds = (connection: FakeConnection) =>
  connection.messages.map(({ type, memberName, message }) =>
    type === 'chat' ? `${memberName}: ${message}` : `${type} ${memberName}`,
  )

const openRoom = async () => {
  const world = openWorld()
  const node = await world.startNode()
  const { id } = await node.createRoom()
  return { ...world, node, roomId: id }
}

describe('joining', () => {
  test('the first frame of a member is its own joined, and everyone in the room gets it', async () => {
    const { node, roomId, join } = await openRoom()
    const ada = await join(node, roomId)
    const bob = await join(node, roomId)
    expect(kinds(ada.connection)).toEqual([
      `joined ${ada.member.name}`,
      `joined ${bob.member.name}`,
    ])
    expect(kinds(bob.connection)).toEqual([`joined ${bob.member.name}`])
  })

  test('a room that does not exist is not_found, and nothing of it stays', async () => {
    const { node, ids, join } = await openRoom()
    await expect(join(node, ids.roomId())).rejects.toMatchObject({ code: 'not_found' })
    expect(node.holds).toEqual({ rooms: 0, members: 0, waiting: 0 })
  })

  test('twenty joins at once into a cold room: each its own joined first, all see one order', async () => {
    const { clock, node, roomId, logOf } = await openRoom()
    const connections = Array.from({ length: 20 }, () => new FakeConnection())
    const joins = Promise.all(connections.map((connection) => node.join(roomId, connection)))
    await clock.advance(1_000)
    const members = await joins
    const log = (await logOf(roomId)).map(({ id }) => id)
    connections.forEach((connection, index) => {
      expect(connection.messages[0]?.memberId).toBe(members[index]?.id)
      const from = log.indexOf(connection.messages[0]!.id)
      expect(connection.messages.map(({ id }) => id)).toEqual(log.slice(from))
    })
    expect(new Set(members.map(({ name }) => name.toLowerCase())).size).toBe(20)
  })

  test('a queue that does not answer delays a join by 300 ms at most; the sweep brings the rest', async () => {
    const { clock, queue, repository, startNode, join, node, roomId } = await openRoom()
    let live = () => {}
    const deaf = await startNode({
      queue: {
        publish: (room, from, run) => queue.publish(room, from, run),
        tell: (room, from, note) => queue.tell(room, from, note),
        ping: () => queue.ping(),
        subscribe: (): Subscription => ({
          live: new Promise((resolve) => (live = resolve)),
          close() {},
        }),
      },
      repository,
    })
    const before = clock.now()
    const { connection } = await join(deaf, roomId)
    expect(clock.now() - before).toBe(400)
    const other = await join(node, roomId)
    other.member.post('hello')
    await clock.advance(1_200)
    expect(connection.texts).toEqual(['hello'])
    live()
    await clock.advance(10)
  })

  test('a join that is stored without a reply is undone: no member stays that nobody stands behind', async () => {
    const { clock, repository, startNode, roomId, logOf } = await openRoom()
    let lost = true
    const node = await startNode({
      repository: tamper(repository, {
        append: async (nodeId, entries) => {
          const results = await repository.append(nodeId, entries)
          if (lost) throw new RoomError('unknown', 'no reply')
          return results
        },
      }),
    })
    const joining = node.join(roomId, new FakeConnection()).catch((error: unknown) => error)
    await clock.advance(8_000)
    expect(await joining).toMatchObject({ code: 'unknown' })
    lost = false
    await clock.advance(2_000)
    expect((await logOf(roomId)).map(({ type }) => type)).toEqual(['joined', 'left'])
    expect(node.holds).toEqual({ rooms: 0, members: 0, waiting: 0 })
  })

  test('a row of this node that nobody stands behind is removed within 20 s', async () => {
    const { clock, repository, startNode, roomId, ids, logOf, join } = await openRoom()
    const asked: NodeId[] = []
    const node = await startNode({
      repository: tamper(repository, {
        append: (nodeId, entries) => {
          asked.push(nodeId)
          return repository.append(nodeId, entries)
        },
      }),
    })
    const ada = await join(node, roomId)
    const stray = ids.memberId()
    await repository.append(asked[0] as NodeId, [
      {
        type: 'joined',
        roomId,
        memberId: stray,
        messageId: ids.messageId(),
        names: ['Stray', 'Stray', 'Stray'],
        maxMembers: 10,
      },
    ])
    await clock.advance(20_000)
    expect(kinds(ada.connection).slice(1)).toEqual(['joined Stray', 'left Stray'])
    expect(await lefts(logOf(roomId), stray)).toBe(1)
    expect(ada.connection.closed).toBeUndefined()
  })
})

describe('talking', () => {
  test('a chat goes to everyone including its sender, in the order of the log, on every node', async () => {
    const { clock, node, roomId, startNode, join, logOf } = await openRoom()
    const other = await startNode()
    const ada = await join(node, roomId)
    const bob = await join(other, roomId)
    for (let count = 0; count < 20; count += 1) {
      ada.member.post(`ada ${count}`)
      bob.member.post(`bob ${count}`)
    }
    await clock.advance(2_000)
    const log = (await logOf(roomId)).map(({ seq: _seq, ...message }) => message)
    expect(ada.connection.messages).toEqual(log)
    expect(bob.connection.messages).toEqual(log.slice(1))
  })

  test('one trailing line break is dropped, an empty message is ignored, white space is a message', async () => {
    const { clock, node, roomId, join } = await openRoom()
    const { member, connection } = await join(node, roomId)
    for (const text of ['a\n', 'b\r\n', 'c\n\n', 'd\r', '', '\n', '\r\n', ' ', ' \n'])
      member.post(text)
    await clock.advance(10)
    expect(connection.texts).toEqual(['a', 'b', 'c\n', 'd\r', ' ', ' '])
  })

  test('a text over the limit in bytes, or with a NUL, is refused to its sender with an excerpt', async () => {
    const { clock, node, roomId, join, logOf } = await openRoom()
    const { member, connection } = await join(node, roomId)
    member.post('x'.repeat(16_384))
    member.post('é'.repeat(8_193))
    member.post('a\0b')
    await clock.advance(10)
    expect(connection.texts).toEqual(['x'.repeat(16_384)])
    expect(
      connection.refused.map(({ code, failed }) => [code, failed.type, failed.message]),
    ).toEqual([
      ['too_large', 'failed', `Not sent: the message is too long. "${'é'.repeat(40)}"`],
      ['invalid', 'failed', 'Not sent: a message cannot contain this character. "a\0b"'],
    ])
    expect(await logOf(roomId)).toHaveLength(2)
  })

  test('an excerpt cuts no character in two', async () => {
    const { node, roomId, join } = await openRoom()
    const { member, connection } = await join(node, roomId)
    member.post(`\0${'😀'.repeat(50)}`)
    expect(connection.refused[0]?.failed.message).toMatch(/"\0(😀){39}"$/u)
  })

  test('what becomes due in one turn goes out in one write per member', async () => {
    const { clock, node, roomId, join } = await openRoom()
    const { member, connection } = await join(node, roomId)
    const before = connection.writes
    for (let count = 0; count < 100; count += 1) member.post(`text ${count}`)
    await clock.advance(10)
    expect(connection.texts).toHaveLength(100)
    expect(connection.writes - before).toBeLessThanOrEqual(2)
  })

  test('after a fan-out that took long the next one gathers as long; a lone message does not wait', async () => {
    const { clock, node, roomId, join } = await openRoom()
    const { member, connection } = await join(node, roomId)
    const write = connection.write.bind(connection)
    connection.write = (bytes) => {
      clock.pass(20)
      return write(bytes)
    }
    const before = connection.writes
    member.post('first')
    await clock.advance(0)
    expect(connection.writes - before).toBe(1)
    for (let count = 0; count < 5; count += 1) {
      member.post(`text ${count}`)
      await clock.advance(3)
    }
    expect(connection.writes - before).toBe(1)
    await clock.advance(10)
    expect([connection.writes - before, connection.texts.length]).toEqual([2, 6])
    await clock.advance(100)
    member.post('last')
    await clock.advance(0)
    expect([connection.writes - before, connection.texts.length]).toEqual([3, 7])
  })

  test('while the repository fails nothing is shown that is not stored, and the sender is told', async () => {
    const { clock, repository, startNode, join, node, roomId } = await openRoom()
    let down = false
    const failing = await startNode({
      repository: tamper(repository, {
        append: (nodeId, entries) =>
          down
            ? Promise.reject(new RoomError('unavailable', 'down'))
            : repository.append(nodeId, entries),
      }),
    })
    const ada = await join(failing, roomId)
    const bob = await join(node, roomId)
    down = true
    ada.member.post('lost')
    await clock.advance(8_000)
    expect([ada.connection.texts, bob.connection.texts]).toEqual([[], []])
    expect(ada.connection.refused.map(({ code }) => code)).toEqual(['unavailable'])
    expect(ada.connection.closed).toBeUndefined()
    down = false
    ada.member.post('kept')
    await clock.advance(2_000)
    expect([ada.connection.texts, bob.connection.texts]).toEqual([['kept'], ['kept']])
  })
})

describe('leaving', () => {
  test('everyone left gets left, and the member gets nothing more', async () => {
    const { clock, node, roomId, join } = await openRoom()
    const ada = await join(node, roomId)
    const bob = await join(node, roomId)
    bob.member.leave()
    bob.member.leave()
    bob.member.post('too late')
    await clock.advance(10)
    expect(kinds(ada.connection).slice(2)).toEqual([`left ${bob.member.name}`])
    expect(kinds(bob.connection)).toEqual([`joined ${bob.member.name}`])
  })

  test('what a member posted before it left is stored before its left', async () => {
    const { clock, node, roomId, join, logOf } = await openRoom()
    const { member } = await join(node, roomId)
    for (let count = 0; count < 5; count += 1) member.post(`text ${count}`)
    member.leave()
    await clock.advance(10)
    expect((await logOf(roomId)).map(({ type }) => type)).toEqual([
      'joined',
      ...Array<string>(5).fill('chat'),
      'left',
    ])
  })

  test('1,000 joins and leaves leave no room, member, subscription or timer behind', async () => {
    const { clock, node, roomId, join, queue } = await openRoom()
    const timers = clock.pending
    for (let count = 0; count < 1_000; count += 1) (await join(node, roomId)).member.leave()
    await clock.advance(100)
    expect(node.holds).toEqual({ rooms: 0, members: 0, waiting: 0 })
    expect(queue.channels).toBe(0)
    expect(clock.pending).toBe(timers)
  })
})

describe('slow readers', () => {
  test('one with over 1 MiB unsent, the next frame counted, leaves with `slow`; nobody else notices', async () => {
    const { clock, node, roomId, join } = await openRoom()
    const ada = await join(node, roomId)
    const bob = await join(node, roomId)
    bob.connection.stalled = true
    for (let count = 0; count < 70; count += 1) {
      ada.member.post('x'.repeat(16_000))
      await clock.advance(1)
    }
    expect(bob.connection.closed).toBe('slow')
    expect(bob.connection.unsent).toBeLessThanOrEqual(1 << 20)
    expect(ada.connection.closed).toBeUndefined()
    expect(kinds(ada.connection)).toContain(`left ${bob.member.name}`)
    expect(ada.connection.texts).toHaveLength(70)
  })

  test('one whose unsent bytes do not move for 10 s leaves; one that reads slowly stays', async () => {
    const { clock, node, roomId, join } = await openRoom()
    const ada = await join(node, roomId)
    const stuck = await join(node, roomId)
    const slow = await join(node, roomId)
    stuck.connection.stalled = true
    slow.connection.stalled = true
    ada.member.post('x'.repeat(1_000))
    for (let second = 0; second < 12; second += 1) {
      await clock.advance(1_000)
      slow.connection.unsent -= 10
    }
    expect([stuck.connection.closed, slow.connection.closed]).toEqual(['slow', undefined])
  })
})

describe('what the repository says is true', () => {
  const withLastSeq = async (answer: (seq: number) => number | undefined) => {
    const world = await openRoom()
    let lying = false
    const node = await world.startNode({
      repository: tamper(world.repository, {
        lastSeqs: (seen) =>
          lying
            ? Promise.resolve(seen.map(({ roomId, seq }) => ({ roomId, seq: answer(seq) })))
            : world.repository.lastSeqs(seen),
      }),
    })
    const { connection } = await world.join(node, world.roomId)
    lying = true
    await world.clock.advance(1_100)
    return { ...world, connection }
  }

  test('a room that is gone closes its members with `room_gone`', async () => {
    expect((await withLastSeq(() => undefined)).connection.closed).toBe('room_gone')
  })

  test('a log that ends before what was delivered closes its members with `log_reset`', async () => {
    expect((await withLastSeq((seq) => seq - 1)).connection.closed).toBe('log_reset')
  })

  test('a forged run on the queue moves nothing', async () => {
    const { clock, node, roomId, join, queue, ids } = await openRoom()
    const { member, connection } = await join(node, roomId)
    await queue.publish(roomId, ids.nodeId(), {
      firstSeq: 1_000_000_000,
      frames: [new TextEncoder().encode('{"forged":true}\n')],
    })
    await clock.advance(200)
    member.post('hello')
    await clock.advance(200)
    expect(kinds(connection)).toEqual([`joined ${member.name}`, `${member.name}: hello`])
    expect(connection.closed).toBeUndefined()
  })
})

describe('drain', () => {
  test('G9 finishes what was posted, closes everyone with `drain`, stores their left, keeps nothing', async () => {
    const { clock, node, roomId, startNode, join, logOf } = await openRoom()
    const other = await startNode()
    const ada = await join(node, roomId)
    const bob = await join(other, roomId)
    ada.member.post('last words')
    const drained = node.drain(0)
    ada.member.post('too late')
    await clock.advance(1_500)
    await drained
    expect(ada.connection.texts).toEqual(['last words'])
    expect(ada.connection.refused.map(({ code }) => code)).toEqual(['draining'])
    expect(ada.connection.closed).toBe('drain')
    expect(bob.connection.closed).toBeUndefined()
    expect(kinds(bob.connection).slice(1)).toEqual([
      `${ada.member.name}: last words`,
      `left ${ada.member.name}`,
    ])
    expect(await logOf(roomId)).toHaveLength(4)
    await expect(node.join(roomId, new FakeConnection())).rejects.toMatchObject({
      code: 'draining',
    })
    expect(node.holds).toEqual({ rooms: 0, members: 0, waiting: 0 })
  })
})

test('G9 many members are closed in waves over the time given, and all get one left', async () => {
  const { clock, node, roomId, logOf } = await openRoom()
  const connections = Array.from({ length: 1_000 }, () => new FakeConnection())
  const joins = Promise.all(connections.map((connection) => node.join(roomId, connection)))
  await clock.advance(400)
  await joins
  const drained = node.drain(2_000)
  await clock.advance(0)
  const closed = () => connections.filter((connection) => connection.closed === 'drain').length
  expect(closed()).toBe(200)
  await clock.advance(199)
  expect(closed()).toBe(200)
  await clock.advance(401)
  expect(closed()).toBeGreaterThanOrEqual(400)
  await clock.advance(2_400)
  await drained
  expect(closed()).toBe(1_000)
  const leavers = (await logOf(roomId)).filter(({ type }) => type === 'left')
  expect([leavers.length, new Set(leavers.map(({ memberId }) => memberId)).size]).toEqual([
    1_000, 1_000,
  ])
})

const lefts = async (log: Promise<readonly { type: string; memberId: string }[]>, id: string) =>
  (await log).filter(({ type, memberId }) => type === 'left' && memberId === id).length

describe('leases', () => {
  test('G6 the members of a dead node are gone within 15 s, with one left each', async () => {
    const { clock, node, roomId, startNode, join, logOf, repository } = await openRoom()
    let dead = false
    const never = new Promise<never>(() => {})
    const doomed = await startNode({
      repository: tamper(repository, {
        holdLease: (...args) => (dead ? never : repository.holdLease(...args)),
        append: (...args) => (dead ? never : repository.append(...args)),
      }),
    })
    await startNode()
    const ada = await join(node, roomId)
    const bob = await join(doomed, roomId)
    await clock.advance(20_000)
    dead = true
    await clock.advance(15_000)
    expect(await lefts(logOf(roomId), bob.member.id)).toBe(1)
    expect(kinds(ada.connection).at(-1)).toBe(`left ${bob.member.name}`)
    await clock.advance(60_000)
    expect(await lefts(logOf(roomId), bob.member.id)).toBe(1)
  })

  test('a node that slept past its lease cannot write, closes its members, and serves on', async () => {
    const { clock, node, roomId, startNode, join, logOf, repository } = await openRoom()
    let asleep = false
    const waking: (() => void)[] = []
    const whenAwake = async <T>(work: () => Promise<T>): Promise<T> => {
      if (asleep) await new Promise<void>((resolve) => waking.push(resolve))
      return work()
    }
    const sleeper = await startNode({
      repository: tamper(repository, {
        holdLease: (...args) => whenAwake(() => repository.holdLease(...args)),
        append: (...args) => whenAwake(() => repository.append(...args)),
      }),
    })
    await join(node, roomId)
    const bob = await join(sleeper, roomId)
    await clock.advance(20_000)
    asleep = true
    bob.member.post('from the past')
    await clock.advance(20_000)
    asleep = false
    for (const wake of waking) wake()
    await clock.advance(1_000)
    expect(bob.connection.closed).toBe('lease_lost')
    expect((await logOf(roomId)).map(({ type }) => type)).toEqual(['joined', 'joined', 'left'])
    const again = await join(sleeper, roomId)
    again.member.post('here again')
    await clock.advance(10)
    expect(again.connection.texts).toEqual(['here again'])
  })

  test('an outage of the repository longer than a lease makes nobody leave', async () => {
    const { clock, ids, repository, startNode, logOf } = openWorld()
    const roomId = ids.roomId()
    await repository.createRoom({ id: roomId, name: 'Room' })
    let down = false
    const outage = <T>(work: () => Promise<T>): Promise<T> =>
      down ? Promise.reject(new RoomError('unavailable', 'down')) : work()
    const faulty = tamper(repository, {
      holdLease: (...args) => outage(() => repository.holdLease(...args)),
      reap: (...args) => outage(() => repository.reap(...args)),
      lastSeqs: (seen) => outage(() => repository.lastSeqs(seen)),
    })
    const nodes = [await startNode({ repository: faulty }), await startNode({ repository: faulty })]
    const connections: FakeConnection[] = []
    for (const node of nodes) {
      const connection = new FakeConnection()
      connections.push(connection)
      void node.join(roomId, connection)
    }
    await clock.advance(20_000)
    down = true
    await clock.advance(60_000)
    down = false
    await clock.advance(60_000)
    expect(connections.map(({ closed }) => closed)).toEqual([undefined, undefined])
    expect((await logOf(roomId)).map(({ type }) => type)).toEqual(['joined', 'joined'])
  })
})
