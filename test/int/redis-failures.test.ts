import { randomBytes, randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { RedisQueue } from '../../src/adapters/redis/queue.ts'
import { SystemClock } from '../../src/adapters/system/clock.ts'
import type { Log } from '../../src/ports/log.ts'
import type { NodeId, RoomId } from '../../src/ports/model.ts'
import type { Run } from '../../src/ports/queue.ts'
import { eventually } from '../eventually.ts'
import { silent } from '../local-node.ts'
import { startRedis } from '../services/redis.ts'
import type { Server } from '../services/server-process.ts'
import { DeadLink } from '../dead-link.ts'

const nodeId = randomUUID() as NodeId
const run: Run = { firstSeq: 1, frames: [new Uint8Array([120])] }

let server: Server
let admin: Redis
let roomId: RoomId

beforeAll(async () => {
  server = await startRedis()
  admin = new Redis(server.url)
  admin.on('error', () => {})
})
afterAll(async () => {
  admin.disconnect()
  await server.stop()
})
beforeEach(() => {
  roomId = randomUUID() as RoomId
})

const open = async (url = server.url, log: Log = silent) => {
  const queue = new RedisQueue({ url, clock: new SystemClock(), log })
  onTestFinished(() => queue.stop())
  await queue.start()
  return queue
}

const listen = (queue: RedisQueue) => {
  const counts = { runs: 0, interruptions: 0 }
  const { live, close } = queue.subscribe(roomId, {
    onRun: () => (counts.runs += 1),
    onNote() {},
    onInterrupted: () => (counts.interruptions += 1),
  })
  return { counts, live, close }
}

const publishes = (queue: RedisQueue) =>
  queue.publish(roomId, nodeId, run).then(
    () => 'taken',
    (error: { code: string }) => error.code,
  )

/** What is published arrives again: so many runs since the beginning. */
const hears = (queue: RedisQueue, { counts }: ReturnType<typeof listen>, runs = 1) =>
  eventually('a run arrives', async () => {
    await publishes(queue)
    return counts.runs >= runs
  })

const answers = (queue: RedisQueue) =>
  eventually('it answers', () =>
    queue.ping().then(
      () => true,
      () => false,
    ),
  )

const failsWithinASecond = async (queue: RedisQueue) => {
  const begun = performance.now()
  const took = () => performance.now() - begun
  const [pinged, published] = await Promise.all([
    queue.ping().then(
      () => ({ ms: 0, code: 'answered' }),
      ({ code }: { code: string }) => ({ ms: took(), code }),
    ),
    publishes(queue).then((code) => ({ ms: took(), code })),
  ])
  expect([pinged.code, published.code]).toEqual(['unavailable', 'unavailable'])
  expect(Math.max(pinged.ms, published.ms)).toBeLessThan(1_000)
}

const channels = async () => ((await admin.pubsub('CHANNELS', '*')) as string[]).length

describe('RedisQueue under faults', () => {
  test('killed connections come back subscribed, and every room hears that it may have missed something', async () => {
    const queue = await open()
    const ears = listen(queue)
    await ears.live
    for (let round = 1; round <= 3; round += 1) {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await eventually('it is told', () => ears.counts.interruptions === round)
      await hears(queue, ears, round)
    }
  })

  test('a Redis that is killed and started again is subscribed to again', async () => {
    const queue = await open()
    const ears = listen(queue)
    await ears.live
    await server.kill('SIGKILL')
    await eventually('publishing fails', async () => (await publishes(queue)) === 'unavailable')
    await expect(queue.ping()).rejects.toMatchObject({ code: 'unavailable' })
    await server.restart()
    await eventually('it is told', () => ears.counts.interruptions > 0)
    await answers(queue)
  })

  test('a frozen Redis fails publishes and pings within a second, and is itself again afterwards', async () => {
    const queue = await open()
    const ears = listen(queue)
    await ears.live
    await server.kill('SIGSTOP')
    await failsWithinASecond(queue)
    await server.kill('SIGCONT')
    await answers(queue)
    await hears(queue, ears)
  })

  test('a link that goes dead without a word is given up, and the next one is subscribed', async () => {
    const link = await DeadLink.to(server.url)
    onTestFinished(() => link.close())
    const queue = await open(link.url)
    const ears = listen(queue)
    await ears.live
    link.cut()
    await failsWithinASecond(queue)
    link.restore()
    await eventually('it is told', () => ears.counts.interruptions > 0, 6_000)
    await hears(queue, ears)
  })

  test('a link that stays dead over several tries is live within 6 s after it carries again', async () => {
    const link = await DeadLink.to(server.url)
    onTestFinished(() => link.close())
    const queue = await open(link.url)
    const ears = listen(queue)
    await ears.live
    link.cut()
    await eventually('both first connections are given up', () => link.halfOpen === 0, 6_000)
    await eventually('both were tried again, into nothing', () => link.halfOpen === 2)
    await failsWithinASecond(queue)
    link.restore()
    await eventually('it is told', () => ears.counts.interruptions > 0, 6_000)
    await hears(queue, ears)
    expect(ears.counts.interruptions).toBe(1)
  })

  test('what a frozen Redis does not take is held back within bounds, timed out or not', async () => {
    const queue = await open()
    await listen(queue).live
    await server.kill('SIGSTOP')
    const frames = [new Uint8Array(200 << 10)]
    let held = 0
    const begun = performance.now()
    await eventually('publishes have timed out several times over', async () => {
      const before = performance.now()
      const waits = Array.from({ length: 30 }, () =>
        queue.publish(roomId, nodeId, { firstSeq: 1, frames }).then(
          () => 'taken',
          () => (performance.now() - before < 250 ? 'refused' : 'timed out'),
        ),
      )
      for (const wait of await Promise.all(waits)) if (wait !== 'refused') held += 200 << 10
      return performance.now() - begun > 2_500
    })
    await server.kill('SIGCONT')
    // Eight MiB each of what is unanswered and unsent, and what the kernel takes.
    expect(held).toBeGreaterThan(4 << 20)
    expect(held).toBeLessThan(24 << 20)
  })

  test('without a Redis it starts all the same; subscriptions become live when there is one', async () => {
    await server.kill('SIGKILL')
    const queue = await open()
    const ears = listen(queue)
    let live = false
    void ears.live.then(() => (live = true))
    await failsWithinASecond(queue)
    expect(live).toBe(false)
    await server.restart()
    await eventually('it becomes live', () => live)
    expect(ears.counts.interruptions).toBe(0)
  })

  test('five hundred rooms come and go and leave no channel behind', async () => {
    const queue = await open()
    const subscriptions = Array.from({ length: 500 }, () =>
      queue.subscribe(randomUUID() as RoomId, { onRun() {}, onNote() {}, onInterrupted() {} }),
    )
    await Promise.all(subscriptions.map(({ live }) => live))
    expect(await channels()).toBe(500)
    for (const subscription of subscriptions) subscription.close()
    await eventually('all are gone', async () => (await channels()) === 0)
  })

  test('a payload that is not well formed changes nothing but a counter, and leads to a look', async () => {
    const queue = await open()
    const ears = listen(queue)
    await ears.live
    const headed = (...parts: Buffer[]) => Buffer.concat([Buffer.of(1, 1), ...parts])
    const whole = headed(Buffer.alloc(23, 1), Buffer.of(7), Buffer.of(0, 0, 0, 1, 120))
    const forged = [
      Buffer.of(),
      Buffer.of(1, 1),
      headed(randomBytes(20)),
      headed(Buffer.alloc(38, 0xff)),
      whole.subarray(0, -1),
      Buffer.concat([whole, Buffer.of(0)]),
      headed(Buffer.alloc(24), Buffer.of(0, 0, 0, 1, 120)),
    ]
    for (const payload of forged) await admin.publish(`sharechat:room:${roomId}`, payload)
    await eventually('all are seen', () => queue.malformed === forged.length)
    expect(ears.counts).toEqual({ runs: 0, interruptions: forged.length })
    await admin.publish(`sharechat:room:${roomId}`, Buffer.of(2, 1, 0))
    await admin.publish(`sharechat:room:${roomId}`, Buffer.of(1, 9, 0))
    await publishes(queue)
    await eventually('a good one arrives', () => ears.counts.runs === 1)
    expect(queue.malformed).toBe(forged.length)
  })

  test('an outage makes two lines of log, not one for every try', async () => {
    const events: string[] = []
    const note = (event: string) => events.push(event)
    const queue = await open(server.url, { debug() {}, info: note, warn: note, error: note })
    await listen(queue).live
    await eventually('it is up', () => events.length === 1)
    await server.kill('SIGKILL')
    await eventually('it is lost', () => events.length === 2)
    await server.restart()
    await eventually('it is back', () => events.length === 3)
    expect(events).toEqual(['queue up', 'queue lost', 'queue up'])
    for (const type of ['normal', 'pubsub']) {
      const before = events.length
      const [own] = ((await admin.call('CLIENT', 'LIST', 'TYPE', type)) as string)
        .split('\n')
        .filter((line) => !line.includes('cmd=client'))
        .map((line) => /^id=(\d+)/.exec(line)?.[1])
      await admin.call('CLIENT', 'KILL', 'ID', own ?? '')
      await eventually('one connection is lost and back', () => events.length === before + 2)
    }
    expect(events.slice(3)).toEqual(['queue lost', 'queue up', 'queue lost', 'queue up'])
  })

  test('a Redis that is not there at the start makes a line of log too', async () => {
    const events: string[] = []
    const note = (event: string) => events.push(event)
    await server.kill('SIGKILL')
    const queue = await open(server.url, { debug() {}, info: note, warn: note, error: note })
    const { live } = listen(queue)
    await eventually('it is told', () => events.length === 1)
    await server.restart()
    await live
    await eventually('it is up', () => events.length === 2)
    expect(events).toEqual(['queue lost', 'queue up'])
  })

  test('stop ends within two seconds while there is no Redis', async () => {
    const queue = await open()
    await listen(queue).live
    await server.kill('SIGKILL')
    for (let round = 0; round < 5; round += 1) {
      const other = await open()
      await eventually('it tries', async () => (await publishes(other)) === 'unavailable')
      const begun = performance.now()
      await other.stop()
      expect(performance.now() - begun).toBeLessThan(2_000)
    }
    await server.restart()
  })

  test('stop ends subscriptions, leaves no connection behind, and can be called twice', async () => {
    const before = ((await admin.client('LIST')) as string).split('\n').length
    const held = process.getActiveResourcesInfo()
    // What tests before this one, or the runner, held may go meanwhile.
    const more = () => {
      const others = [...held]
      return process.getActiveResourcesInfo().filter((name) => {
        const at = others.indexOf(name)
        if (at !== -1) others.splice(at, 1)
        return at === -1
      })
    }
    const queue = await open()
    const ears = listen(queue)
    await ears.live
    const late = queue.ping().catch(() => {})
    expect(more()).not.toEqual([])
    await Promise.all([queue.stop(), queue.stop(), late])
    await eventually('nothing is held', () => more().length === 0)
    expect(await publishes(queue)).toBe('unavailable')
    await eventually('its connections are gone', async () => {
      return ((await admin.client('LIST')) as string).split('\n').length === before
    })
    const never = new RedisQueue({ url: server.url, clock: new SystemClock(), log: silent })
    await never.stop()
    expect(await publishes(never)).toBe('unavailable')
  })
})
