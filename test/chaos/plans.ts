import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../random.ts'
import { FAULTS, type FaultKind } from './faults.ts'
import type { Nemesis } from './nemesis.ts'
import { SETTINGS, SETTLE_MS, type Plan } from './run.ts'
import type { Pace } from './talkers.ts'
import { RECOVERED_MS } from './windows.ts'

const ALONE_MS = 1_300
const MEASURED_MS = 1_500
const CALM_MS = RECOVERED_MS + MEASURED_MS
const OWNER_MS = [300, 1_300] as const
const PACE: Pace = { pauseMs: [60, 460], texts: 4 }

const shuffled = (random: Random): FaultKind[] =>
  FAULTS.map((kind) => ({ kind, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ kind }) => kind)

/** Single faults, a storm, a calm in which all must be well, another storm. */
export const longPlan = (seed: number): Plan => ({
  name: `seed-${seed}`,
  seed,
  rooms: 2,
  talkers: 3,
  jsonTalkers: 2,
  pace: PACE,
  owners: { pauseMs: OWNER_MS, endMs: [6_000, 16_000, 26_000] },
  settleMs: SETTLE_MS,
  stage: { nodes: seed % 3 === 0 ? 3 : 2, settings: SETTINGS },
  act: async (nemesis, random) => {
    await pause(2_000)
    await nemesis.alone(shuffled(random).slice(0, 3), ALONE_MS)
    await pause(CALM_MS - ALONE_MS)
    await nemesis.storm(7_500)
    await pause(CALM_MS)
    await nemesis.storm(7_500)
    await endOf(nemesis, random)
  },
})

/** A short one, without what takes longer than a lease. */
export const shortPlan = (seed: number): Plan => ({
  name: `short-${seed}`,
  seed,
  rooms: 2,
  talkers: 2,
  jsonTalkers: 2,
  pace: PACE,
  owners: { pauseMs: OWNER_MS, endMs: [4_500] },
  settleMs: SETTLE_MS,
  stage: { nodes: 2, settings: SETTINGS },
  act: async (nemesis, random) => {
    await pause(2_500)
    await nemesis.storm(5_000)
    await endOf(nemesis, random)
  },
})

/** Half of the runs end calmly, half with a fault whose end nobody talks about. */
const endOf = async (nemesis: Nemesis, random: Random): Promise<void> => {
  if (random.chance(0.5)) await pause(CALM_MS)
  else await nemesis.strike(random.pick(FAULTS))
}
