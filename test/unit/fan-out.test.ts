import { describe, expect, test } from 'vitest'
import { FanOut } from '../../src/domain/fan-out.ts'
import type { Member } from '../../src/domain/member.ts'
import { Room } from '../../src/domain/room.ts'
import { noMeter } from '../../src/ports/meter.ts'
import type { Entry } from '../../src/ports/model.ts'
import type { Run } from '../../src/ports/queue.ts'
import { newRoomId } from '../contract/repository-scene.ts'
import { FakeClock } from '../fake-clock.ts'
import { FakeConnection } from '../fake-connection.ts'
import { openWorld } from '../local-node.ts'

const entry = (seq: number): Entry => ({ seq, plain: new TextEncoder().encode(`{"seq":${seq}}\n`) })

/** A fan-out to so many members, each of whose writes takes so long. */
const open = (count: number, writeMs: number) => {
  const clock = new FakeClock()
  const got = Array.from({ length: count }, (): string[] => [])
  const { dialect } = new FakeConnection()
  const members = new Set(
    got.map((writes) => {
      const deliver = (bytes: Uint8Array) => {
        writes.push(new TextDecoder().decode(bytes).replaceAll('\n', ''))
        clock.pass(writeMs)
      }
      return { from: 1, connection: { dialect }, deliver } as unknown as Member
    }),
  )
  const reached = () => got.filter((writes) => writes.length > 0).length
  return { clock, got, members, reached, fanOut: new FanOut(members, { clock, meter: noMeter }) }
}

describe('FanOut', () => {
  test('what becomes due in one turn goes out in one write, at its end', async () => {
    const { clock, got, fanOut } = open(2, 0)
    fanOut.add([entry(1)])
    fanOut.add([entry(2), entry(3)])
    expect(got).toEqual([[], []])
    await clock.advance(0)
    const all = '{"seq":1}{"seq":2}{"seq":3}'
    expect(got).toEqual([[all], [all]])
  })

  test('a round to many members leaves the node its turn about every 20 ms', async () => {
    const { clock, reached, fanOut } = open(1_000, 1)
    fanOut.add([entry(1)])
    const turns: number[] = []
    const watch = () => {
      turns.push(clock.now())
      if (reached() < 1_000) clock.soon(watch)
    }
    clock.soon(watch)
    await clock.advance(0)
    const longest = Math.max(...turns.slice(1).map((at, index) => at - (turns[index] ?? 0)))
    expect(longest).toBeLessThanOrEqual(64)
    expect(longest).toBeGreaterThan(0)
  })

  test('after a round that took long the next one waits as long again, and gathers', async () => {
    const { clock, got, fanOut } = open(100, 1)
    fanOut.add([entry(1)])
    await clock.advance(0)
    expect(clock.now()).toBe(100)
    fanOut.add([entry(2)])
    await clock.advance(99)
    expect(got[0]).toEqual(['{"seq":1}'])
    fanOut.add([entry(3)])
    await clock.advance(1)
    expect(got.map((writes) => writes[1])).toEqual(
      Array.from({ length: 100 }, () => '{"seq":2}{"seq":3}'),
    )
  })

  test('after a short round nothing waits: a timer would take longer than the round', async () => {
    const { clock, got, fanOut } = open(4, 1)
    fanOut.add([entry(1)])
    await clock.advance(0)
    fanOut.add([entry(2)])
    await clock.advance(0)
    expect(got.map((writes) => writes.length)).toEqual([2, 2, 2, 2])
  })

  test('what comes while a round is under way goes out after it, to everyone in order', async () => {
    const { clock, got, fanOut } = open(100, 1)
    fanOut.add([entry(1)])
    clock.soon(() => fanOut.add([entry(2)]))
    await clock.advance(500)
    expect(got).toEqual(Array.from({ length: 100 }, () => ['{"seq":1}', '{"seq":2}']))
  })

  test('who comes while a round is under way gets nothing of it, who goes nothing more', async () => {
    const { clock, got, members, fanOut } = open(100, 1)
    const [, last] = [got[0], Array.from(members).at(-1)]
    const late: string[] = []
    const newcomer = {
      from: 2,
      connection: { dialect: new FakeConnection().dialect },
      deliver: (bytes: Uint8Array) => late.push(new TextDecoder().decode(bytes)),
    } as unknown as Member
    fanOut.add([entry(1)])
    clock.soon(() => {
      if (last) members.delete(last)
      members.add(newcomer)
      fanOut.add([entry(2)])
    })
    await clock.advance(500)
    expect(got.at(-1)).toEqual([])
    expect(late).toEqual(['{"seq":2}\n'])
  })

  test('what may wait is at once with those who came for it, and with the others after 500 ms or before the next text', async () => {
    const { clock, got, members, fanOut } = open(4, 0)
    const [, , third, fourth] = members
    for (const [member, from] of [
      [third, 2],
      [fourth, 3],
    ] as const) {
      if (member) Object.assign(member, { from })
      if (member) fanOut.admit(member)
    }
    fanOut.add([entry(1)], true)
    fanOut.add([entry(2), entry(3)], true)
    expect(got).toEqual([[], [], ['{"seq":2}{"seq":3}'], ['{"seq":3}']])
    await clock.advance(499)
    expect(got[0]).toEqual([])
    await clock.advance(1)
    const first = '{"seq":1}{"seq":2}{"seq":3}'
    expect(got).toEqual([[first], [first], ['{"seq":2}{"seq":3}'], ['{"seq":3}']])
    fanOut.add([entry(4)], true)
    fanOut.add([entry(5)])
    await clock.advance(0)
    expect(got.map((writes) => writes.at(-1))).toEqual(Array(4).fill('{"seq":4}{"seq":5}'))
    fanOut.add([entry(6)])
    fanOut.add([entry(7)], true)
    await clock.advance(0)
    expect(got.map((writes) => writes.at(-1))).toEqual(Array(4).fill('{"seq":6}{"seq":7}'))
    expect(clock.pending).toBe(0)
  })

  test('flush writes all at once, whatever is under way, and nothing twice', async () => {
    const { clock, got, fanOut } = open(100, 1)
    fanOut.add([entry(1)])
    clock.soon(() => {
      fanOut.add([entry(2)])
      fanOut.flush()
      expect(got).toEqual(Array.from({ length: 100 }, () => ['{"seq":1}', '{"seq":2}']))
    })
    await clock.advance(1_000)
    expect(got).toEqual(Array.from({ length: 100 }, () => ['{"seq":1}', '{"seq":2}']))
  })
})

