import type { Redis } from 'ioredis'
import type { QueueHandlers, Subscription } from '../../ports/queue.ts'
import { decodeNote } from './note-codec.ts'
import { decodeRun } from './run-codec.ts'

const SUBSCRIBE_BATCH = 500

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
 * Subscriptions over one connection. The set of channels here is the truth; after every reconnect all of
 * it is subscribed again.
 */
export class Subscribing {
  readonly #connection: Redis
  readonly #onComplete: () => void
  readonly #onLost: (error: unknown) => void
  readonly #channels = new Map<string, Channel>()
  /** Opened in this turn. */
  readonly #opened: Channel[] = []
  #malformed = 0
  #complete = false
  #stopped = false

  /**
   * @param onComplete called when `complete` has become true
   * @param onLost called with what the library says when it could not subscribe
   */
  constructor(connection: Redis, onComplete: () => void, onLost: (error: unknown) => void) {
    this.#connection = connection
    this.#onComplete = onComplete
    this.#onLost = onLost
    connection.on('ready', () => void this.#subscribeAll())
    connection.on('close', () => {
      this.#complete = false
      for (const channel of this.#channels.values()) channel.live = false
    })
    connection.on('messageBuffer', (channel: Buffer, payload: Buffer) =>
      this.#received(channel.toString('latin1'), payload),
    )
  }

  /** Every channel is confirmed on the connection that is open now. */
  get complete(): boolean {
    return this.#complete
  }

  /** Payloads that were not well formed. */
  get malformed(): number {
    return this.#malformed
  }

  /** See Queue.subscribe. */
  subscribe(name: string, handlers: QueueHandlers): Subscription {
    let resolveLive = () => {}
    const live = new Promise<void>((resolve) => {
      resolveLive = resolve
    })
    const subscriber: Subscriber = { handlers, resolveLive, wasLive: false }
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

  /** Nothing is subscribed from now on. */
  stop(): void {
    this.#stopped = true
  }

  /** Nobody hears anything any more, or waits for it. */
  silence(): void {
    for (const channel of this.#channels.values()) {
      for (const subscriber of channel.subscribers) subscriber.resolveLive()
    }
    this.#channels.clear()
  }

  #close(name: string, subscriber: Subscriber): void {
    const channel = this.#channels.get(name)
    if (!channel?.subscribers.delete(subscriber) || channel.subscribers.size > 0) return
    this.#channels.delete(name)
    // Not subscribed any more is what a lost connection leaves behind, too.
    if (this.#connection.status === 'ready') this.#connection.unsubscribe(name).catch(() => {})
  }

  /** What is opened in one turn is one SUBSCRIBE. */
  #subscribeSoon(channel: Channel): void {
    this.#opened.push(channel)
    if (this.#opened.length > 1) return
    process.nextTick(() => {
      const opened = this.#opened.splice(0)
      if (this.#connection.status === 'ready') void this.#subscribeToAll(opened)
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
    this.#complete = true
    this.#onComplete()
  }

  /**
   * Marks these very channels live, not those that have come under the same name since: before
   * theirs, an UNSUBSCRIBE is on its way.
   * @returns false when the connection was lost; the next one subscribes to everything again
   */
  async #subscribeTo(channels: readonly Channel[]): Promise<boolean> {
    try {
      await this.#connection.subscribe(...channels.map(({ name }) => name))
    } catch (error) {
      this.#onLost(error)
      // Without an answer the state of the connection is not known: only a new one is.
      if (this.#connection.status === 'ready' && !this.#stopped) this.#connection.disconnect(true)
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
}

const becomeLive = (subscriber: Subscriber): void => {
  if (subscriber.wasLive) subscriber.handlers.onInterrupted()
  subscriber.wasLive = true
  subscriber.resolveLive()
}
