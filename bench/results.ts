import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'
import type { fanOut } from './scenarios/fan-out.ts'
import type { history } from './scenarios/history.ts'
import type { idle } from './scenarios/idle.ts'
import type { joins } from './scenarios/joins.ts'
import type { latency } from './scenarios/latency.ts'
import type { many } from './scenarios/many.ts'
import type { nodes } from './scenarios/nodes.ts'
import type { search } from './scenarios/search.ts'
import type { storm } from './scenarios/storm.ts'
import type { sweep } from './scenarios/sweep.ts'

type ResultOf<S extends { run(bench: never): unknown }> = Awaited<ReturnType<S['run']>> | undefined

/** What each scenario found; undefined: it was not asked for, or it failed. */
export interface Results {
  readonly fanOut: ResultOf<typeof fanOut>
  readonly many: ResultOf<typeof many>
  readonly latency: ResultOf<typeof latency>
  readonly joins: ResultOf<typeof joins>
  readonly storm: ResultOf<typeof storm>
  readonly idle: ResultOf<typeof idle>
  readonly history: ResultOf<typeof history>
  readonly search: ResultOf<typeof search>
  readonly nodes: ResultOf<typeof nodes>
  readonly sweep: ResultOf<typeof sweep>
}

/** Where and of what the figures are. */
export const origin = (): Readonly<Record<string, unknown>> => ({
  date: new Date().toISOString(),
  commit: commit(),
  machine: {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
  },
})

const commit = (): string => {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    return `${git('rev-parse', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ' with changes'}`
  } catch {
    return 'unknown'
  }
}
