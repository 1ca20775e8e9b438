import { CLOSED_FOR_GOOD, CONNECT_PATH, isRoomId } from '../protocol/dialect.ts'
import type { Event, Limits } from '../protocol/events.ts'
import type { Client, ClientState, Code, JoinWish, Room, SocketClass } from './api.ts'
import { FLOOD, pauseAfter } from './backoff.ts'
import type { Clock } from './clock.ts'
import { Connection } from './connection.ts'
import { ShareChatError } from './error.ts'
import { Http } from './http.ts'
import { Listeners } from './listeners.ts'
import { watchPage } from './page.ts'
import { JoinedRoom } from './room.ts'

/** A connection that stood for this long was a good one. */
const GOOD_MS = 10_000
/** How long a resume that was never answered may still be carried out. */
const STRAY_MS = 60_000
/** No more than one connection in this time, whatever happens to the page. */
const HURRY_MS = 1_000

/** What the final close codes mean for the rooms of the connection. */
const ENDS: Readonly<Record<number, Code>> = {
  [CLOSED_FOR_GOOD.replaced]: 'replaced',
  [CLOSED_FOR_GOOD.removed]: 'removed',
  [CLOSED_FOR_GOOD.roomGone]: 'not_found',
}

export interface ClientParts {
  /** `http(s)://host[:port][/base]` */
  readonly url: string
  readonly WebSocket: SocketClass
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly random: () => number
}

/** A client: its rooms, and one connection after the other. */
export class OpenClient implements Client {
  readonly #parts: ClientParts
  readonly #http: Http
  readonly #listeners = new Listeners<{ state: ClientState }>()
  readonly #rooms = new Map<string, JoinedRoom>()
  readonly #unwatch: () => void
  #connection: Connection | undefined
  /** Lost, but perhaps open at the other end: to close one now would be a `left` there. */
  #dangling: Connection[] = []
  #state: ClientState = 'offline'
  #limits: Limits | undefined
  #welcomedAt = 0
  #failures = 0
  /** When the node wants us back. */
  #backAt: number | undefined
  #cancelRetry: (() => void) | undefined
  /** Whether the pause is our own idea. */
  #mayHurry = true
  #openedAt = 0
  #strayUntil = Number.NEGATIVE_INFINITY
  #closing: Promise<void> | undefined

  constructor(parts: ClientParts) {
    this.#parts = parts
    this.#http = new Http(parts.url, parts.fetch)
    this.#open()
    this.#unwatch = watchPage(() => this.#lookAgain())
  }

  get state(): ClientState {
    return this.#state
  }

  get isRestarting(): boolean {
    return this.#backAt !== undefined
  }

  createRoom(): Promise<{ readonly roomId: string; readonly roomName: string }> {
    return this.#http.createRoom()
  }

