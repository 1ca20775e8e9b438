import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadSettings } from '../../../src/settings.ts'
import { DEFAULTS, isShipped, SETTINGS, shipped } from './shipped.ts'

interface Service {
  readonly environment?: Readonly<Record<string, string | number>>
  readonly stop_grace_period?: string
  readonly volumes?: readonly string[]
  readonly depends_on?: object
}

const compose = parse(shipped('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: object
}
const nodes = Object.entries(compose.services).filter(([name]) => name.startsWith('node-'))

test('docker-compose.yml is as the Compose specification wants it', () => {
  const lint = createRequire(import.meta.url).resolve('dclint/package.json')
  const schema = readFileSync(new URL('schemas/compose.schema.json', `file://${lint}`), 'utf8')
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  const check = ajv.compile(
    JSON.parse(schema.replaceAll('https://json-schema', 'http://json-schema')) as object,
  )
  expect({ valid: check(compose), errors: check.errors }).toEqual({ valid: true, errors: null })
  expect(check({ ...compose, services: { sharechat: { imagine: 'nginx' } } })).toBe(false)
})

test('its nodes have settings that there are, with values that are right, and time to drain', () => {
  expect(nodes.length).toBe(2)
  for (const [, { environment = {}, stop_grace_period: grace }] of nodes) {
    expect(Object.keys(environment).filter((name) => !SETTINGS.has(name))).toEqual([])
    const settings = loadSettings(
      Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, `${value}`])),
    )
    expect(settings.cluster).toBeDefined()
    expect(Number(grace?.replace(/s$/, '')) * 1_000).toBeGreaterThan(settings.drainMs)
  }
})

test('it mounts files that are there, and volumes that it names', () => {
  const sources = Object.values(compose.services).flatMap(({ volumes = [] }) =>
    volumes.map((volume) => volume.split(':')[0] ?? ''),
  )
  const missing = sources.filter((source) =>
    source.startsWith('./') ? !isShipped(source) : !(source in compose.volumes),
  )
  expect(missing).toEqual([])
})

test('nginx has the nodes of docker-compose.yml, and waits longer than for one lost ping', () => {
  const nginx = shipped('deploy/nginx/nginx.conf')
  const upstreams = [...nginx.matchAll(/^ +server (\S+):(\d+) /gm)].map(([, host, port]) => [
    host,
    Number(port),
  ])
  expect(upstreams).toEqual(nodes.map(([name]) => [name, DEFAULTS.port]))
  for (const kind of ['read', 'send']) {
    const [, seconds] = new RegExp(`proxy_${kind}_timeout (\\d+)s;`).exec(nginx) ?? []
    expect(Number(seconds) * 1_000).toBeGreaterThan(2 * DEFAULTS.pingMs)
  }
  expect(nginx).toContain('proxy_buffering off;')
  expect(nginx).toContain('access_log off;')
})

test('Prometheus asks every node of docker-compose.yml for its metrics', () => {
  const { scrape_configs: jobs } = parse(shipped('deploy/prometheus/prometheus.yml')) as {
    readonly scrape_configs: readonly {
      readonly static_configs: readonly { readonly targets: readonly string[] }[]
    }[]
  }
  const targets = jobs.flatMap((job) => job.static_configs.flatMap((group) => group.targets))
  expect(targets).toEqual(
    nodes.map(([name, { environment }]) => `${name}:${environment?.['METRICS_PORT']}`),
  )
})
