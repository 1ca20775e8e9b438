import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import type { Service } from 'kubernetes-types/core/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { loadSettings } from '../../../src/settings.ts'
import { DEFAULTS, SETTINGS, shipped } from './shipped.ts'

const TOP = fileURLToPath(new URL('../../..', import.meta.url))
const FOLDER = 'deploy/kubernetes'

/** Where the types of a kind are. */
const MODULES: Readonly<Record<string, string>> = {
  'apps/v1': 'apps/v1',
  'autoscaling/v2': 'autoscaling/v2',
  'policy/v1': 'policy/v1',
  v1: 'core/v1',
}

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
}

const manifests = new Map(
  readdirSync(join(TOP, FOLDER)).map((name) => {
    const manifest = parse(shipped(`${FOLDER}/${name}`)) as Manifest
    return [manifest.kind, manifest]
  }),
)
const deployment = manifests.get('Deployment') as Deployment
const pod = deployment.spec!.template.spec!
const [container] = pod.containers

/** Says what the compiler says of these manifests as values of Kubernetes' own types. */
const compiled = async (all: readonly Manifest[]): Promise<string> => {
  const cache = join(TOP, 'node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'kubernetes-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const sources = all.map(
    (manifest, at) =>
      `const is${at}: import('kubernetes-types/${MODULES[manifest.apiVersion]}.js').${manifest.kind} = ${JSON.stringify(manifest, null, 2)}\n`,
  )
  await writeFile(join(folder, 'manifests.ts'), `${sources.join('')}export {}\n`)
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--ignoreConfig',
    '--module',
    'nodenext',
  ]
  const tsc = join(TOP, 'node_modules/.bin/tsc')
  return promisify(execFile)(tsc, [...options, join(folder, 'manifests.ts')]).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  )
}

test('the manifests have the fields of their kinds, and no others', async () => {
  expect([...manifests.keys()].toSorted()).toEqual([
    'Deployment',
    'HorizontalPodAutoscaler',
    'PodDisruptionBudget',
    'Service',
  ])
  expect(await compiled([...manifests.values()])).toBe('')
  const budget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    spec: { maxUnavailible: 1 },
  }
  expect(await compiled([budget])).toContain('maxUnavailible')
})

test('a pod has the time to stop taking joins and to drain', () => {
  const [, seconds] = container!.lifecycle!.preStop!.exec!.command!
  const neededMs = Number(seconds) * 1_000 + DEFAULTS.drainMs
  expect(pod.terminationGracePeriodSeconds! * 1_000).toBeGreaterThan(neededMs)
  // By then it is known everywhere that it is going.
  const { periodSeconds, failureThreshold } = container!.readinessProbe!
  expect(Number(seconds)).toBeGreaterThan(periodSeconds! * failureThreshold!)
})

test('settings are those that there are, ports and probes are those of the server', () => {
  const environment = Object.fromEntries(container!.env!.map(({ name, value }) => [name, value]))
  expect(Object.keys(environment).filter((name) => !SETTINGS.has(name))).toEqual([])
  loadSettings(environment)
  expect(container!.ports!.find(({ name }) => name === 'http')!.containerPort).toBe(DEFAULTS.port)
  expect(container!.ports!.find(({ name }) => name === 'metrics')!.containerPort).toBe(
    Number(environment['METRICS_PORT']),
  )
  expect(container!.livenessProbe!.httpGet).toEqual({ path: '/api/livez', port: 'http' })
  expect(container!.readinessProbe!.httpGet).toEqual({ path: '/api/readyz', port: 'http' })
  expect(container!.securityContext).toMatchObject({ readOnlyRootFilesystem: true })
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true })
})

test('service, budget and autoscaler are about that deployment', () => {
  const { labels } = deployment.spec!.template.metadata!
  const service = manifests.get('Service') as Service
  const budget = manifests.get('PodDisruptionBudget') as PodDisruptionBudget
  const autoscaler = manifests.get('HorizontalPodAutoscaler') as HorizontalPodAutoscaler
  expect(deployment.spec!.selector.matchLabels).toEqual(labels)
  expect(service.spec!.selector).toEqual(labels)
  expect(budget.spec!.selector!.matchLabels).toEqual(labels)
  expect(autoscaler.spec!.scaleTargetRef.name).toBe(deployment.metadata!.name)
  expect(autoscaler.spec!.minReplicas).toBeGreaterThan(budget.spec!.maxUnavailable as number)
  // Whose names are compared with a scrape elsewhere.
  const dashboard = shipped('deploy/grafana/dashboards/sharechat.json')
  const [metric] = autoscaler.spec!.metrics!
  expect(dashboard).toMatch(new RegExp(`\\b${metric!.pods!.metric.name}\\b`))
})
