import { createRooms, type Contender, type ContenderName } from '../contenders.ts'
import { Crowd } from '../crowd.ts'
import { settled } from '../measure.ts'
import { cpuOf } from '../process-figures.ts'
import { figure, median, type Bench, type Scenario } from '../scenario.ts'

const MEMBERS = 3_000
const PER_ROOM = 10
const RAMP_SECONDS = 3

interface JoinCost {
  readonly contender: ContenderName
  /** Median over the rounds. */
  readonly cpuMicrosPerJoin: number
  readonly lost: number
  readonly rounds: readonly number[]
}

/** What it costs a fresh server to accept a member and to bring it its first frame, in rooms of ten. */
export const joins: Scenario<readonly JoinCost[]> = {
  limit: 240,
  run: async (bench: Bench) => {
    // A warm server beside a fresh one would look better than it is.
    await bench.fleet.stop()
    const runs = new Map<ContenderName, { micros: number; lost: number }[]>()
    for (let round = 0; round < bench.rounds; round++) {
      for (const name of ['cluster', 'fastify + joins', 'embedded', 'fastify', 'ws'] as const) {
        const contender = await bench.fleet.fresh(name)
        if (contender === undefined) continue
        try {
          runs.set(name, [...(runs.get(name) ?? []), await once(contender, bench.signal)])
        } finally {
          await contender.stop()
        }
      }
    }
    return Array.from(runs, ([contender, ofOne]) => {
      const rounds = ofOne.map(({ micros }) => micros)
      const lost = ofOne.reduce((sum, run) => sum + run.lost, 0)
      return { contender, cpuMicrosPerJoin: median(rounds), lost, rounds }
    })
  },
  table: (costs) => ({
    title: `Joins: ${MEMBERS} members within ${RAMP_SECONDS} s, in rooms of ${PER_ROOM}`,
    head: ['server', 'CPU µs/join', 'faults'],
    rows: costs.map(({ contender, cpuMicrosPerJoin, lost }) => [
      contender,
      figure(cpuMicrosPerJoin),
      String(lost),
    ]),
  }),
}

const once = async (
  { urls: [url], pids: [pid], protocol }: Contender,
  signal: AbortSignal,
): Promise<{ readonly micros: number; readonly lost: number }> => {
  if (url === undefined || pid === undefined) throw new Error('there is no server')
  const roomIds = await createRooms(url, MEMBERS / PER_ROOM)
  await settled([pid], signal)
  const before = cpuOf([pid])
  const crowd = new Crowd({
    url,
    roomIds,
    members: MEMBERS,
    rampSeconds: RAMP_SECONDS,
    protocol,
    signal,
  })
  try {
    await crowd.join()
    const micros = ((cpuOf([pid]) - before) / MEMBERS) * 1e6
    return { micros, lost: crowd.lost.size }
  } finally {
    crowd.leave()
    await settled([pid], signal)
  }
}
