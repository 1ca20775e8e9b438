import { MemoryQueue } from '../../src/adapters/memory/queue.ts'
import { SystemClock } from '../../src/adapters/system/clock.ts'
import { queueContract } from '../contract/queue.ts'

queueContract('MemoryQueue', async () => {
  const queue = new MemoryQueue(new SystemClock())
  return {
    a: queue,
    b: queue,
    channels: async () => queue.channels,
    dispose: async () => {},
  }
})
