import { readdirSync, readFileSync } from 'node:fs'
import { parser } from '@prometheus-io/lezer-promql'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { typeOf } from '../../src/adapters/http/frames.ts'
import { Metrics } from '../../src/adapters/prometheus/metrics.ts'

const top = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, top), 'utf8')

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string }
}

interface Panel {
  readonly title: string
  readonly type: string
  readonly description?: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const rules = parse(read('deploy/prometheus/alerts.yml')) as {
  readonly groups: readonly { readonly rules: readonly Alert[] }[]
}
const alerts = rules.groups.flatMap((group) => group.rules)
const dashboard = JSON.parse(read('deploy/grafana/dashboards/sharechat.json')) as {
  readonly uid: string
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string }[] }
}
const panels = dashboard.panels.filter(({ type }) => type !== 'row')
const operations = read('docs/operations.md')

/** What Grafana puts in before Prometheus sees a query. */
const filledIn = (query: string): string =>
  query.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*')

const queries: readonly (readonly [string, string])[] = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [`${title}: ${expr}`, filledIn(expr)] as const),
  ),
]

/** One selector of a query: `name{label="value"}`. */
interface Selector {
  readonly name: string
  readonly labels: readonly (readonly [label: string, value: string | undefined])[]
}

/** The selectors of a query, and the labels that it groups by; throws where it is not PromQL. */
const takeApart = (query: string): { selectors: Selector[]; grouping: string[] } => {
  const selectors: Selector[] = []
  const grouping: string[] = []
  parser.parse(query).iterate({
    enter: (node) => {
      const text = query.slice(node.from, node.to)
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${query}`)
      if (node.name === 'GroupingLabels') grouping.push(...text.slice(1, -1).split(/\s*,\s*/))
      if (node.name !== 'VectorSelector') return
      const labels = [...text.matchAll(/(\w+)\s*(=~?)\s*"([^"]*)"/g)].map(
        ([, label = '', operator, value]) => [label, operator === '=' ? value : undefined] as const,
      )
      selectors.push({ name: /^\w+/.exec(text)?.[0] ?? '', labels })
    },
  })
  return { selectors, grouping }
}

/** Prometheus itself adds these, to every series of a node. */
const ADDED = new Set(['job', 'instance'])
/** Of Prometheus itself, what only Linux tells, and what is there after the first collection. */
const NOT_SCRAPED: readonly (readonly [name: string, labels: ReadonlyMap<string, string>])[] = [
  ['up', new Map()],
  ['process_open_fds', new Map()],
  ['process_max_fds', new Map()],
  ['nodejs_gc_duration_seconds_sum', new Map([['kind', 'minor']])],
]

describe('metrics, alerts and dashboard', () => {
  /** By name, the label sets of the series of a real scrape. */
  const scraped = new Map<string, ReadonlyMap<string, string>[]>()

  beforeAll(async () => {
    const metrics = new Metrics(typeOf, { mode: 'embedded', leaseMs: 10_000 })
    metrics.meter.appended(1, 1)
    const port = await metrics.start({ host: '127.0.0.1', port: 0 }, () => ({
      rooms: 0,
      members: 0,
      outboxEntries: 0,
      leaseAgeMs: 0,
      sweepLagMs: 0,
      drained: 0,
      connections: { plain: 0, json: 0 },
      accepting: true,
      overloaded: false,
      queueUp: true,
      queueMalformed: 0,
      history: { active: 0, waiting: 0 },
    }))
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    await metrics.stop()
    for (const line of text.split('\n')) {
      const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? []
      if (name === undefined) continue
      const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(
        ([, label = '', value = '']) => [label, value] as const,
      )
      scraped.set(name, [...(scraped.get(name) ?? []), new Map(pairs)])
    }
    for (const [name, labels] of NOT_SCRAPED) scraped.set(name, [labels])
  })

  test.each(queries)('asks for what is there: %s', (_name, query) => {
    const { selectors, grouping } = takeApart(query)
    expect(selectors).not.toEqual([])
    const known = new Set(ADDED)
    for (const { name, labels } of selectors) {
      const series = scraped.get(name) ?? []
      expect(series.length, name).toBeGreaterThan(0)
      for (const label of series.flatMap((set) => [...set.keys()])) known.add(label)
      for (const [label, value] of labels) {
        if (ADDED.has(label)) continue
        const values = series.map((set) => set.get(label))
        expect(values, `${name}{${label}}`).toContain(value ?? values.find(Boolean) ?? 'any')
      }
    }
    for (const label of grouping) expect([...known], query).toContain(label)
  })

  test('docs/operations.md lists every metric of ours, and no other', () => {
    const rows = [...operations.matchAll(/^\| (`[a-z_]+`(?:, `[a-z_]+`)*) +\| [^|]*\| /gm)]
    const listed = rows.flatMap(([, names = '']) => names.replaceAll('`', '').split(', '))
    const ours = [...scraped.keys()]
      .filter((name) => name.startsWith('sharechat_'))
      .map((name) => name.replace(/^sharechat_/, '').replace(/_(bucket|sum|count)$/, ''))
    expect(new Set(listed)).toEqual(new Set(ours))
  })

  test('a query that is not right is found', () => {
    expect(() => takeApart('rate(sharechat_rooms[5m) > 0')).toThrow('no PromQL')
    expect(takeApart('sum by (a, b) (x{c="1",d=~"2"})')).toEqual({
      selectors: [
        {
          name: 'x',
          labels: [
            ['c', '1'],
            ['d', undefined],
          ],
        },
      ],
      grouping: ['a', 'b'],
    })
  })
})

