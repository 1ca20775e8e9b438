import { MemoryRepository } from '../../src/adapters/memory/repository.ts'
import { repositoryContract } from '../contract/repository.ts'
import { FakeClock } from '../fake-clock.ts'

repositoryContract('MemoryRepository', async () => {
  const clock = new FakeClock()
  const repository = new MemoryRepository(clock, 1 << 28)
  await clock.advance(60_000)
  return {
    repository,
    elapse: (ms) => clock.advance(ms),
    setBack: async (ms) => clock.shiftWallTime(-ms),
  }
})
