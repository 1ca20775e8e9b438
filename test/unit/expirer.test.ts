import { expect, test } from 'vitest'
import { Expirer } from '../../src/domain/expirer.ts'
import { noMeter } from '../../src/ports/meter.ts'
import { RoomError } from '../../src/ports/errors.ts'
import type { Expired } from '../../src/ports/repository.ts'
import { FakeClock } from '../fake-clock.ts'
import { openWorld, silent } from '../local-node.ts'

const HOUR_MS = 3_600_000

const expirerOver = (expireRooms: () => Promise<Expired>, ttlMs = HOUR_MS) => {
  const clock = new FakeClock()
  const calls: number[] = []
  const logged: unknown[] = []
  const expirer = new Expirer({
    repository: {
      expireRooms: () => {
        calls.push(clock.now())
        return expireRooms()
      },
    },
    clock,
    meter: noMeter,
    ids: { random: () => 0.5 },
    log: {
      ...silent,
      info: (event, fields) => void logged.push([event, fields]),
      warn: (event) => void logged.push([event]),
    },
    roomTtlMs: ttlMs * 24,
    unusedRoomTtlMs: ttlMs,
  })
  return { clock, calls, logged, expirer }
}

test('room life: a round begins every minute, or four times within a short lifetime', async () => {
  for (const [ttlMs, pauseMs] of [
    [HOUR_MS, 60_000],
    [100_000, 25_000],
    [100, 1_000],
  ] as const) {
    const { clock, calls, expirer } = expirerOver(async () => ({ rooms: 0, more: false }), ttlMs)
    expirer.start()
    await clock.advance(pauseMs * 3)
    expirer.stop()
    await clock.advance(pauseMs * 3)
    expect(calls).toEqual([pauseMs, pauseMs * 2, pauseMs * 3])
    expect(clock.pending).toBe(0)
  }
})

test('room life: a round goes on step by step while there is more, and is told once', async () => {
  const answers = [
    { rooms: 500, more: true },
    { rooms: 0, more: true },
    { rooms: 7, more: false },
  ]
  const { clock, calls, logged, expirer } = expirerOver(
    async () => answers.shift() ?? { rooms: 0, more: false },
  )
  expirer.start()
  await clock.advance(121_000)
  expect(calls).toEqual([60_000, 60_100, 60_200, 120_200])
  expect(logged).toEqual([['rooms expired', { count: 507 }]])
})

test('room life: an outage is told once, and the rounds go on', async () => {
  let down = true
  const { clock, calls, logged, expirer } = expirerOver(async () => {
    if (down) throw new RoomError('unavailable', 'down')
    return { rooms: 0, more: false }
  })
  expirer.start()
  await clock.advance(180_000)
  expect(logged).toEqual([['rooms not expired']])
  down = false
  await clock.advance(60_000)
  down = true
  await clock.advance(60_000)
  expect(calls).toHaveLength(5)
  expect(logged).toHaveLength(2)
})

test('room life: no step follows one that was under way when it was stopped', async () => {
  let answer: (expired: Expired) => void = () => {}
  const { clock, calls, expirer } = expirerOver(() => new Promise((resolve) => (answer = resolve)))
  expirer.start()
  await clock.advance(60_000)
  expirer.stop()
  answer({ rooms: 1, more: true })
  await clock.advance(60_000)
  expect(calls).toHaveLength(1)
})

test('room life: unused rooms end, a member keeps a room, the last one leaves it for its time', async () => {
  const { clock, startNode, join } = openWorld()
  const ttls = { roomTtlMs: 120_000, unusedRoomTtlMs: 40_000 }
  const nodes = [await startNode(ttls), await startNode(ttls)] as const
  const unused = await nodes[0].createRoom()
  const used = await nodes[1].createRoom()
  const { member, connection } = await join(nodes[0], used.id)
  await clock.advance(39_000)
  expect((await nodes[1].findRoom(unused.id)).id).toBe(unused.id)
  await clock.advance(16_000)
  await expect(nodes[1].findRoom(unused.id)).rejects.toMatchObject({ code: 'not_found' })
  await expect(join(nodes[0], unused.id)).rejects.toMatchObject({ code: 'not_found' })
  await clock.advance(120_000)
  expect(connection.closed).toBeUndefined()
  member.leave()
  await clock.advance(100)
  for (const node of nodes) {
    await Promise.all([node.drain(0), clock.advance(100)])
    node.stop()
  }
  await clock.advance(24 * HOUR_MS)
  expect(clock.pending).toBe(0)
  // Nobody served for a day, so nothing has ended.
  const node = await startNode(ttls)
  expect((await node.findRoom(used.id)).members).toEqual([])
  await clock.advance(16_000)
  await expect(node.findRoom(used.id)).rejects.toMatchObject({ code: 'not_found' })
})
