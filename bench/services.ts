import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { dockerAnswers, redisContainer } from '../test/services/docker.ts'
import { pingPostgres, startPostgres } from '../test/services/postgres.ts'
import { postgresPrograms } from '../test/services/postgres-programs.ts'
import { redisProgram } from '../test/services/redis-program.ts'
import { pingRedis, startRedis } from '../test/services/redis.ts'

interface Service {
  readonly url: string
  readonly from: string
  /** Of the main process, where it is one of ours. */
  readonly pid?: number
  stop(): Promise<void>
}

export interface Services {
  readonly postgres: Service
  readonly redis: Service
  stop(): Promise<void>
}

/**
 * A Postgres that syncs to disk and a Redis: those that TEST_DATABASE_URL and TEST_REDIS_URL name,
 * else programs of this machine, of npm or of apt; Redis at last from Docker.
 * @throws Error when there is none to be had
 */
export const startServices = async (): Promise<Services> => {
  const started = await Promise.allSettled([findPostgres(), findRedis()])
  const stop = async (): Promise<void> => {
    const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    await Promise.all(running.map((service) => service.stop()))
  }
  const [database, redis] = started
  if (database.status === 'fulfilled' && redis.status === 'fulfilled') {
    return { postgres: database.value, redis: redis.value, stop }
  }
  await stop()
  throw database.status === 'rejected' ? database.reason : (redis as PromiseRejectedResult).reason
}

const findPostgres = async (): Promise<Service> => {
  const given = process.env['TEST_DATABASE_URL']
  if (given) {
    await pingPostgres(given)
    return { url: given, from: 'TEST_DATABASE_URL', stop: async () => {} }
  }
  const programs = postgresPrograms()
  const server = await startPostgres(programs, 'synced')
  return { url: server.url, from: programs.from, pid: server.pid, stop: () => server.stop() }
}

const findRedis = async (): Promise<Service> => {
  const given = process.env['TEST_REDIS_URL']
  if (given) {
    await pingRedis(given)
    return { url: given, from: 'TEST_REDIS_URL', stop: async () => {} }
  }
  try {
    const program = await redisProgram()
    const server = await startRedis(program)
    return { url: server.url, from: program.from, pid: server.pid, stop: () => server.stop() }
  } catch (error) {
    if (!(await dockerAnswers())) throw error
    return { ...(await redisContainer()), from: 'Docker' }
  }
}

/** A new, empty database on that server. */
export const createDatabase = async (
  serverUrl: string,
): Promise<{ readonly url: string; drop(): Promise<void> }> => {
  const name = `bench_${randomUUID().replaceAll('-', '')}`
  await runStatement(serverUrl, `create database ${name}`)
  const url = new URL(serverUrl)
  url.pathname = name
  return {
    url: url.href,
    drop: () => runStatement(serverUrl, `drop database if exists ${name} with (force)`),
  }
}

/** Runs a statement without parameters on a connection of its own. */
export const runStatement = async (url: string, statement: string): Promise<void> => {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await sql.unsafe(statement)
  } finally {
    await sql.end({ timeout: 2 })
  }
}