test('a drain writes what is stored to everyone before it closes them, also in a room at rest', async () => {
  const { clock, startNode, join } = openWorld()
  const node = await startNode()
  const { id } = await node.createRoom()
  const [ada, bob] = [await join(node, id), await join(node, id)]
  const write = bob.connection.write.bind(bob.connection)
  bob.connection.write = (bytes) => {
    clock.pass(500)
    return write(bytes)
  }
  ada.member.post('first')
  await clock.advance(0)
  ada.member.post('second')
  void node.drain(0)
  await clock.advance(0)
  expect(ada.connection.closed).toBe('drain')
  expect(ada.connection.texts).toEqual(['first', 'second'])
  expect(bob.connection.texts).toEqual(['first', 'second'])
})

test('a room that is without members for a moment lets out all that follows for who joins then', async () => {
  const { clock, got, members } = open(2, 100)
  const [ada, bob] = Array.from(members)
  if (!ada || !bob) throw new Error('no members')
  const room = new Room(newRoomId(), { clock, meter: noMeter, gapIn() {}, behind() {} })
  const run = (seq: number): Run => ({ firstSeq: seq, frames: [entry(seq).plain] })
  room.offer(run(1))
  room.admit(ada, 1, 1)
  await clock.advance(0)
  room.offer(run(2))
  room.members.delete(ada)
  room.offer(run(3))
  room.admit(bob, 4, 4)
  room.offer(run(4))
  await clock.advance(1_000)
  expect(got).toEqual([['{"seq":1}'], ['{"seq":4}']])
})
