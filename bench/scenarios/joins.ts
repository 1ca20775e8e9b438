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

/** What it costs to accept a member and to bring it its first frame, in rooms of ten. */
export const joins: Scenario<readonly JoinCost[]> = {
  limit: 240,
  run: async (bench: Bench) => {
    const contenders = await bench.fleet.all(['cluster', 'embedded', 'fastify', 'ws'])
    const runs = contenders.map((): { micros: number; lost: number }[] => [])
    for (let round = 0; round < bench.rounds; round++) {
      for (const [index, contender] of contenders.entries()) {
        runs[index]?.push(await once(contender, bench.signal))
      }
    }
    return contenders.map(({ name }, index) => {
      const rounds = (runs[index] ?? []).map(({ micros }) => micros)
      const lost = (runs[index] ?? []).reduce((sum, run) => sum + run.lost, 0)
      return { contender: name, cpuMicrosPerJoin: median(rounds), lost, rounds }
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
