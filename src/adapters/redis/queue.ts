import { Redis, type RedisOptions } from 'ioredis'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { NodeId, RoomId } from '../../ports/model.ts'
import type { Note, Queue, QueueHandlers, Run, Subscription } from '../../ports/queue.ts'
import { unavailable } from './errors.ts'
import { encodeNote } from './note-codec.ts'
import { Publishing } from './publishing.ts'
import { encodeRun } from './run-codec.ts'
import { Subscribing } from './subscribing.ts'

export const PREFIX = 'sharechat:room:'
const PUBLISH_TIMEOUT_MS = 500
const SUBSCRIBE_TIMEOUT_MS = 2_000
const PING_EVERY_MS = 1_000
const PING_TIMEOUT_MS = 700
const STOP_MS = 1_000
/** Pings that fail in a row before a silent link is given up. */
const PINGS_MISSED = 2

/**
 * Both connections fail fast and reconnect for ever: a hint that is late is worth nothing, and what
 * it would have said is read from the repository. Offline queues and resending would only repeat
 * old news after an outage.
 */
const COMMON = {
  lazyConnect: true,
  connectTimeout: 1_000,
  disconnectTimeout: 500,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (times: number) => Math.min(50 * 2 ** times, 1_000) * (0.5 + Math.random() / 2),
} satisfies RedisOptions

/**
 * The hint over Redis pub/sub: one channel a room, one connection to publish and one to subscribe.
 */
export class RedisQueue implements Queue {
  readonly #publisher: Redis
  readonly #subscriber: Redis
  readonly #publishing: Publishing
  readonly #subscribing: Subscribing
  readonly #clock: Clock
  readonly #log: Log
  #state: 'starting' | 'up' | 'lost' = 'starting'
  #watch: Cancel | undefined
  #stopped = false

  /** Connects with `start`. @param parts.url `redis://…` or `rediss://…` */
  constructor({
    url,
    clock,
    log,
  }: {
    readonly url: string
    readonly clock: Clock
    readonly log: Log
  }) {
    this.#clock = clock
    this.#log = log
    this.#publisher = new Redis(url, { ...COMMON, commandTimeout: PUBLISH_TIMEOUT_MS })
    this.#publishing = new Publishing(this.#publisher)
    this.#subscriber = new Redis(url, { ...COMMON, commandTimeout: SUBSCRIBE_TIMEOUT_MS })
    this.#subscribing = new Subscribing(
      this.#subscriber,
      () => this.#tellUp(),
      (error) => this.#lost(error),
    )
    for (const connection of [this.#publisher, this.#subscriber]) {
      connection.on('error', (error) => this.#lost(error))
      connection.on('close', () => this.#lost())
    }
    this.#publisher.on('ready', () => this.#tellUp())
  }

  /** Whether both connections were in use when last looked at, a second ago at most. */
  get up(): boolean {
    return this.#state === 'up'
  }

  /** Payloads that were not well formed. */
  get malformed(): number {
    return this.#subscribing.malformed
  }

  /** Begins to connect; resolves at once, because nothing waits for a hint. */
  async start(): Promise<void> {
    // A failed first try is an `error` event too, and leads to the next one.
    this.#publisher.connect().catch(() => {})
    this.#subscriber.connect().catch(() => {})
    this.#watchLinks(0)
  }

  /** Cuts both connections; subscriptions fall silent. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#subscribing.stop()
    this.#watch?.()
    await Promise.all([ended(this.#publisher, this.#clock), ended(this.#subscriber, this.#clock)])
    this.#subscribing.silence()
  }

  publish(roomId: RoomId, from: NodeId, run: Run): Promise<void> {
    return this.#publishing.publish(PREFIX + roomId, encodeRun(from, run))
  }

  tell(roomId: RoomId, from: NodeId, note: Note): Promise<void> {
    return this.#publishing.publish(PREFIX + roomId, [encodeNote(from, note)])
  }

  subscribe(roomId: RoomId, handlers: QueueHandlers): Subscription {
    return this.#subscribing.subscribe(PREFIX + roomId, handlers)
  }

  async ping(): Promise<void> {
    try {
      await Promise.all([this.#pingOf(this.#publisher), this.#pingOf(this.#subscriber)])
    } catch (error) {
      throw unavailable(error)
    }
  }

  #tellUp(): void {
    if (!this.#subscribing.complete || this.#publisher.status !== 'ready' || this.#stopped) return
    if (this.#state !== 'up') this.#log.info('queue up')
    this.#state = 'up'
  }

  /** One line for an outage, whatever fails in it and however often, the first start included. */
  #lost(error?: unknown): void {
    if (this.#state !== 'lost' && !this.#stopped) this.#log.warn('queue lost', { error })
    this.#state = 'lost'
  }

  /** A dead link keeps quiet: only a ping without an answer tells. */
  #watchLinks(missed: number): void {
    this.#watch = this.#clock.after(PING_EVERY_MS, () => {
      this.ping().then(
        () => this.#stopped || this.#watchLinks(0),
        () => {
          if (this.#stopped) return
          if (missed + 1 < PINGS_MISSED) return this.#watchLinks(missed + 1)
          for (const connection of [this.#publisher, this.#subscriber]) {
            if (connection.status === 'ready') connection.disconnect(true)
          }
          this.#watchLinks(0)
        },
      )
    })
  }

  async #pingOf(connection: Redis): Promise<void> {
    let cancel: Cancel = () => {}
    const late = new Promise<never>((_, reject) => {
      cancel = this.#clock.after(PING_TIMEOUT_MS, () => reject(new Error('no answer in time')))
    })
    try {
      await Promise.race([connection.ping(), late])
    } finally {
      cancel()
    }
  }
}

/** The library tells no end of a connection that it is not making or holding at the moment. */
const NO_SOCKET: ReadonlySet<string> = new Set(['wait', 'reconnecting', 'end'])

const ended = async (connection: Redis, clock: Clock): Promise<void> => {
  if (NO_SOCKET.has(connection.status)) return connection.disconnect()
  const end = new Promise<void>((resolve) => {
    const cancel = clock.after(STOP_MS, resolve)
    connection.once('end', () => {
      cancel()
      resolve()
    })
  })
  connection.disconnect()
  await end
}
