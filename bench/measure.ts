import { setTimeout as pause } from 'node:timers/promises'
import { runLoad, type Report } from '../src/stress/load.ts'
import { createRooms, type Contender, type ContenderName } from './contenders.ts'
import { cpuOf, hasProc } from './process-figures.ts'
import { figure, median, type Bench, type Table } from './scenario.ts'

/** What the goals are stated for. */
const TEXT_BYTES = 64
const SECONDS = 2
const JOINS_PER_SECOND = 1_000
/** A process that uses less than this share of a core has nothing left to do. */
const IDLE_SHARE = 0.1
const SETTLE_MS = 20_000
/** What a server does before it is measured for the first time, so that its code is compiled. */
const WARM_UP: Load = { rooms: 10, members: 100, window: 16 }
const warm = new WeakSet<Contender>()

export interface Load {
  readonly rooms: number
  readonly members: number
  /** Of each sender's own messages that are not echoed yet; one sender per room. */
  readonly window: number
}

export interface Row extends Load {
  readonly contender: ContenderName
  readonly nodes: number
  /** Medians over the rounds. */
  readonly cpuMicrosPerDelivery: number
  readonly messagesPerSecond: number
  readonly deliveriesPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** What went wrong in all rounds, and how often. */
  readonly faults: Readonly<Record<string, number>>
  readonly rounds: readonly Report[]
}

/** Runs one load on one contender, until everything is delivered. */
export const runOnce = async (
  { urls, pids, protocol }: Pick<Contender, 'urls' | 'pids' | 'protocol'>,
  load: Load,
  signal: AbortSignal,
): Promise<Report> => {
  const [first] = urls
  if (first === undefined) throw new Error('there is no server')
  const report = await runLoad({
    urls,
    roomIds: await createRooms(first, load.rooms),
    members: load.members,
    senders: 1,
    pace: { window: load.window },
    textBytes: TEXT_BYTES,
    seconds: SECONDS,
    rampSeconds: load.members / JOINS_PER_SECOND,
    protocol,
    pids,
    onProgress: () => {},
    signal,
  })
  signal.throwIfAborted()
  // The members have left; that is work too, and not that of the next who is measured.
  await settled(pids, signal)
  return report
}

export interface Cell {
  readonly contender: Contender
  readonly load: Load
}

/**
 * Every cell once in each round; the rows are in the order of the cells.
 * @param cellsOf asked in each round, for the same cells: what runs in them may be another process
 */
export const measure = async (
  cellsOf: () => Promise<readonly Cell[]>,
  { fleet, rounds, signal }: Pick<Bench, 'fleet' | 'rounds' | 'signal'>,
): Promise<readonly Row[]> => {
  const measured: { readonly cell: Cell; readonly reports: Report[] }[] = []
  for (let round = 0; round < rounds; round++) {
    const cells = await cellsOf()
    for (const { contender } of cells) {
      if (warm.has(contender)) continue
      await runOnce(contender, WARM_UP, signal)
      warm.add(contender)
    }
    for (const [index, cell] of cells.entries()) {
      const report = await runOnce(cell.contender, cell.load, signal)
      const before = measured[index]
      if (before === undefined) measured.push({ cell, reports: [report] })
      else before.reports.push(report)
    }
    // It keeps every message: after some rounds its memory would be full, as it is told to be.
    await fleet.retire('embedded')
  }
  return measured.map(({ cell, reports }) => rowOf(cell, reports))
}

const rowOf = ({ contender, load }: Cell, rounds: readonly Report[]): Row => {
  const of = (pick: (report: Report) => number): number => median(rounds.map(pick))
  return {
    contender: contender.name,
    nodes: contender.pids.length,
    ...load,
    cpuMicrosPerDelivery: of((report) => report.cpuMicrosPerDelivery ?? Number.NaN),
    messagesPerSecond: of((report) => report.messagesPerSecond),
    deliveriesPerSecond: of((report) => report.deliveriesPerSecond),
    p50Ms: of((report) => report.latencyMs.p50),
    p99Ms: of((report) => report.latencyMs.p99),
    faults: faultsOf(rounds),
    rounds,
  }
}

const faultsOf = (rounds: readonly Report[]): Row['faults'] => {
  const faults: Record<string, number> = {}
  const count = (kind: string, by: number): void => {
    if (by > 0) faults[kind] = (faults[kind] ?? 0) + by
  }
  for (const report of rounds) {
    const { lost, doubled, reordered, altered, failed, unanswered } = report
    const texts = { lost, doubled, reordered, altered, failed, unanswered }
    for (const [kind, by] of Object.entries(texts)) count(kind, by)
    for (const [why, by] of Object.entries(report.refusals)) count(`refused ${why}`, by)
    for (const [why, by] of Object.entries(report.losses)) count(`let go ${why}`, by)
  }
  return faults
}

/** Resolves when these processes have nothing to do, or after 20 s; unseen, after one second. */
export const settled = async (pids: readonly number[], signal: AbortSignal): Promise<void> => {
  const deadline = Date.now() + (hasProc ? SETTLE_MS : 1_000)
  for (let before = cpuOf(pids); Date.now() < deadline; before = cpuOf(pids)) {
    await pause(200, undefined, { signal })
    if (cpuOf(pids) - before < 0.2 * IDLE_SHARE * pids.length) return
  }
}

export const loadTable = (title: string, rows: readonly Row[]): Table => ({
  title,
  head: [
    'server',
    'nodes',
    'rooms',
    'members',
    'window',
    'CPU µs/delivery',
    'messages/s',
    'deliveries/s',
    'p50 ms',
    'p99 ms',
    'faults',
  ],
  rows: rows.map((row) => [
    row.contender,
    String(row.nodes),
    String(row.rooms),
    String(row.members),
    String(row.window),
    figure(row.cpuMicrosPerDelivery),
    figure(row.messagesPerSecond),
    figure(row.deliveriesPerSecond),
    figure(row.p50Ms),
    figure(row.p99Ms),
    Object.entries(row.faults)
      .map(([kind, count]) => `${kind} × ${count}`)
      .join(', ') || 'none',
  ]),
})
