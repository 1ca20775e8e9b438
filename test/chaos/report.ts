import { deliveries } from './deliveries.ts'
import type { Act, Fault, History } from './history.ts'
import { RULES } from './problems.ts'
import { storiesOf } from './room-log.ts'
import type { Run } from './run.ts'
import { alone, dueBy, LAG_MS, quietSpans } from './windows.ts'

const SLOW_MS = 150
const CLEAR_MS = 1_200

/** Milliseconds from echo to delivery, of what was acknowledged in quiet times. */
const quietLags = (history: History): readonly number[] => {
  const quiet = quietSpans(history)
  return deliveriesOf(history).flatMap(({ acked, readers }) =>
    dueBy(acked, quiet) === acked + LAG_MS
      ? readers.flatMap(({ got }) => (got === undefined ? [] : [Math.max(0, got - acked)]))
      : [],
  )
}

const deliveriesOf = (history: History) => storiesOf(history).flatMap(deliveries)

/**
 * Milliseconds after the end of each fault that was alone until the last text that it made slow was
 * with everyone; 0 if all was well by then.
 */
const recoveries = (history: History): readonly { kind: string; ms: number }[] => {
  const all = deliveriesOf(history)
  return history.faults
    .filter((fault) => alone(fault, history, CLEAR_MS))
    .map((fault) => ({ kind: fault.kind, ms: recovery(fault, all) }))
}

const recovery = (fault: Fault, all: ReturnType<typeof deliveriesOf>): number => {
  const slow = all
    .filter(({ said }) => said >= fault.from - 200 && said <= fault.to + CLEAR_MS)
    .map(({ said, acked, readers }) => ({
      said,
      done: Math.max(acked, ...readers.map(({ got }) => got ?? 0)),
    }))
    .filter(({ said, done }) => done - said > SLOW_MS)
  return Math.max(0, ...slow.map(({ done }) => done - fault.to))
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

const lagLine = (lags: readonly number[]): string => {
  const sorted = lags.toSorted((a, b) => a - b)
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => Math.round(quantile(sorted, share)))
  return `p50 ${p50}, p99 ${p99}, max ${max} ms (${lags.length} deliveries)`
}

const counted = (problems: Run['problems']): string =>
  RULES.map((rule) => `${problems.filter((problem) => problem.rule === rule).length} ${rule}`).join(
    ', ',
  )

const textsOf = ({ visits }: History): number =>
  visits.reduce((sum, { said }) => sum + said.filter(({ change }) => !change).length, 0)

/** What was done to messages, members and rooms, as far as it was acknowledged. */
const deedsOf = (histories: readonly History[]): string => {
  const acts = histories.flatMap((history) => history.acts.filter(({ done }) => done !== undefined))
  const count = (kind: Act['kind']): number => acts.filter((act) => act.kind === kind).length
  const said = histories.flatMap(({ visits }) => visits.flatMap((visit) => visit.said))
  const reads = histories.flatMap((history) => history.reads.filter(({ status }) => status === 200))
  return (
    `${said.filter(({ change }) => change).length} changes by members, ` +
    `${count('delete')} deletions, ${count('remove')} removals, ${count('dismiss')} dismissals, ` +
    `${reads.length} reads`
  )
}

/** One line about a run, and the first of its problems if it has any. */
export const summaryOf = ({ history, problems, file }: Run): string => {
  const { seed, faults, visits, talk } = history
  const lines = [
    `seed ${seed}: ${faults.length} faults in ${Math.round((talk.to - talk.from) / 1_000)} s, ` +
      `${textsOf(history)} texts, ${visits.length} connections, ${deedsOf([history])}; ` +
      `${counted(problems)}; ` +
      `quiet lag ${lagLine(quietLags(history))}`,
    ...problems.slice(0, 10).map(({ rule, what }) => `  ${rule}: ${what}`),
  ]
  if (problems.length > 0) lines.push(`  the history: ${file}`)
  return lines.join('\n')
}

/** The report over all runs, as it stands in docs/reliability.md. */
export const reportOf = (runs: readonly Run[]): string => {
  const histories = runs.map(({ history }) => history)
  const faults = histories.flatMap((history) => history.faults)
  const recovered = histories.flatMap(recoveries)
  const rows = [...new Set(faults.map(({ kind }) => kind))].sort().map((kind) => {
    const times = recovered.filter((one) => one.kind === kind).map(({ ms }) => ms)
    const sorted = times.toSorted((a, b) => a - b)
    const count = faults.filter((fault) => fault.kind === kind).length
    const [p50, max] = [0.5, 1].map((share) => Math.round(quantile(sorted, share)))
    return `| ${kind} | ${count} | ${times.length} | ${times.length === 0 ? '–' : p50} | ${times.length === 0 ? '–' : max} |`
  })
  return [
    `${runs.length} seeds, ${faults.length} faults, ` +
      `${histories.reduce((sum, history) => sum + textsOf(history), 0)} texts, ` +
      `${histories.reduce((sum, { visits }) => sum + visits.length, 0)} connections`,
    deedsOf(histories),
    counted(runs.flatMap(({ problems }) => problems)),
    `lag in quiet times: ${lagLine(histories.flatMap(quietLags))}`,
    '',
    '| fault | times | alone | recovery p50 (ms) | recovery max (ms) |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}
