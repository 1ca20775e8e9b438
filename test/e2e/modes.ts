import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, inject, onTestFinished } from 'vitest'
import { freshDatabase } from '../services/database.ts'
import { eventually } from './deadline.ts'
import { ServerNode, type Settings } from './server-node.ts'

export type Mode = 'embedded' | 'cluster'

/** Two nodes that serve the same rooms; in embedded mode both are the one process. */
export interface Nodes {
  readonly a: ServerNode
  readonly b: ServerNode
  readonly each: readonly ServerNode[]
}

/** The settings that make nodes one cluster, on a database that a test may use until it ends. */
export const clusterSettings = async (): Promise<Settings> => {
  const database = await freshDatabase()
  onTestFinished(() => database.drop())
  return { DATABASE_URL: database.url, REDIS_URL: inject('redisUrl') }
}

/**
 * Nodes for one test alone, which may end them as it likes.
 * @param program as ServerNode's
 */
export const startCluster = async (
  count: number,
  settings: Settings,
  program?: string,
): Promise<readonly ServerNode[]> => {
  const nodes = await ServerNode.start(count, settings, program)
  onTestFinished(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
  })
  return nodes
}

/** As startCluster, two nodes of a new cluster, or in embedded mode one process. */
export const startNodes = async (mode: Mode, settings: Settings = {}): Promise<Nodes> => {
  if (mode === 'embedded') return asNodes(await startCluster(1, settings))
  return asNodes(await startCluster(2, { ...(await clusterSettings()), ...settings }))
}

/** A node that listens but never takes joins, because its services are not there. */
export const startingNode = async (): Promise<ServerNode> => {
  const nobody = 'redis://127.0.0.1:1'
  const node = new ServerNode({ DATABASE_URL: 'postgres://127.0.0.1:1/rooms', REDIS_URL: nobody })
  onTestFinished(() => node.destroy())
  const port = async (): Promise<number> => Number(/"port":(\d+)/.exec(node.stderr)?.[1] ?? 0)
  node.port = await eventually('a node that listens', port, (found) => found > 0)
  return node
}

const asNodes = (each: readonly ServerNode[]): Nodes => ({ a: each[0]!, b: each.at(-1)!, each })

/** Where the nodes of some scenarios keep their rooms, and how many they are. */
interface Place {
  readonly count: number
  readonly settings: Settings
  remove(): Promise<void>
}

const placeFor = async (mode: Mode | 'durable'): Promise<Place> => {
  if (mode === 'embedded') return { count: 1, settings: {}, remove: async () => {} }
  if (mode === 'durable') {
    const folder = await mkdtemp(join(tmpdir(), 'sharechat-durable-'))
    const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 10 })
    return { count: 1, settings: { DATA_DIR: folder }, remove }
  }
  const { url, drop } = await freshDatabase()
  const settings = { DATABASE_URL: url, REDIS_URL: inject('redisUrl') }
  return { count: 2, settings, remove: drop }
}

/**
 * The same scenarios against one process and against two. The nodes are shared by the scenarios
 * and drained at the end; `nodes` has them once a test runs.
 */
export const inBothModes = (
  theme: string,
  scenarios: (nodes: Nodes) => void,
  settings: Settings = {},
  modes: readonly (Mode | 'durable')[] = ['embedded', 'cluster'],
): void => {
  describe.each(modes)(`${theme}, %s`, (mode) => {
    let started: Nodes | undefined
    let place: Place | undefined
    const there = (): Nodes => {
      if (started === undefined) throw new Error('the nodes are there while a test runs')
      return started
    }
    beforeAll(async () => {
      place = await placeFor(mode)
      const shared: Settings = { ...settings, ...place.settings }
      started = asNodes(await ServerNode.start(place.count, shared))
    })
    afterEach(() => {
      for (const node of there().each) node.mustBeUp()
    })
    afterAll(async () => {
      try {
        await Promise.all((started?.each ?? []).map((node) => node.stop()))
      } finally {
        await place?.remove()
      }
    })
    scenarios({
      get a() {
        return there().a
      },
      get b() {
        return there().b
      },
      get each() {
        return there().each
      },
    })
  })
}

/** As inBothModes, and against one process that keeps its rooms. */
export const inEveryMode = (theme: string, scenarios: (nodes: Nodes) => void): void =>
  inBothModes(theme, scenarios, {}, ['embedded', 'durable', 'cluster'])

/** As inBothModes, for scenarios that are about something else and do much of it from one address. */
export const inBothModesAtAnyRate = (theme: string, scenarios: (nodes: Nodes) => void): void =>
  inBothModes(theme, scenarios, { RATE_LIMIT: 'off' })
