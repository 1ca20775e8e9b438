import type { ErrorCode } from '../../ports/errors.ts'
import type {
  ConnectionEnd,
  DeliveryWay,
  HistoryCut,
  RefusalCode,
  Refused,
} from '../../ports/meter.ts'
import type { StoredType } from '../../ports/model.ts'
import type { TallyNames } from './tally.ts'

/*
 * Every value that a label begins with is named here, and checked against what the domain may say, so
 * that no label grows without bound and a series is there before the first thing happened: a rate
 * does not see a series come into being.
 */
const TYPES: readonly StoredType[] = ['chat', 'joined', 'left']
const WAYS: readonly DeliveryWay[] = ['live', 'replay']
/** What is refused as a rule; the rest is there when it happened. */
const REFUSALS: Readonly<Record<Refused, readonly RefusalCode[]>> = {
  text: [
    'invalid',
    'too_large',
    'rate_limited',
    'overloaded',
    'unavailable',
    'draining',
    'unknown',
  ],
  join: ['not_found', 'full', 'rate_limited', 'overloaded', 'unavailable', 'draining', 'unknown'],
  room: ['invalid', 'forbidden', 'rate_limited', 'overloaded', 'unavailable', 'unknown'],
  command: ['invalid', 'not_joined', 'rate_limited'],
  request: ['invalid', 'not_found', 'overloaded', 'unavailable'],
}
const APPEND_FAILURES: readonly ErrorCode[] = ['unavailable', 'unknown', 'internal']
const HISTORY_CUTS: readonly HistoryCut[] = ['stalled', 'failed']

/** How WebSockets end, with the close codes that go with it. */
const ENDS: Readonly<Record<ConnectionEnd, readonly string[]>> = {
  internal: ['1011'],
  drain: ['1012'],
  lease_lost: ['1012'],
  log_reset: ['1012'],
  slow: ['1013'],
  flood: ['1008'],
  room_gone: ['4004'],
  replaced: ['4001'],
  client: ['1000', '1001', '1005', 'other'],
  protocol: ['1002', '1007', '1008', '1009'],
  silent: ['1006'],
  lost: ['1006'],
}

/** The value of the label `code` for a close code: a peer may send any of thousands. */
export const closeCodeLabel = (how: ConnectionEnd, code: number): string =>
  ENDS[how].includes(`${code}`) ? `${code}` : 'other'

const each = (values: readonly string[]) => values.map((value) => [value])

const pairs = (firsts: readonly string[], seconds: readonly string[]) =>
  firsts.flatMap((first) => seconds.map((second) => [first, second]))

/** All that is counted, by what the code calls it. */
export const COUNTERS = {
  received: { name: 'messages_received_total', help: 'Texts that came from members.' },
  stored: {
    name: 'messages_stored_total',
    help: 'Messages that this node stored.',
    labels: ['type'],
    sets: each(TYPES),
  },
  deliveries: {
    name: 'deliveries_total',
    help: 'Messages handed to the connections of members, once for each member.',
    labels: ['way', 'type'],
    sets: pairs(WAYS, TYPES),
  },
  refusals: {
    name: 'refusals_total',
    help: 'What was asked for and not done.',
    labels: ['what', 'code'],
    sets: Object.entries(REFUSALS).flatMap(([what, codes]) =>
      pairs([what], [...codes, 'internal']),
    ),
  },
  closed: {
    name: 'connections_closed_total',
    help: 'WebSockets that ended, by how and with which close code.',
    labels: ['how', 'code'],
    sets: Object.entries(ENDS).flatMap(([how, codes]) => pairs([how], codes)),
  },
  appendFailures: {
    name: 'append_failures_total',
    help: 'Batches that the repository did not store, or did not confirm.',
    labels: ['code'],
    sets: each(APPEND_FAILURES),
  },
  publishes: { name: 'publishes_total', help: 'Hints given to the queue.' },
  publishFailures: {
    name: 'publish_failures_total',
    help: 'Hints that the queue did not confirm.',
  },
  gapsFound: {
    name: 'gaps_found_total',
    help: 'Times that messages of a room did not come in time, so that they were read.',
  },
  gapsRepaired: {
    name: 'gaps_repaired_total',
    help: 'Times that such a read brought messages.',
  },
  messagesRepaired: {
    name: 'messages_repaired_total',
    help: 'Messages that came by such reads.',
  },
  roomsCreated: { name: 'rooms_created_total', help: 'Rooms that were made.' },
  roomsExpired: {
    name: 'rooms_expired_total',
    help: 'Rooms that this node removed because their time was over.',
  },
  resumed: {
    name: 'members_resumed_total',
    help: 'Members that came back to this node as themselves.',
  },
  reaped: {
    name: 'members_reaped_total',
    help: 'Members that this node removed for a node that is gone, or for itself at its drain.',
  },
  leasesLost: { name: 'leases_lost_total', help: 'Times that this node was taken for dead.' },
  historiesCut: {
    name: 'histories_cut_total',
    help: 'Histories that were not sent to their end.',
    labels: ['why'],
    sets: each(HISTORY_CUTS),
  },
} as const satisfies Readonly<Record<string, TallyNames>>
