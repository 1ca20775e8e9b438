import type { Fault, History, Span } from './history.ts'

/** This long after a fault everything is as if it had never been. */
export const RECOVERED_MS = 3_000
/** Within this an acknowledged text is with everyone, while no fault is or was active. */
export const LAG_MS = 400
const WARM_UP_MS = 1_500

/** Spans in order, those that touch made one. */
export const merged = (spans: readonly Span[]): readonly Span[] => {
  const result: { from: number; to: number }[] = []
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else result.push({ from, to })
  }
  return result
}

/** When members talked, no fault was active, and none had been for three seconds. */
export const quietSpans = ({ talk, faults, stalls }: History): readonly Span[] => {
  const loud = merged([
    { from: talk.from, to: talk.from + WARM_UP_MS },
    ...faults.map(({ from, to }) => ({ from, to: to + RECOVERED_MS })),
    ...stalls.map(({ from, to }) => ({ from: from - LAG_MS, to: to + LAG_MS })),
  ])
  const quiet: Span[] = []
  let from = talk.from
  for (const span of loud) {
    if (span.from > from) quiet.push({ from, to: Math.min(span.from, talk.to) })
    from = Math.max(from, span.to)
  }
  if (from < talk.to) quiet.push({ from, to: talk.to })
  return quiet.filter((span) => span.to - span.from >= LAG_MS)
}

/** By when a text acknowledged at `at` must be with everyone; undefined: no quiet time followed. */
export const dueBy = (at: number, quiet: readonly Span[]): number | undefined => {
  const span = quiet.find(({ from, to }) => to - Math.max(from, at) >= LAG_MS)
  return span === undefined ? undefined : Math.max(span.from, at) + LAG_MS
}

/** Whether no other fault was near a fault. */
export const alone = (fault: Fault, { faults }: History, ms: number): boolean =>
  faults.every(
    (other) => other === fault || other.to < fault.from - ms || other.from > fault.to + ms,
  )

/** What ends connections to a node at once. */
const ENDINGS = ['node killed', 'node terminated']
/** What keeps one node from renewing its lease, while others may go on. */
const CUTS = ['node stopped', 'Postgres link dead']
/** A call to Postgres that was under way ends this late. */
const CALL_MS = 2_600
const AFTERMATH_MS = 3_000

/**
 * When the server may end connections to the node at this place: it was ended, or it was taken for dead.
 */
export const excuses = (history: History, node: number): readonly Span[] => {
  const ended = faultsOf(history, node)
    .filter(({ kind }) => ENDINGS.includes(kind))
    .map(({ from, to }) => ({ from, to: to + AFTERMATH_MS }))
  return [...ended, ...lapses(history, node)]
}

const faultsOf = ({ faults }: History, node: number): readonly Fault[] =>
  faults.filter((fault) => fault.node === undefined || fault.node === node)

/**
 * When the node at this place could not renew its lease for so long that others may have taken it for
 * dead. An outage of Postgres that all nodes see alike is no excuse, however long.
 */
export const lapses = (history: History, node: number): readonly Span[] => {
  const here = faultsOf(history, node)
  const cut = (fault: Fault): boolean =>
    fault.node === node && CUTS.some((kind) => fault.kind.startsWith(kind))
  const silent = merged(
    here
      .filter((fault) => cut(fault) || fault.kind.startsWith('Postgres'))
      .map(({ kind, from, to }) => ({ from, to: kind.startsWith('node') ? to : to + CALL_MS })),
  )
  return silent
    .filter(({ from, to }) => here.some((f) => cut(f) && f.from >= from && f.to <= to))
    .filter(({ from, to }) => to - from > history.leaseMs * 0.7)
    .map(({ from, to }) => ({ from, to: to + history.leaseMs + AFTERMATH_MS }))
}
