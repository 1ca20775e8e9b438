import type { ContenderName } from '../contenders.ts'
import { loadTable, measure, type Cell, type Row } from '../measure.ts'
import type { Bench, Scenario } from '../scenario.ts'

const EVERYONE: readonly ContenderName[] = [
  'embedded',
  'cluster',
  'ws',
  'fastify',
  'socket.io',
  'socket.io + redis',
  'bun',
]
const FEW: readonly ContenderName[] = ['embedded', 'cluster', 'ws', 'bun']

/** One room, one sender: what it costs to bring a message to a member. */
export const fanOut: Scenario<readonly Row[]> = {
  limit: 1_200,
  run: (bench) => measure(() => cellsOf(bench), bench),
  table: (rows) => loadTable('Fan-out: one room, one sender', rows),
}

const cellsOf = async ({ fleet }: Bench): Promise<readonly Cell[]> => {
  const cells: Cell[] = []
  for (const window of [64, 1]) {
    for (const members of [10, 100, 1_000, 5_000]) {
      const names = window === 64 && members < 5_000 ? EVERYONE : FEW
      for (const contender of await fleet.all(names)) {
        cells.push({ contender, load: { rooms: 1, members, window } })
      }
    }
  }
  return cells
}
