import { writeFileSync } from 'node:fs'
import { Fleet } from './fleet.ts'
import { goalsOf, goalTable, scaleOf } from './must-hold.ts'
import { hasProc } from './process-figures.ts'
import { origin, type Results } from './results.ts'
import { printed, type Bench, type Scenario } from './scenario.ts'
import { fanOut } from './scenarios/fan-out.ts'
import { history } from './scenarios/history.ts'
import { idle } from './scenarios/idle.ts'
import { joins } from './scenarios/joins.ts'
import { latency } from './scenarios/latency.ts'
import { many } from './scenarios/many.ts'
import { nodes } from './scenarios/nodes.ts'
import { search } from './scenarios/search.ts'
import { storm } from './scenarios/storm.ts'
import { sweep } from './scenarios/sweep.ts'
import { startServices } from './services.ts'

const NAMES = [
  'fanout',
  'many',
  'latency',
  'joins',
  'storm',
  'idle',
  'history',
  'search',
  'nodes',
  'sweep',
] as const
type Name = (typeof NAMES)[number]

const wanted = (process.env['ONLY'] || NAMES.join(',')).split(',')
const unknown = wanted.filter((name) => !NAMES.some((known) => known === name))
const rounds = Number(process.env['ROUNDS'] || 3)
if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
  console.error(`ONLY takes some of ${NAMES.join(',')}; ROUNDS a whole number from 1.`)
  process.exit(2)
}

const stop = new AbortController()
process.once('SIGINT', () => stop.abort(new Error('interrupted')))
process.once('SIGTERM', () => stop.abort(new Error('terminated')))

const services = await startServices()
const fleet = new Fleet(services)
const failed: string[] = []

/** One that fails does not keep the others from being measured. */
const play = async <Result>(
  name: Name,
  scenario: Scenario<Result>,
): Promise<Result | undefined> => {
  if (!wanted.includes(name) || stop.signal.aborted) return undefined
  const late = AbortSignal.timeout(scenario.limit * 1000)
  const signal = AbortSignal.any([stop.signal, late])
  const bench: Bench = { fleet, services, rounds, signal }
  const begin = performance.now()
  try {
    const result = await ended(scenario.run(bench), signal)
    console.log(printed(scenario.table(result)))
    console.log(`(${Math.round((performance.now() - begin) / 1000)} s)`)
    return result
  } catch (error) {
    const why = late.aborted ? `it took over ${scenario.limit} s` : (error as Error).message
    failed.push(`${name}: ${why}`)
    console.error(`\n${name} failed: ${why}`)
    // Whatever state they are in, the next scenario gets others.
    await fleet.stop()
    return undefined
  }
}

/** A scenario has ten seconds to end by itself what the signal ends. */
const ended = async <Result>(run: Promise<Result>, signal: AbortSignal): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined
  const cut = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      timer = setTimeout(() => reject(new Error('it did not end')), 10_000)
    })
  })
  return Promise.race([run, cut]).finally(() => clearTimeout(timer))
}

const report = (results: Results): void => {
  const scale = scaleOf(results)
  const goals = goalsOf(results)
  console.log(printed(goalTable(goals, scale)))
  const command = `make bench ONLY=${wanted.join(',')} ROUNDS=${rounds}`
  const all = { ...origin(), command, scale, skipped: fleet.skipped, failed, goals, results }
  writeFileSync('bench/results.json', `${JSON.stringify(all, null, 2)}\n`)
  console.log('\nEvery figure is in bench/results.json.')
}

try {
  if (!hasProc) console.log('Without /proc neither CPU nor memory is measured.')
  console.log(`Postgres from ${services.postgres.from}, Redis from ${services.redis.from}.`)
  const results: Results = {
    fanOut: await play('fanout', fanOut),
    many: await play('many', many),
    latency: await play('latency', latency),
    joins: await play('joins', joins),
    storm: await play('storm', storm),
    idle: await play('idle', idle),
    history: await play('history', history),
    search: await play('search', search),
    nodes: await play('nodes', nodes),
    sweep: await play('sweep', sweep),
  }
  if (!stop.signal.aborted) report(results)
} finally {
  await fleet.stop()
  await services.stop()
}
process.exit(failed.length > 0 || stop.signal.aborted ? 1 : 0)
