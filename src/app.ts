import type { AddressInfo } from 'node:net'
import { LocalPostgres } from './adapters/local-postgres/local-postgres.ts'
import { openMemory } from './adapters/memory/open.ts'
import { MemoryQueue } from './adapters/memory/queue.ts'
import type { Limits } from './adapters/http/admission.ts'
import { Connections } from './adapters/http/connections.ts'
import { encodeMessage, typeOf } from './adapters/http/frames.ts'
import type { PageFile } from './adapters/http/page.ts'
import { buildServer } from './adapters/http/server.ts'
import { openPostgres } from './adapters/postgres/open.ts'
import { RedisQueue } from './adapters/redis/queue.ts'
import { SystemClock } from './adapters/system/clock.ts'
import { EventLoopGauge } from './adapters/system/event-loop.ts'
import { SystemIds } from './adapters/system/ids.ts'
import { Bucket, Buckets } from './domain/bucket.ts'
import { Changes } from './domain/changes.ts'
import { Controller } from './domain/controller.ts'
import { Directory, type GivenRoom } from './domain/directory.ts'
import { History } from './domain/history.ts'
import { Indexer } from './domain/indexer.ts'
import { Invitations } from './domain/invitations.ts'
import { Owners } from './domain/owners.ts'
import { Pace } from './domain/pace.ts'
import { pause } from './domain/pause.ts'
import { Search } from './domain/search.ts'
import type { Clock } from './ports/clock.ts'
import { codeOf } from './ports/errors.ts'
import type { Log } from './ports/log.ts'
import { noMeter } from './ports/meter.ts'
import type { Queue } from './ports/queue.ts'
import type { Stored } from './ports/stored.ts'
import type { Rates, Settings } from './settings.ts'

/** How much of the drain's time the domain may take; the rest is for closing sockets and pools. */
const DRAIN_SHARE = 0.5
/** How much of it is for closing members in waves. */
const SPREAD_SHARE = 0.25
const START_RETRY_MS = 1_000

export interface App {
  /** Listens, then waits for the repository. Resolves when this node takes joins, with its URL. */
  start(): Promise<string>
  /**
   * Drains and ends everything, within about the setting `drainMs`. Idempotent.
   * Rejects when the drain was not complete; everything is ended all the same.
   */
  stop(): Promise<void>
}

interface Services extends Stored {
  readonly queue: Queue
  /** Whether the queue carries messages, and how many came that were none. */
  queueState(): { readonly up: boolean; readonly malformed: number }
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * The one place that knows every part. Nothing runs before `start`.
 * @param page what is served to browsers
 * @param givenRooms public rooms that are there from the start
 */
export const buildApp = async (
  settings: Settings,
  log: Log,
  page: readonly PageFile[],
  givenRooms: readonly GivenRoom[],
): Promise<App> => {
  const clock = new SystemClock()
  const ids = new SystemIds()
  const eventLoop = new EventLoopGauge()
  const services = servicesOf(settings, clock, log)
  const { repository, roomOwners, publicRooms, codes, searchIndex, queue } = services
  const metrics = settings.metrics && (await loadMetrics(settings))
  const meter = metrics?.meter ?? noMeter
  const connections = new Connections(meter)
  const history = new History(repository, clock)
  const indexer = new Indexer({ searchIndex, clock, log })
  const controller = new Controller({
    ...settings,
    repository,
    queue,
    clock,
    ids,
    log,
    meter,
    encode: encodeMessage,
    onLogged: (rows) => indexer.logged(rows),
  })
  const owners = new Owners({ roomOwners, ids, controller })
  const changes = new Changes({ ...settings, repository, ids, owners, controller })
  const directory = new Directory({ publicRooms, clock, ids, log, givenRooms })
  const server = buildServer({
    controller,
    owners,
    changes,
    history,
    directory,
    invitations: new Invitations(codes, ids, clock),
    search: new Search({ searchIndex, repository, indexer, clock }),
    page,
    pings: { repository: () => repository.ping(), queue: () => queue.ping() },
    limits: settings.rates && limitsOf(settings.rates, clock),
    overloaded: () => eventLoop.overloaded,
    clock,
    ids,
    log,
    meter,
    connections,
    settings,
  })
  const gauges = () => {
    const { up, malformed } = services.queueState()
    return {
      ...controller.gauges,
      connections: connections.open,
      accepting: controller.accepting,
      overloaded: eventLoop.overloaded,
      queueUp: up,
      queueMalformed: malformed,
      history: history.reads,
    }
  }

  let stopping: Promise<void> | undefined
  const startServices = async () => {
    for (;;) {
      try {
        return await services.start()
      } catch (error) {
        if (stopping || codeOf(error) !== 'unavailable') throw error
        log.warn('repository not ready', { error })
        await pause(clock, START_RETRY_MS * (0.5 + ids.random()))
      }
    }
  }

  const stop = async () => {
    indexer.stop()
    const results = await Promise.allSettled([
      within(
        clock,
        settings.drainMs * DRAIN_SHARE,
        controller.drain(settings.drainMs * SPREAD_SHARE),
      ),
    ])
    directory.stop()
    controller.stop()
    eventLoop.stop()
    results.push(...(await Promise.allSettled([server.close()])))
    results.push(...(await Promise.allSettled([services.stop(), metrics?.stop()])))
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    )
    if (failures.length > 0) throw new AggregateError(failures)
  }

