import { loadTable, measure, type Row } from '../measure.ts'
import type { Bench, Scenario } from '../scenario.ts'

/** The same members on one, two and four nodes over the same Postgres and Redis. */
export const nodes: Scenario<readonly Row[]> = {
  limit: 300,
  run: async (bench: Bench) => {
    const cluster = await bench.fleet.fresh('cluster', 4)
    if (cluster === undefined) return []
    try {
      const contenders = [1, 2, 4].map((count) => ({
        ...cluster,
        urls: cluster.urls.slice(0, count),
        pids: cluster.pids.slice(0, count),
      }))
      const loads = [
        { rooms: 1, members: 1_000, window: 64 },
        { rooms: 100, members: 1_000, window: 16 },
      ]
      const cells = loads.flatMap((load) => contenders.map((contender) => ({ contender, load })))
      return await measure(async () => cells, bench)
    } finally {
      await cluster.stop()
    }
  },
  table: (rows) => loadTable('One, two and four nodes, the same members spread over them', rows),
}
