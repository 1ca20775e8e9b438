import { loadTable, measure, type Cell, type Load, type Row } from '../measure.ts'
import type { Bench, Scenario } from '../scenario.ts'

const LOADS: readonly Load[] = [
  { rooms: 100, members: 1_000, window: 16 },
  { rooms: 100, members: 1_000, window: 1 },
  // More than 10,000 texts at once are refused by a node as overload.
  { rooms: 1_000, members: 2_000, window: 4 },
  { rooms: 1_000, members: 2_000, window: 1 },
]

/** Many rooms at once, one sender in each. */
export const many: Scenario<readonly Row[]> = {
  limit: 600,
  run: (bench) => measure(() => cellsOf(bench), bench),
  table: (rows) => loadTable('Many rooms, one sender in each', rows),
}

const cellsOf = async ({ fleet }: Bench): Promise<readonly Cell[]> => {
  const contenders = await fleet.all(['cluster', 'embedded', 'ws'])
  return LOADS.flatMap((load) => contenders.map((contender) => ({ contender, load })))
}
