import type { TestProject } from 'vitest/node'
import type { Program } from './debian-program.ts'
import { dockerAnswers, postgresContainer, redisContainer } from './docker.ts'
import { machinePostgres, npmPostgres, type PostgresPrograms } from './postgres-programs.ts'
import { pingPostgres, startPostgres } from './postgres.ts'
import { aptRedis, machineRedis } from './redis-program.ts'
import { pingRedis, startRedis } from './redis.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A server on which databases may be created and dropped. */
    databaseUrl: string
    redisUrl: string
  }
}

interface Service {
  readonly url: string
  readonly from: string
  stop(): Promise<void>
}

/** Resolves with undefined where there is no such thing; rejects when there is, but it fails. */
type Source = () => Promise<Service | undefined>

/**
 * Finds or starts Postgres and Redis, once for all projects of a run, and ends what it started.
 * @throws Error when there is no server to be had: tests of real services never pass without them
 */
export default async (project: TestProject): Promise<(() => Promise<void>) | void> => {
  // Another project of this run has them already: what the run provides, every project sees.
  if ('databaseUrl' in project.getProvidedContext()) return
  const docker = await dockerAnswers()
  const found = await Promise.allSettled([
    first(
      'Postgres',
      given('TEST_DATABASE_URL', pingPostgres),
      [
        async () => (docker ? { ...(await postgresContainer()), from: 'Docker' } : undefined),
        async () => postgresOf(machinePostgres()),
        async () => postgresOf(npmPostgres()),
      ],
      'start Docker, or set TEST_DATABASE_URL to a server on which databases may be created',
    ),
    first(
      'Redis',
      given('TEST_REDIS_URL', pingRedis),
      [
        async () => (docker ? { ...(await redisContainer()), from: 'Docker' } : undefined),
        async () => redisOf(machineRedis()),
        async () => redisOf(await aptRedis()),
      ],
      process.platform === 'darwin'
        ? 'start Docker, run `brew install redis`, or set TEST_REDIS_URL'
        : 'start Docker, install redis-server, or set TEST_REDIS_URL',
    ),
  ])
  const started = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((service) => service.stop()))
  }
  const [database, redis] = found
  if (database.status === 'rejected' || redis.status === 'rejected') {
    await stop()
    throw database.status === 'rejected' ? database.reason : (redis as PromiseRejectedResult).reason
  }
  console.log(`Services: Postgres from ${database.value.from}, Redis from ${redis.value.from}.`)
  project.vitest.provide('databaseUrl', database.value.url)
  project.vitest.provide('redisUrl', redis.value.url)
  return stop
}

const first = async (
  name: string,
  given: Source,
  sources: readonly Source[],
  advice: string,
): Promise<Service> => {
  const chosen = await given()
  if (chosen !== undefined) return chosen
  for (const source of sources) {
    try {
      const service = await source()
      if (service !== undefined) return service
    } catch (error) {
      console.warn(`${name}: ${(error as Error).message.trim()}; looking further.`)
    }
  }
  throw new Error(`The tests need a real ${name} and found none: ${advice}.`)
}

/** What somebody named is the only choice: if it does not answer, nothing else is looked for. */
const given =
  (variable: string, ping: (url: string) => Promise<void>): Source =>
  async () => {
    const url = process.env[variable]
    if (url === undefined || url === '') return undefined
    await ping(url).catch((error: unknown) => {
      throw new Error(`The server that ${variable} names does not answer.`, { cause: error })
    })
    return { url, from: variable, stop: async () => {} }
  }

const postgresOf = async (programs: PostgresPrograms | undefined): Promise<Service | undefined> => {
  if (programs === undefined) return undefined
  const server = await startPostgres(programs)
  return { url: server.url, from: programs.from, stop: () => server.stop() }
}

const redisOf = async (program: Program | undefined): Promise<Service | undefined> => {
  if (program === undefined) return undefined
  const server = await startRedis(program)
  return { url: server.url, from: program.from, stop: () => server.stop() }
}
