import { Redis, type RedisOptions } from 'ioredis'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { NodeId, RoomId } from '../../ports/model.ts'
import type { Note, Queue, QueueHandlers, Run, Subscription } from '../../ports/queue.ts'
import { decodeNote, encodeNote } from './note-codec.ts'
import { unavailable } from './errors.ts'
import { Publishing } from './publishing.ts'
import { decodeRun, encodeRun } from './run-codec.ts'

export const PREFIX = 'sharechat:room:'
const SUBSCRIBE_BATCH = 500
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

interface Subscriber {
  readonly handlers: QueueHandlers
  readonly resolveLive: () => void
  /** It was live once, so a new connection means that it may have missed something. */
  wasLive: boolean
}

interface Channel {
  readonly name: string
  readonly subscribers: Set<Subscriber>
  /** Confirmed on the connection that is open now. */
  live: boolean
}

/**
 * The hint over Redis pub/sub: one channel a room, one connection to publish and one to subscribe.
 * The set of channels here is the truth; after every reconnect all of it is subscribed again.
 */
export class RedisQueue implements Queue {
  readonly #publisher: Redis
  readonly #subscriber: Redis
  readonly #publishing: Publishing
  readonly #clock: Clock
  readonly #log: Log
  readonly #channels = new Map<string, Channel>()
  /** Opened in this turn. */
  readonly #opened: Channel[] = []
  #malformed = 0
  /** Every channel is confirmed on the connection that is open now. */
  #subscribed = false
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
    for (const connection of [this.#publisher, this.#subscriber]) {
      connection.on('error', (error) => this.#lost(error))
      connection.on('close', () => this.#lost())
    }
    this.#publisher.on('ready', () => this.#tellUp())
    this.#subscriber.on('ready', () => void this.#subscribeAll())
    this.#subscriber.on('close', () => {
      this.#subscribed = false
      for (const channel of this.#channels.values()) channel.live = false
    })
    this.#subscriber.on('messageBuffer', (channel: Buffer, payload: Buffer) =>
      this.#received(channel.toString('latin1'), payload),
    )
  }

  /** Whether both connections were in use when last looked at, a second ago at most. */
  get up(): boolean {
    return this.#state === 'up'
  }

  /** Payloads that were not well formed. */
  get malformed(): number {
    return this.#malformed
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
    this.#watch?.()
    await Promise.all([ended(this.#publisher, this.#clock), ended(this.#subscriber, this.#clock)])
    for (const channel of this.#channels.values()) {
      for (const subscriber of channel.subscribers) subscriber.resolveLive()
    }
    this.#channels.clear()
  }

  publish(roomId: RoomId, from: NodeId, run: Run): Promise<void> {
    return this.#publishing.publish(PREFIX + roomId, encodeRun(from, run))
  }

  tell(roomId: RoomId, from: NodeId, note: Note): Promise<void> {
    return this.#publishing.publish(PREFIX + roomId, [encodeNote(from, note)])
  }

  subscribe(roomId: RoomId, handlers: QueueHandlers): Subscription {
    let resolveLive = () => {}
    const live = new Promise<void>((resolve) => {
      resolveLive = resolve
    })
    const subscriber: Subscriber = { handlers, resolveLive, wasLive: false }
    const name = PREFIX + roomId
    const channel = this.#channels.get(name)
    if (channel) {
      channel.subscribers.add(subscriber)
      if (channel.live) becomeLive(subscriber)
    } else if (!this.#stopped) {
      const opened = { name, subscribers: new Set([subscriber]), live: false }
      this.#channels.set(name, opened)
      this.#subscribeSoon(opened)
    }
    return {
      live,
      close: () => {
        resolveLive()
        this.#close(name, subscriber)
      },
    }
  }

  async ping(): Promise<void> {
    try {
      await Promise.all([this.#pingOf(this.#publisher), this.#pingOf(this.#subscriber)])
    } catch (error) {
      throw unavailable(error)
    }
  }

  #close(name: string, subscriber: Subscriber): void {
    const channel = this.#channels.get(name)
    if (!channel?.subscribers.delete(subscriber) || channel.subscribers.size > 0) return
    this.#channels.delete(name)
    // Not subscribed any more is what a lost connection leaves behind, too.
    if (this.#subscriber.status === 'ready') this.#subscriber.unsubscribe(name).catch(() => {})
  }

  /** What is opened in one turn is one SUBSCRIBE. */
  #subscribeSoon(channel: Channel): void {
    this.#opened.push(channel)
    if (this.#opened.length > 1) return
    process.nextTick(() => {
      const opened = this.#opened.splice(0)
      if (this.#subscriber.status === 'ready') void this.#subscribeToAll(opened)
    })
  }

  /** @returns false when the connection was lost; the next one subscribes to everything again */
  async #subscribeToAll(channels: readonly Channel[]): Promise<boolean> {
    for (let start = 0; start < channels.length; start += SUBSCRIBE_BATCH) {
      // Some may have been closed meanwhile; nobody would ever unsubscribe them.
      const batch = channels
        .slice(start, start + SUBSCRIBE_BATCH)
        .filter((channel) => this.#channels.get(channel.name) === channel)
      if (batch.length > 0 && !(await this.#subscribeTo(batch))) return false
    }
    return true
  }

  /** After every (re)connect: what was live before has a hole behind it. */
  async #subscribeAll(): Promise<void> {
    if (!(await this.#subscribeToAll([...this.#channels.values()]))) return
    this.#subscribed = true
    this.#tellUp()
  }

  /**
   * Marks these very channels live, not those that have come under the same name since: before
   * theirs, an UNSUBSCRIBE is on its way.
   * @returns false when the connection was lost; the next one subscribes to everything again
   */
  async #subscribeTo(channels: readonly Channel[]): Promise<boolean> {
    try {
      await this.#subscriber.subscribe(...channels.map(({ name }) => name))
    } catch (error) {
      this.#lost(error)
      // Without an answer the state of the connection is not known: only a new one is.
      if (this.#subscriber.status === 'ready' && !this.#stopped) this.#subscriber.disconnect(true)
      return false
    }
    for (const channel of channels) {
      if (channel.live) continue
      channel.live = true
      for (const subscriber of channel.subscribers) becomeLive(subscriber)
    }
    return true
  }

  #received(name: string, received: Buffer): void {
    const channel = this.#channels.get(name)
    if (!channel) return
    // The library's buffer may be part of a larger one, which the frames would keep alive.
    const payload = Buffer.from(received)
    const run = decodeRun(payload)
    const decoded = run === 'ignored' ? decodeNote(payload) : run
    // A newer node may send what this one does not know.
    if (decoded === 'ignored') return
    if (!decoded) this.#malformed += 1
    for (const { handlers } of channel.subscribers) {
      if (!decoded) handlers.onInterrupted()
      else if ('run' in decoded) handlers.onRun(decoded.from, decoded.run)
      else handlers.onNote(decoded.from, decoded.note)
    }
  }

  #tellUp(): void {
    if (!this.#subscribed || this.#publisher.status !== 'ready' || this.#stopped) return
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

const becomeLive = (subscriber: Subscriber): void => {
  if (subscriber.wasLive) subscriber.handlers.onInterrupted()
  subscriber.wasLive = true
  subscriber.resolveLive()
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
