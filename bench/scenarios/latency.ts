import { loadTable, measure, type Cell, type Row } from '../measure.ts'
import type { Bench, Scenario } from '../scenario.ts'

/** One sender that waits for its echo each time, against the plainest durable server. */
export const latency: Scenario<readonly Row[]> = {
  limit: 240,
  run: (bench) => measure(() => cellsOf(bench), bench),
  table: (rows) => loadTable('Latency at low load: one room, one sender', rows),
}

const cellsOf = async ({ fleet }: Bench): Promise<readonly Cell[]> => {
  const contenders = await fleet.all(['cluster', 'ws + insert'])
  return [10, 100].flatMap((members) =>
    contenders.map((contender) => ({ contender, load: { rooms: 1, members, window: 1 } })),
  )
}
