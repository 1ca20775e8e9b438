import { openMemory } from '../../src/adapters/memory/open.ts'
import { repositoryContract } from '../contract/repository.ts'
import { FakeClock } from '../fake-clock.ts'

repositoryContract('MemoryRepository', async () => {
  const clock = new FakeClock()
  const stored = openMemory(clock, 1 << 28)
  await clock.advance(60_000)
  return {
    ...stored,
    elapse: (ms) => clock.advance(ms),
    setBack: async (ms) => clock.shiftWallTime(-ms),
  }
})