describe('alerts', () => {
  test('each is explained: what it means, what users notice, what to do', () => {
    const explained = [...operations.matchAll(/^### (Sharechat\w+)\n\n((?:[- ] ?.*\n)+)/gm)]
    expect(explained.map(([, name = '']) => name).toSorted()).toEqual(
      alerts.map(({ alert }) => alert).toSorted(),
    )
    for (const [, , text = ''] of explained) {
      const parts = [...text.matchAll(/^- \*\*(.*?)\*\*: \S/gm)].map(([, part]) => part)
      expect(parts).toEqual(['Means', 'Users notice', 'Do'])
    }
  })

  test.each(alerts)('$alert has a severity and a sentence', ({ labels, annotations }) => {
    expect(['critical', 'warning']).toContain(labels.severity)
    expect(annotations.summary).toMatch(/^[A-Z{].*\.$/)
  })

  test('Prometheus loads them, and Grafana the dashboard', () => {
    const config = parse(read('deploy/prometheus/prometheus.yml')) as {
      readonly rule_files: readonly string[]
      readonly scrape_configs: readonly { readonly job_name: string }[]
    }
    expect(config.rule_files).toEqual(['alerts.yml'])
    expect(config.scrape_configs.map((job) => job.job_name)).toEqual(['sharechat'])
    for (const kind of ['dashboards', 'datasources']) {
      const folder = `deploy/grafana/provisioning/${kind}/`
      for (const name of readdirSync(new URL(folder, top))) {
        expect(parse(read(folder + name))).toMatchObject({ apiVersion: 1 })
      }
    }
    expect(dashboard.uid).toBe('sharechat')
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance'])
  })

  test('every panel of the dashboard says what it shows, and none lies on another', () => {
    for (const { title, description, targets = [] } of panels) {
      expect(description, title).toMatch(/\S.*\.$/)
      for (const { legendFormat } of targets) expect(legendFormat, title).not.toBe('')
    }
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
  })
})

test('docs/operations.md lists every line that the log can have', () => {
  const said = new Set<string>()
  for (const name of readdirSync(new URL('src/', top), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || /^(?:stress|terminal|cli|client)\b/.test(name)) continue
    for (const [, words = ''] of read(`src/${name}`).matchAll(
      /\blog\.(?:debug|info|warn|error)\(\s*'([^']+)'/g,
    )) {
      said.add(words)
    }
  }
  const logs = operations.slice(operations.indexOf('## Logs'), operations.indexOf('## Postgres'))
  const listed = [...logs.matchAll(/^\| (?:debug|info|warn|error) +\| ([^|]*)\|/gm)].flatMap(
    ([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, words = '']) => words),
  )
  expect(new Set(listed)).toEqual(said)
})