  return {
    start: async () => {
      if (settings.metrics && metrics) {
        log.info('metrics listening', { port: await metrics.start(settings.metrics, gauges) })
      }
      await server.listen({ host: settings.host, port: settings.port })
      log.info('listening', { port: portOf(server.server.address()), mode: modeOf(settings) })
      await startServices()
      await directory.start()
      await controller.start()
      eventLoop.start()
      return urlOf(settings.host, portOf(server.server.address()))
    },
    stop: () => (stopping ??= stop()),
  }
}

const limitsOf = (rates: Rates, clock: Clock): Limits => ({
  joins: new Buckets(rates.joins, clock),
  rooms: new Buckets(rates.rooms, clock),
  changes: new Buckets(rates.messages, clock),
  connections: new Buckets(rates.joins, clock),
  bucket: (rate) => new Bucket(rate, clock.now()),
  pace: () => new Pace(rates, clock.now()),
})

/** Not loaded where it is not wanted: the library costs 40 ms and 12 MB. */
const loadMetrics = async (settings: Settings) => {
  const { Metrics } = await import('./adapters/prometheus/metrics.ts')
  return new Metrics(typeOf, { mode: modeOf(settings), leaseMs: settings.leaseMs })
}

const servicesOf = (settings: Settings, clock: Clock, log: Log): Services => {
  if (settings.cluster) return clusterServices(settings.cluster, clock, log)
  if (settings.dataDir !== undefined) return durableServices(settings.dataDir, clock, log)
  return embeddedServices(clock, settings.memoryLimitBytes)
}

const queueInProcess = () => ({ up: true, malformed: 0 })

const embeddedServices = (clock: Clock, memoryLimitBytes: number): Services => ({
  ...openMemory(clock, memoryLimitBytes),
  queue: new MemoryQueue(clock),
  queueState: queueInProcess,
  start: async () => {},
  stop: async () => {},
})

const durableServices = (dataDir: string, clock: Clock, log: Log): Services => {
  const postgres = new LocalPostgres({ dataDir, log })
  const stored = openPostgres(postgres.url)
  return {
    ...stored,
    queue: new MemoryQueue(clock),
    queueState: queueInProcess,
    start: async () => {
      await postgres.start()
      await stored.start()
    },
    stop: async () => {
      await stored.stop()
      await postgres.stop()
    },
  }
}

const clusterServices = (
  { databaseUrl, redisUrl }: { readonly databaseUrl: string; readonly redisUrl: string },
  clock: Clock,
  log: Log,
): Services => {
  const stored = openPostgres(databaseUrl)
  const queue = new RedisQueue({ url: redisUrl, clock, log })
  return {
    ...stored,
    queue,
    queueState: () => queue,
    start: async () => {
      await queue.start()
      await stored.start()
    },
    stop: async () => {
      await Promise.all([queue.stop(), stored.stop()])
    },
  }
}

const modeOf = (settings: Settings) => {
  if (settings.cluster) return 'cluster'
  return settings.dataDir === undefined ? 'embedded' : 'durable'
}

const portOf = (address: AddressInfo | string | null): number =>
  typeof address === 'object' ? (address?.port ?? 0) : 0

const urlOf = (host: string, port: number): string => {
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`
}

/** Settles as `work` does, or rejects after `ms`. */
const within = async (clock: Clock, ms: number, work: Promise<void>): Promise<void> => {
  let cancel = () => {}
  const deadline = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => reject(new Error('not done in time')))
  })
  try {
    await Promise.race([work, deadline])
  } finally {
    cancel()
  }
}
