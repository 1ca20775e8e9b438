import type { Step } from './histogram.ts'
import type { Progress } from './load.ts'
import type { Percentiles, Report } from './report.ts'

/** The progress in a line of at most 80 characters, without its end. */
export const writtenProgress = (progress: Progress): string =>
  `${progress.phase}, ${Math.round(progress.seconds)} s: ` +
  `${grouped(progress.membersJoined)} members, ` +
  `${grouped(progress.messagesPerSecond)} messages/s, ` +
  `${grouped(progress.deliveriesPerSecond)} deliveries/s`

/** A report for people. */
export const written = (report: Report): string =>
  [
    ...figures(report).map(([name, text]) => `${name.padEnd(12)}${text}`),
    '',
    ['ms'.padEnd(12), ...['p50', 'p90', 'p99', 'max'].map((name) => name.padStart(10))].join(''),
    percentileRow('join', report.joinMs),
    percentileRow('echo', report.echoMs),
    percentileRow('delivery', report.latencyMs),
    '',
    ...bars(report.latencySteps),
    ...hints(report).map((hint) => `\n${hint}`),
    '',
  ].join('\n')

const figures = (report: Report): readonly (readonly [string, string])[] => [
  [
    'members',
    `${grouped(report.membersJoined)} of ${grouped(report.members)} joined ` +
      `in ${report.joinSeconds.toFixed(2)} s` +
      counted('not joined', report.membersRefused, report.refusals) +
      counted('lost', report.membersLost, report.losses),
  ],
  [
    'messages',
    `${grouped(report.sent)} sent, ${grouped(report.echoed)} confirmed, ` +
      `${grouped(report.messagesPerSecond)}/s` +
      counted('refused', report.failed) +
      counted('without an answer', report.unanswered) +
      counted('due but not sent', report.skipped),
  ],
  [
    'deliveries',
    `${grouped(report.delivered)}, ${grouped(report.deliveriesPerSecond)}/s` + faults(report),
  ],
  [
    'CPU',
    `${report.ownCpuSeconds.toFixed(2)} s this program` +
      (report.cpu ?? [])
        .map(({ pid, seconds }) => `, ${seconds.toFixed(2)} s process ${pid}`)
        .join('') +
      (report.cpuMicrosPerDelivery === undefined
        ? ''
        : `: ${report.cpuMicrosPerDelivery.toFixed(2)} µs per delivery`),
  ],
]

const counted = (
  what: string,
  count: number,
  kinds: Readonly<Record<string, number>> = {},
): string => {
  if (count === 0) return ''
  const each = Object.entries(kinds).map(([kind, of]) => `${kind}: ${grouped(of)}`)
  return `, ${grouped(count)} ${what}` + (each.length > 0 ? ` (${each.join(', ')})` : '')
}

const faults = ({ lost, doubled, reordered, altered }: Report): string =>
  lost + doubled + reordered + altered === 0
    ? '; none lost, doubled or out of order'
    : counted('lost', lost) +
      counted('doubled', doubled) +
      counted('out of order', reordered) +
      counted('unlike those of others', altered)

const percentileRow = (name: string, { p50, p90, p99, max }: Percentiles): string =>
  [name.padEnd(12), ...[p50, p90, p99, max].map((ms) => ms.toFixed(2).padStart(10))].join('')

const BAR_LENGTH = 40
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

const bars = (steps: readonly Step[]): readonly string[] => {
  const total = steps.reduce((sum, { count }) => sum + count, 0)
  const most = Math.max(...steps.map(({ count }) => count))
  return steps.map(({ fromMs, toMs, count }) => {
    const eighths = Math.ceil((count / most) * BAR_LENGTH * 8)
    const bar = '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
    const share = ((count / total) * 100).toFixed(2)
    const name = `${fromMs} – ${toMs} ms`
    return `${name.padStart(20)}  ${bar.padEnd(BAR_LENGTH)} ${share.padStart(6)} %`
  })
}

const hints = (report: Report): readonly string[] => {
  const hasReason = (reason: string): boolean =>
    reason in report.refusals || reason in report.losses
  const lines: string[] = []
  if (report.failed > 0 || hasReason('429') || hasReason('1008')) {
    lines.push(
      'The server limits how fast one member sends and one address joins: RATE_LIMIT=off lifts that.',
    )
  }
  if (hasReason('EMFILE')) lines.push('This program may not open more connections: see ulimit -n.')
  if (hasReason('EADDRNOTAVAIL')) lines.push('This machine has no more ports to connect from.')
  if (report.ownCpuSeconds > 0.9 * report.seconds && report.delivered > 0) {
    lines.push('This program used a whole processor: it may be what limits these figures.')
  }
  return lines
}

const grouped = (value: number): string => Math.round(value).toLocaleString('en')