  join(roomId: string, wish: JoinWish = {}): Promise<Room> {
    const refuse = (code: 'not_joined' | 'not_found' | 'invalid', message: string) =>
      Promise.reject(new ShareChatError(code, message))
    if (this.#closing) return refuse('not_joined', 'The client was closed.')
    if (!isRoomId(roomId)) return refuse('not_found', 'There is no such room.')
    if (this.#rooms.has(roomId)) return refuse('invalid', 'This client is in this room.')
    const room = new JoinedRoom({
      roomId,
      wish,
      clock: this.#parts.clock,
      random: this.#parts.random,
      http: this.#http,
      connection: () => this.#connection,
      onJoined: () => {
        if (Array.from(this.#rooms.values()).every(({ isIn }) => isIn)) void this.#closeDangling()
      },
      onOver: () => this.#rooms.delete(roomId),
    })
    this.#rooms.set(roomId, room)
    if (!this.#connection && !this.#cancelRetry) this.#open()
    if (this.#limits) room.join(this.#limits)
    else room.follow(this.#state)
    return room.joined
  }

  on(what: 'state', listener: (state: ClientState) => void): () => void {
    return this.#listeners.on(what, listener)
  }

  close(): Promise<void> {
    if (!this.#closing) {
      this.#unwatch()
      this.#stopWaiting()
      if (this.#connection) this.#dangling.push(this.#connection)
      this.#connection = undefined
      this.#limits = undefined
      // A close frame says that all its members have left.
      this.#closing = this.#closeDangling()
      for (const room of this.#rooms.values()) room.end()
      this.#become('offline')
    }
    return this.#closing
  }

  #open(): void {
    const { url, WebSocket, clock } = this.#parts
    this.#stopWaiting()
    this.#backAt = undefined
    this.#openedAt = clock.now()
    this.#connection = new Connection({
      url: `ws${url.slice('http'.length)}${CONNECT_PATH}`,
      WebSocket,
      clock,
      onEvent: (event) => this.#take(event),
      onLost: (code) => this.#lost(code),
    })
    this.#become('connecting')
  }

  #take(event: Event): void {
    if (event.event === 'welcome') {
      this.#limits = event.limits
      this.#welcomedAt = this.#parts.clock.now()
      this.#connection?.keepTo(event.limits)
      // Listeners may join and leave rooms meanwhile; those know the limits already.
      for (const room of Array.from(this.#rooms.values())) room.join(event.limits)
      this.#become('live')
    } else if (event.event === 'goaway') {
      this.#backAt = this.#parts.clock.now() + event.reconnectAfterMs
    } else if (event.roomId !== undefined) {
      this.#rooms.get(event.roomId)?.take(event)
    }
  }

  #lost(code: number): void {
    const { clock, random } = this.#parts
    const now = clock.now()
    if (this.#connection?.isDangling) this.#dangling.push(this.#connection)
    this.#connection = undefined
    this.#endRooms(code, now)
    const rooms = Array.from(this.#rooms.values())
    if (rooms.some(({ isResuming }) => isResuming)) this.#strayUntil = now + STRAY_MS

    if (this.#limits) {
      this.#failures = now - this.#welcomedAt < GOOD_MS ? Math.min(this.#failures, 1) : 0
    }
    const pause = (this.#backAt ?? now + pauseAfter(code, this.#failures, random)) - now
    this.#mayHurry = this.#backAt === undefined && code !== FLOOD
    this.#limits = undefined
    this.#failures += 1
    if (rooms.length === 0) {
      // Nobody waits for it; who joins next opens it.
      void this.#closeDangling()
      this.#become('offline')
    } else if (pause <= 0) {
      this.#open()
    } else {
      this.#cancelRetry = clock.after(pause, () => this.#open())
      this.#become('offline')
    }
  }

  /** Ends the rooms that this close code is the end of. */
  #endRooms(code: number, now: number): void {
    const end = ENDS[code]
    if (!end) return
    if (code === CLOSED_FOR_GOOD.replaced && now < this.#strayUntil) {
      // A resume of ours that was never answered has overtaken one that was.
      this.#strayUntil = Number.NEGATIVE_INFINITY
      return
    }
    for (const room of this.#rooms.values()) {
      if (room.isIn || room.isResuming)
        room.end(new ShareChatError(end, 'Your membership has ended.'))
    }
  }

  /** Something has happened to the network or the page. */
  #lookAgain(): void {
    if (this.#connection) this.#connection.doubt()
    else if (this.#cancelRetry && this.#mayHurry) {
      if (this.#parts.clock.now() - this.#openedAt >= HURRY_MS) this.#open()
    }
  }

  async #closeDangling(): Promise<void> {
    const dangling = this.#dangling
    this.#dangling = []
    await Promise.all(dangling.map((connection) => connection.close()))
  }

  #stopWaiting(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
  }

  #become(state: ClientState): void {
    const isNew = this.#state !== state
    this.#state = state
    if (state !== 'live') for (const room of this.#rooms.values()) room.follow(state)
    if (isNew) this.#listeners.tell('state', state)
  }
}
