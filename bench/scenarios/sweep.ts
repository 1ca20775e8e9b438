import { setTimeout as pause } from 'node:timers/promises'
import { createRooms } from '../contenders.ts'
import { Crowd } from '../crowd.ts'
import { settled } from '../measure.ts'
import { cpuOf, cpuOfTree } from '../process-figures.ts'
import { figure, type Bench, type Scenario } from '../scenario.ts'

const ROOMS = 10_000
const JOINS_PER_SECOND = 500
const SECONDS = 10

interface Sweep {
  readonly rooms: number
  /** Of one core. */
  readonly nodeShare: number
  /** Of one core; NaN where it cannot be seen. */
  readonly postgresShare: number
  readonly lost: number
}

/** A node that has 10,000 rooms with a member each, in which nothing happens. */
export const sweep: Scenario<Sweep> = {
  limit: 180,
  run: async ({ fleet, services, signal }: Bench) => {
    const cluster = await fleet.fresh('cluster')
    const [url, pid] = [cluster?.urls[0], cluster?.pids[0]]
    if (cluster === undefined || url === undefined || pid === undefined) {
      throw new Error('there is no server')
    }
    const crowd = new Crowd({
      url,
      roomIds: await createRooms(url, ROOMS),
      members: ROOMS,
      rampSeconds: ROOMS / JOINS_PER_SECOND,
      protocol: cluster.protocol,
      signal,
    })
    try {
      await crowd.join()
      await settled([pid], signal)
      const postgres = (): number => cpuOfTree(services.postgres.pid)
      const before = [cpuOf([pid]), postgres()] as const
      await pause(SECONDS * 1000, undefined, { signal })
      return {
        rooms: ROOMS,
        nodeShare: (cpuOf([pid]) - before[0]) / SECONDS,
        postgresShare: (postgres() - before[1]) / SECONDS,
        lost: crowd.lost.size,
      }
    } finally {
      crowd.leave()
      await cluster.stop()
    }
  },
  table: ({ rooms, nodeShare, postgresShare, lost }) => ({
    title: 'Sweep: local rooms in which nothing happens',
    head: ['rooms', 'node, % of a core', 'Postgres, % of a core', 'faults'],
    rows: [[String(rooms), figure(nodeShare * 100), figure(postgresShare * 100), String(lost)]],
  }),
}
