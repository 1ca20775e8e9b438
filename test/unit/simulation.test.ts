import { describe, expect, test } from 'vitest'
import { findProblems } from './simulation/check.ts'
import { Cluster } from './simulation/cluster.ts'

const STEPS = 300
const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 60)
const FIRST_SEED = Number(process.env['SIMULATION_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

/** Seeds that once failed, each with what it found. */
const PINNED: readonly number[] = []

const simulate = async (seed: number): Promise<Cluster> => {
  const cluster = new Cluster(seed)
  await cluster.open(3, 2)
  for (let step = 0; step < STEPS; step += 1) await cluster.step()
  await cluster.heal()
  return cluster
}

describe('three nodes over a lossy queue and a repository whose replies get lost', () => {
  const seeds = [...PINNED, ...Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index)]

  test(`G1–G6 hold for ${SEEDS} seeds from ${FIRST_SEED} on`, async () => {
    for (const seed of seeds) {
      const cluster = await simulate(seed)
      expect(await findProblems(cluster), `seed ${seed}`).toEqual([])
      await cluster.empty()
      expect(
        cluster.nodes.map(({ controller }) => controller.holds),
        `seed ${seed}, after everybody left`,
      ).toEqual(cluster.nodes.map(() => ({ rooms: 0, members: 0, waiting: 0 })))
      expect(cluster.bus.subscriptions).toBe(0)
    }
  }, 120_000)
})
