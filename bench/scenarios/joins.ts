import { createRooms, type Contender, type ContenderName } from '../contenders.ts'
import { Crowd } from '../crowd.ts'
import { settled } from '../measure.ts'
import { cpuOf } from '../process-figures.ts'
import { figure, median, type Bench, type Scenario } from '../scenario.ts'

const MEMBERS = 3_000
const PER_ROOM = 10
const RAMP_SECONDS = 3
const CONTENDERS = ['cluster', 'fastify + joins', 'embedded', 'fastify', 'ws'] as const

/** The first joins of a process are what it compiles its code for; later ones run what it compiled. */
const PASSES = ['fresh', 'warm'] as const

interface JoinCost {
  readonly contender: ContenderName
  readonly process: (typeof PASSES)[number]
  /** Median over the rounds. */
  readonly cpuMicrosPerJoin: number
  readonly lost: number
  readonly rounds: readonly number[]
}

/** What it costs a server to accept a member and to bring it its first frame, in rooms of ten. */
export const joins: Scenario<readonly JoinCost[]> = {
  limit: 240,
  run: async (bench: Bench) => {
    // A server that others have warmed beside a fresh one would look better than it is.
    await bench.fleet.stop()
    const runs: (Run & Pick<JoinCost, 'contender' | 'process'>)[] = []
    for (let round = 0; round < bench.rounds; round++) {
      for (const name of CONTENDERS) {
        const contender = await bench.fleet.fresh(name)
        if (contender === undefined) continue
        try {
          for (const process of PASSES) {
            runs.push({ contender: name, process, ...(await once(contender, bench.signal)) })
          }
        } finally {
          await contender.stop()
        }
      }
    }
    return CONTENDERS.flatMap((contender) =>
      PASSES.map((process): JoinCost => {
        const own = runs.filter((run) => run.contender === contender && run.process === process)
        const rounds = own.map(({ micros }) => micros)
        const lost = own.reduce((sum, run) => sum + run.lost, 0)
        return { contender, process, cpuMicrosPerJoin: median(rounds), lost, rounds }
      }),
    ).filter(({ rounds }) => rounds.length > 0)
  },
  table: (costs) => ({
    title: `Joins: ${MEMBERS} members within ${RAMP_SECONDS} s, in rooms of ${PER_ROOM}`,
    head: ['server', 'process', 'CPU µs/join', 'faults'],
    rows: costs.map(({ contender, process, cpuMicrosPerJoin, lost }) => [
      contender,
      process,
      figure(cpuMicrosPerJoin),
      String(lost),
    ]),
  }),
}

interface Run {
  readonly micros: number
  readonly lost: number
}

const once = async (
  { urls: [url], pids: [pid], protocol }: Contender,
  signal: AbortSignal,
): Promise<Run> => {
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
