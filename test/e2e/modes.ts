import { afterAll, afterEach, beforeAll, describe, inject, onTestFinished } from 'vitest'
import { freshDatabase, type FreshDatabase } from '../services/database.ts'
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

const asNodes = (each: readonly ServerNode[]): Nodes => ({ a: each[0]!, b: each.at(-1)!, each })

/**
 * The same scenarios against one process and against two. The nodes are shared by the scenarios
 * and drained at the end; `nodes` has them once a test runs.
 */
export const inBothModes = (
  theme: string,
  scenarios: (nodes: Nodes) => void,
  settings: Settings = {},
): void => {
  describe.each<Mode>(['embedded', 'cluster'])(`${theme}, %s`, (mode) => {
    let started: Nodes | undefined
    let database: FreshDatabase | undefined
    const there = (): Nodes => {
      if (started === undefined) throw new Error('the nodes are there while a test runs')
      return started
    }
    beforeAll(async () => {
      if (mode === 'cluster') database = await freshDatabase()
      const shared: Settings =
        database === undefined
          ? settings
          : { ...settings, DATABASE_URL: database.url, REDIS_URL: inject('redisUrl') }
      started = asNodes(await ServerNode.start(database === undefined ? 1 : 2, shared))
    })
    afterEach(() => {
      for (const node of there().each) node.mustBeUp()
    })
    afterAll(async () => {
      try {
        await Promise.all((started?.each ?? []).map((node) => node.stop()))
      } finally {
        await database?.drop()
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

/** As inBothModes, for scenarios that are about something else and do much of it from one address. */
export const inBothModesAtAnyRate = (theme: string, scenarios: (nodes: Nodes) => void): void =>
  inBothModes(theme, scenarios, { RATE_LIMIT: 'off' })
