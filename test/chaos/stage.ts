import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import postgres from 'postgres'
import { DeadLink } from '../dead-link.ts'
import { ServerNode, type Settings } from '../e2e/server-node.ts'
import { startPostgres } from '../services/postgres.ts'
import { startRedis } from '../services/redis.ts'
import type { RoomLog, Row } from './history.ts'
import type { Server } from '../services/server-process.ts'

const RESTART_MS = 20_000

/** A Postgres and a Redis that faults may hit; they serve one run after the other. */
export class Services {
  readonly postgres: Server
  readonly redis: Server

  private constructor(postgresServer: Server, redis: Server) {
    this.postgres = postgresServer
    this.redis = redis
  }

  static async start(): Promise<Services> {
    const [first, second] = await Promise.allSettled([startPostgres(), startRedis()])
    if (first.status === 'fulfilled' && second.status === 'fulfilled') {
      return new Services(first.value, second.value)
    }
    for (const one of [first, second]) if (one.status === 'fulfilled') await one.value.stop()
    throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason
  }

  async stop(): Promise<void> {
    await Promise.all([this.postgres.stop(), this.redis.stop()])
  }

  /** A connection that faults do not hit, but with their server; for one use. */
  async sql<T>(url: string, use: (sql: postgres.Sql) => Promise<T>): Promise<T> {
    const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} })
    try {
      return await use(sql)
    } finally {
      await sql.end({ timeout: 1 })
    }
  }

  async redisCommand(command: string, ...args: readonly string[]): Promise<void> {
    const redis = new Redis(this.redis.url, { lazyConnect: true, retryStrategy: () => null })
    redis.on('error', () => {})
    try {
      await redis.connect()
      await redis.call(command, ...args)
    } finally {
      redis.disconnect()
    }
  }

  /** The processes that a killed Postgres leaves behind hold its memory for a moment. */
  async restartPostgres(): Promise<void> {
    const deadline = performance.now() + RESTART_MS
    for (;;) {
      try {
        return await this.postgres.restart()
      } catch (error) {
        if (performance.now() > deadline) throw error
        await pause(100)
      }
    }
  }

  /** Signals Postgres with all its processes: stopping the first of them alone stops nothing. */
  async signalPostgres(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const { pid } = this.postgres
    process.kill(pid, signal)
    const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)])
    for (const child of stdout.split('\n').filter(Boolean)) {
      try {
        process.kill(Number(child), signal)
      } catch {
        // It ended meanwhile.
      }
    }
  }
}

/** One place for a node, with links of its own; whoever is started here is the same node to clients. */
export class Place {
  readonly index: number
  readonly redis: DeadLink
  readonly postgres: DeadLink
  node: ServerNode | undefined
  /** How every process here ended, and whether a fault had wanted it. */
  readonly ends: string[] = []
  readonly #settings: Settings
  #wanted = false

  constructor(index: number, redis: DeadLink, postgresLink: DeadLink, settings: Settings) {
    this.index = index
    this.redis = redis
    this.postgres = postgresLink
    this.#settings = settings
  }

  async start(): Promise<void> {
    this.#wanted = false
    const node = new ServerNode({
      RATE_LIMIT: 'off',
      ...this.#settings,
      DATABASE_URL: this.postgres.url,
      REDIS_URL: this.redis.url,
    })
    this.node = node
    void node.exited.then(({ code, signal }) => {
      if (this.#wanted) return
      this.ends.push(
        `node ${this.index} ended by itself (${code ?? signal}): ${node.output.slice(-2_000)}`,
      )
    })
    await node.ready()
  }

  signal(signal: NodeJS.Signals): void {
    this.#wanted ||= signal === 'SIGKILL' || signal === 'SIGTERM'
    this.node?.kill(signal)
  }

  async close(): Promise<void> {
    this.signal('SIGKILL')
    await this.node?.exited
    await Promise.all([this.redis.close(), this.postgres.close()])
  }
}

type StoredRow = Pick<Row, 'seq' | 'id' | 'type' | 'memberId' | 'message'> & {
  readonly sent: number
  readonly target: number | null
  readonly deleted: boolean
  readonly removed: boolean | null
}

export interface StageOptions {
  readonly nodes: number
  readonly settings: Settings
  /** Changes the database when its tables are made. */
  readonly prepare?: (sql: postgres.Sql) => Promise<void>
}

/** Nodes as processes over services that faults may hit, on a database of their own. */
export class Stage {
  readonly services: Services
  readonly databaseUrl: string
  readonly places: readonly Place[]

  private constructor(services: Services, databaseUrl: string, places: readonly Place[]) {
    this.services = services
    this.databaseUrl = databaseUrl
    this.places = places
  }

  static async open(
    services: Services,
    name: string,
    { nodes, settings, prepare }: StageOptions,
  ): Promise<Stage> {
    await services.sql(services.postgres.url, async (sql) => {
      await sql.unsafe(`drop database if exists ${name} with (force)`)
      await sql.unsafe(`create database ${name}`)
    })
    const url = new URL(services.postgres.url)
    url.pathname = name
    const places = await Promise.all(
      Array.from(
        { length: nodes },
        async (_, index) =>
          new Place(
            index,
            await DeadLink.to(services.redis.url),
            await DeadLink.to(url.href),
            settings,
          ),
      ),
    )
    const stage = new Stage(services, url.href, places)
    try {
      await Promise.all(places.map((place) => place.start()))
      if (prepare) await services.sql(url.href, prepare)
    } catch (error) {
      await stage.close()
      throw error
    }
    return stage
  }

  /** What the repository has of a room, read past all nodes. */
  async logOf(roomId: string): Promise<RoomLog> {
    const rows = await this.services.sql(
      this.databaseUrl,
      (sql) => sql<StoredRow[]>`
        select seq::int, message_id as id, type, member_id as "memberId", message, sent::float8,
          target::int, deleted is not null as deleted, removed
        from log where room_id = ${roomId} order by seq`,
    )
    return {
      roomId,
      rows: rows.map(({ sent, target, deleted, removed, ...row }) => ({
        ...row,
        sent: new Date(sent).toISOString(),
        ...(target !== null && { target }),
        ...(deleted && { deleted }),
        ...(removed && { removed }),
      })),
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.places.map((place) => place.close()))
    const name = new URL(this.databaseUrl).pathname.slice(1)
    await this.services.sql(this.services.postgres.url, (sql) =>
      sql.unsafe(`drop database if exists ${name} with (force)`),
    )
  }
}
