import type { ContenderName } from './contenders.ts'
import type { Row } from './measure.ts'
import type { Results } from './results.ts'
import { figure, type Table } from './scenario.ts'

/** What `ws` with one send per member costs at 100 members where the goals were set, in µs. */
const REFERENCE_MICROS = 8.3

export interface Goal {
  readonly goal: string
  readonly measured: number
  /** Already scaled to this machine. */
  readonly bound: number
  readonly holds: boolean
}

/**
 * The goals for which there are figures. Absolute ones grow with the cost of `ws` in the same run;
 * without that row they stay as they are.
 */
export const goalsOf = (results: Results): readonly Goal[] => {
  const scale = scaleOf(results)
  return [
    ...fanOutGoals(results.fanOut ?? [], scale),
    ...manyGoals(results.many ?? [], scale),
    ...latencyGoals(results.latency ?? []),
    ...joinGoals(results, scale),
    ...idleGoals(results),
    ...historyGoals(results),
    ...faultGoals(results),
  ]
}

/** How much slower than the reference this machine was in this run. */
export const scaleOf = ({ fanOut = [] }: Results): number => {
  const row = find(fanOut, 'ws', { members: 100, window: 64 })
  return isKnown(row?.cpuMicrosPerDelivery) ? row.cpuMicrosPerDelivery / REFERENCE_MICROS : 1
}

const fanOutGoals = (rows: readonly Row[], scale: number): readonly Goal[] => {
  const cost = (name: ContenderName, members: number): number | undefined =>
    find(rows, name, { members, window: 64 })?.cpuMicrosPerDelivery
  const goals = [
    atMost('cluster, 100 members: CPU µs per delivery', cost('cluster', 100), 0.5 * scale),
    atMost('cluster, 1,000 members: CPU µs per delivery', cost('cluster', 1_000), 0.3 * scale),
  ]
  for (const members of [100, 1_000]) {
    const people = `${members.toLocaleString('en-US')} members`
    const bun = times(0.9, cost('bun', members))
    goals.push(atMost(`embedded, ${people}: ≤ 0.9 × Bun's publish`, cost('embedded', members), bun))
    for (const name of ['embedded', 'cluster'] as const) {
      const factor = ratio(cost('ws', members), cost(name, members))
      goals.push(atLeast(`${name}, ${people}: times cheaper than ws`, factor, 15))
    }
  }
  for (const name of ['embedded', 'cluster'] as const) {
    const growth = ratio(cost(name, 5_000), cost(name, 1_000))
    goals.push(atMost(`${name}: cost at 5,000 members over that at 1,000`, growth, 1.3))
  }
  return goals.flat()
}

const manyGoals = (rows: readonly Row[], scale: number): readonly Goal[] =>
  [
    { window: 16, perSecond: 25_000 },
    { window: 1, perSecond: 5_000 },
  ].flatMap(({ window, perSecond }) => {
    const row = find(rows, 'cluster', { members: 1_000, window })
    const goal = `cluster, 100 rooms × 10, window ${window}: messages/s`
    return atLeast(goal, row?.messagesPerSecond, perSecond / scale)
  })

const latencyGoals = (rows: readonly Row[]): readonly Goal[] =>
  [
    { members: 10, factor: 1.35 },
    { members: 100, factor: 1 },
  ].flatMap(({ members, factor }) => {
    const p50 = (name: ContenderName): number | undefined =>
      find(rows, name, { members, window: 1 })?.p50Ms
    const goal = `cluster, ${members} members: p50 over that of ws + insert`
    return atMost(goal, ratio(p50('cluster'), p50('ws + insert')), factor)
  })

const joinGoals = ({ joins = [], storm = [] }: Results, scale: number): readonly Goal[] => {
  const cost = (name: ContenderName, process: 'fresh' | 'warm'): number | undefined =>
    joins.find((row) => row.contender === name && row.process === process)?.cpuMicrosPerJoin
  return [
    ...(['fresh', 'warm'] as const).flatMap((process) => {
      const goal = `cluster, ${process}: CPU per join over that of stock Fastify`
      return atMost(goal, ratio(cost('cluster', process), cost('fastify', process)), 1.4)
    }),
    ...storm.flatMap(({ contender, seconds, lost, disordered }) => [
      ...atMost(`${contender}, 5,000 joins: seconds to the last one`, seconds, 20 * scale),
      ...atMost(`${contender}, 5,000 joins: lost, or in another order`, lost + disordered, 0),
    ]),
  ]
}

const idleGoals = ({ idle = [] }: Results): readonly Goal[] =>
  idle
    .filter(({ contender }) => contender === 'cluster' || contender === 'embedded')
    .flatMap(({ contender, bytesPerMember }) =>
      atMost(`${contender}: KiB per idle member`, bytesPerMember / 1024, 11),
    )

const historyGoals = ({ history }: Results): readonly Goal[] => {
  if (history === undefined) return []
  const deep = Math.max(history.deepPageBeforeMs, history.deepPageAfterMs)
  return [
    ...atMost('deep page over first page', ratio(deep, history.firstPageMs), 2),
    ...atMost('first page over deep page', ratio(history.firstPageMs, deep), 2),
    ...atMost('whole history: peak MiB over idle', history.streamPeakBytes / 2 ** 20, 100),
  ]
}

const faultGoals = ({
  fanOut = [],
  many = [],
  latency = [],
  nodes = [],
}: Results): readonly Goal[] => {
  const ours = [...fanOut, ...many, ...latency, ...nodes].filter(
    ({ contender }) => contender === 'embedded' || contender === 'cluster',
  )
  if (ours.length === 0) return []
  const faults = ours.flatMap((row) => Object.values(row.faults)).reduce((a, b) => a + b, 0)
  return atMost('lost, doubled, reordered, failed, refused or let go', faults, 0)
}

const find = (
  rows: readonly Row[],
  name: ContenderName,
  { members, window }: { readonly members: number; readonly window: number },
): Row | undefined =>
  rows.find((row) => row.contender === name && row.members === members && row.window === window)

const times = (factor: number, value: number | undefined): number | undefined =>
  value === undefined ? undefined : factor * value

const ratio = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a / b

type Maybe = number | undefined

const isKnown = (value: Maybe): value is number => value !== undefined && !Number.isNaN(value)

const atMost = (goal: string, measured: Maybe, bound: Maybe): readonly Goal[] =>
  isKnown(measured) && isKnown(bound) ? [{ goal, measured, bound, holds: measured <= bound }] : []

const atLeast = (goal: string, measured: Maybe, bound: Maybe): readonly Goal[] =>
  isKnown(measured) && isKnown(bound)
    ? [{ goal: `${goal} (at least)`, measured, bound, holds: measured >= bound }]
    : []

export const goalTable = (goals: readonly Goal[], scale: number): Table => ({
  title: `Must hold (ws costs ${figure(scale)} × the reference here)`,
  head: ['goal', 'measured', 'bound', ''],
  rows: goals.map(({ goal, measured, bound, holds }) => [
    goal,
    figure(measured),
    figure(bound),
    holds ? 'ok' : 'NOT OK',
  ]),
})
