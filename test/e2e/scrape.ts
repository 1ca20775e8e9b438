import { expect } from 'vitest'
import { call } from './http.ts'
import type { ServerNode } from './server-node.ts'

/** Numbers by series as it is written, such as `sharechat_messages_stored_total{type="chat"}`. */
export type Series = ReadonlyMap<string, number>

const METRICS_PORT = /"port":(\d+),"msg":"metrics listening"/

/** The port on which a node's metrics are. */
export const metricsPortOf = (node: ServerNode): number =>
  Number(METRICS_PORT.exec(node.stderr)?.[1] ?? 0)

/** What Prometheus gets from a node that was started with METRICS_PORT. */
export const scrape = async (node: ServerNode): Promise<Series> => {
  const answer = await call({ port: metricsPortOf(node) }, 'GET', '/metrics')
  expect(answer).toMatchObject({ status: 200 })
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  const series = answer.text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.lastIndexOf(' ')), line] as const)
  return new Map(series.map(([name, line]) => [name, Number(line.slice(name.length + 1))]))
}

/** Sums over nodes of all series whose names begin like this. */
export const sumOf = async (nodes: readonly ServerNode[], prefix: string): Promise<number> => {
  const scrapes = await Promise.all(nodes.map(scrape))
  return scrapes
    .flatMap((series) => [...series])
    .filter(([name]) => name === prefix || name.startsWith(`${prefix}{`))
    .reduce((sum, [, value]) => sum + value, 0)
}
