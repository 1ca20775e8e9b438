import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { RedisQueue } from '../../src/adapters/redis/queue.ts'
import { SystemClock } from '../../src/adapters/system/clock.ts'
import type { RoomId } from '../../src/ports/model.ts'
import { queueContract } from '../contract/queue.ts'
import { DeadLink } from '../dead-link.ts'
import { eventually } from '../eventually.ts'
import { silent } from '../local-node.ts'

const url = inject('redisUrl')
let admin: Redis

beforeAll(() => {
  admin = new Redis(url)
})
afterAll(() => admin.disconnect())

const open = async (address = url) => {
  const queue = new RedisQueue({ url: address, clock: new SystemClock(), log: silent })
  await queue.start()
  const probe = queue.subscribe(randomUUID() as RoomId, {
    onRun() {},
    onNote() {},
    onInterrupted() {},
  })
  await probe.live
  probe.close()
  // That was its second connection; the first may still be on its way.
  await eventually('it answers', () =>
    queue.ping().then(
      () => true,
      () => false,
    ),
  )
  return queue
}

queueContract('RedisQueue', async () => {
  const [a, b] = await Promise.all([open(), open()])
  return {
    a,
    b,
    channels: async () => ((await admin.pubsub('CHANNELS', 'sharechat:room:*')) as string[]).length,
    dispose: async () => {
      await Promise.all([a.stop(), b.stop()])
    },
  }
})

test('Q1 a room that was closed and opened again is live only with its own confirmation', async () => {
  const link = await DeadLink.to(url)
  const queue = await open(link.url)
  onTestFinished(async () => {
    await queue.stop()
    await link.close()
  })
  link.delay(100)
  const roomId = randomUUID() as RoomId
  const handlers = { onRun() {}, onNote() {}, onInterrupted() {} }
  const first = queue.subscribe(roomId, handlers)
  await eventually('the first is at Redis, its confirmation on the way', async () =>
    ((await admin.pubsub('CHANNELS', `sharechat:room:${roomId}`)) as string[]).includes(
      `sharechat:room:${roomId}`,
    ),
  )
  first.close()
  const begun = performance.now()
  await queue.subscribe(roomId, handlers).live
  expect(performance.now() - begun).toBeGreaterThan(180)
})
