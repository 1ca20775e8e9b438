import { Counter, Gauge, type Registry } from 'prom-client'
import type { DomainGauges } from '../../ports/meter.ts'

/** What a node is at a moment. */
export interface NodeGauges extends DomainGauges {
  /** Open WebSockets, by dialect. */
  readonly connections: { readonly plain: number; readonly json: number }
  /** It takes joins: readyz says 200. */
  readonly accepting: boolean
  /** It is too busy to take on more, and says 503 to joins and new rooms. */
  readonly overloaded: boolean
  readonly queueUp: boolean
  /** Payloads from the queue that were not well formed, since the start. */
  readonly queueMalformed: number
  /** Reads of histories. */
  readonly history: { readonly active: number; readonly waiting: number }
}

/** What stays as it is. */
export interface NodeFacts {
  readonly mode: string
  readonly leaseMs: number
}

/** @returns what takes over the numbers of a moment, to be called at each scrape */
export const gaugesIn = (
  registry: Registry,
  { mode, leaseMs }: NodeFacts,
): ((gauges: NodeGauges) => void) => {
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name: `sharechat_${name}`, help, labelNames, registers: [registry] })

  gauge('info', 'Always 1; how this node was started.', ['mode']).set({ mode }, 1)
  gauge('lease_seconds', 'How long a silent node counts as alive.').set(leaseMs / 1000)
  const connections = gauge('connections', 'Open WebSockets.', ['dialect'])
  const members = gauge('members', 'Members connected to this node.')
  const rooms = gauge('rooms', 'Rooms open on this node.')
  const outbox = gauge('outbox_entries', 'Texts, joins and leaves that are not stored yet.')
  const leaseAge = gauge('lease_age_seconds', 'Since this node last renewed its lease.')
  const sweepLag = gauge(
    'sweep_lag_seconds',
    'Since all open rooms were last compared with the repository.',
  )
  const drained = gauge(
    'drain_progress_ratio',
    'The part of the members that a drain has closed; 0 without a drain.',
  )
  const accepting = gauge('accepting_joins', '1 while this node takes joins.')
  const overloaded = gauge('overloaded', '1 while this node is too busy to take joins.')
  const queueUp = gauge('queue_up', '1 while the queue carries messages both ways.')
  const historyReads = gauge('history_reads', 'Reads of histories.', ['state'])
  const malformed = new Counter({
    name: 'sharechat_queue_malformed_total',
    help: 'Payloads from the queue that were not well formed.',
    registers: [registry],
  })

  return (now) => {
    connections.set({ dialect: 'plain' }, now.connections.plain)
    connections.set({ dialect: 'json' }, now.connections.json)
    members.set(now.members)
    rooms.set(now.rooms)
    outbox.set(now.outboxEntries)
    leaseAge.set(now.leaseAgeMs / 1000)
    sweepLag.set(now.sweepLagMs / 1000)
    drained.set(now.drained)
    accepting.set(Number(now.accepting))
    overloaded.set(Number(now.overloaded))
    queueUp.set(Number(now.queueUp))
    historyReads.set({ state: 'active' }, now.history.active)
    historyReads.set({ state: 'waiting' }, now.history.waiting)
    malformed.reset()
    malformed.inc(now.queueMalformed)
  }
}
