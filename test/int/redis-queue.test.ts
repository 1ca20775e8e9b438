import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, inject } from 'vitest'
import { RedisQueue } from '../../src/adapters/redis/queue.ts'
import { SystemClock } from '../../src/adapters/system/clock.ts'
import type { RoomId } from '../../src/ports/model.ts'
import { queueContract } from '../contract/queue.ts'
import { silent } from '../local-node.ts'

const url = inject('redisUrl')
let admin: Redis

beforeAll(() => {
  admin = new Redis(url)
})
afterAll(() => admin.disconnect())

const open = async () => {
  const queue = new RedisQueue({ url, clock: new SystemClock(), log: silent })
  await queue.start()
  const probe = queue.subscribe(randomUUID() as RoomId, { onRun() {}, onInterrupted() {} })
  await probe.live
  probe.close()
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
