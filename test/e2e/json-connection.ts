import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { Command } from '../../src/protocol/commands.ts'
import { CONNECT_PATH, SUBPROTOCOL } from '../../src/protocol/dialect.ts'
import type { Event, MessageEvent, RoomEvent } from '../../src/protocol/events.ts'
import { within } from './deadline.ts'
import type { Listening } from './http.ts'
import type { Closed } from './member.ts'
import { isOfSchema } from './json-schemas.ts'
import { noteSecrets } from './secrets.ts'

type Name = Event['event']
type EventOf<N extends Name> = Extract<Event, { readonly event: N }>

const schemaOf = (name: string, kind: 'Event' | 'Command'): string =>
  `${name.slice(0, 1).toUpperCase()}${name.slice(1)}${kind}`

/** A connection that speaks the JSON dialect; it keeps every event and reads them one by one. */
export class JsonConnection {
  /** Everything that came, as text and as what it says. */
  readonly texts: string[] = []
  readonly events: Event[] = []
  readonly #socket: WebSocket
  readonly #closed: Promise<Closed>
  #closing: Closed | undefined
  #wrong: string | undefined
  #read = 0
  #wake: () => void = () => {}

  /** @param from the address of this machine that it comes from */
  constructor(node: Listening, from = '127.0.0.1') {
    this.#socket = new WebSocket(`ws://127.0.0.1:${node.port}${CONNECT_PATH}`, SUBPROTOCOL, {
      perMessageDeflate: false,
      localAddress: from,
    })
    this.#socket.on('message', (data: Buffer) => {
      const text = data.toString()
      const event = JSON.parse(text) as Event
      // Every event that any test gets is one of the document's.
      const wrong = isOfSchema(schemaOf(event.event, 'Event'), event)
      if (wrong !== undefined) this.#wrong = `${wrong} in ${text}`
      if (event.event === 'room') noteSecrets(event.resume, event.you.id, event.you.name)
      this.texts.push(text)
      this.events.push(event)
      this.#wake()
    })
    this.#socket.on('error', () => {})
    this.#closed = new Promise((resolve) => {
      this.#socket.once('close', (code, reason) => {
        this.#closing = { code, reason: reason.toString() }
        resolve(this.#closing)
        this.#wake()
      })
    })
    onTestFinished(() => this.#socket.terminate())
  }

  /** Resolves when it was welcomed. */
  static async open(node: Listening, from?: string): Promise<JsonConnection> {
    const connection = new JsonConnection(node, from)
    await connection.next('welcome')
    return connection
  }

  /** A new connection that is in one room. */
  static async join(
    node: Listening,
    roomId: string,
    wish: { readonly after?: number; readonly resume?: string } = {},
  ): Promise<JsonConnection & { readonly room: RoomEvent }> {
    const connection = await JsonConnection.open(node)
    const room = await connection.join(roomId, wish)
    return Object.assign(connection, { room })
  }

  say(command: Command): void {
    const wrong = isOfSchema(schemaOf(command.command, 'Command'), command)
    if (wrong !== undefined) throw new Error(`${wrong} in ${JSON.stringify(command)}`)
    this.#socket.send(JSON.stringify(command))
  }

  /** Sends a frame that may be no command: a text as a text frame, bytes as a binary one. */
  sayRaw(frame: string | Uint8Array): void {
    this.#socket.send(frame)
  }

  /** Joins a room on this connection. */
  async join(
    roomId: string,
    wish: { readonly after?: number; readonly resume?: string } = {},
  ): Promise<RoomEvent> {
    this.say({ command: 'join', roomId, ...wish })
    return this.next('room', (room) => room.roomId === roomId)
  }

  send(roomId: string, ref: string, message: string): void {
    noteSecrets(message)
    this.say({ command: 'send', roomId, ref, message })
  }

  /** The next unread event, whatever it is. */
  async any(): Promise<Event> {
    await this.has('an event', () => this.events.length > this.#read)
    this.#read += 1
    return this.events[this.#read - 1]!
  }

  /** The next unread event by this name that is as wanted; those before it are passed over. */
  async next<N extends Name>(
    name: N,
    wanted: (event: EventOf<N>) => boolean = () => true,
  ): Promise<EventOf<N>> {
    const is = (event: Event): event is EventOf<N> =>
      event.event === name && wanted(event as EventOf<N>)
    for (;;) {
      await this.has(`an event ${name}`, () => this.events.length > this.#read)
      const event = await this.any()
      if (is(event)) return event
    }
  }

  untilChat(text: string): Promise<MessageEvent> {
    return this.next('message', ({ type, message }) => type === 'chat' && message === text)
  }

  /** The messages of a room that came, in order. */
  messagesOf(roomId: string): readonly MessageEvent[] {
    return this.events.filter(
      (event): event is MessageEvent => event.event === 'message' && event.roomId === roomId,
    )
  }

  /** Those that came by this name. */
  all<N extends Name>(name: N): readonly EventOf<N>[] {
    return this.events.filter((event): event is EventOf<N> => event.event === name)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(code?: number): Promise<Closed> {
    this.#socket.close(code)
    return this.closed()
  }

  /** Breaks the connection without a word. */
  terminate(): void {
    this.#socket.terminate()
  }

  closed(ms?: number): Promise<Closed> {
    return within('the end of the connection', this.#closed, () => this.#seen(), ms)
  }

  get isOpen(): boolean {
    return this.#closing === undefined
  }

  async has(what: string, there: () => boolean, ms?: number): Promise<void> {
    const come = new Promise<void>((resolve, reject) => {
      this.#wake = () => {
        if (this.#wrong !== undefined) reject(new Error(this.#wrong))
        else if (there()) resolve()
        else if (this.#closing) reject(new Error(`${what}: it ended. Seen: ${this.#seen()}`))
      }
      this.#wake()
    })
    await within(what, come, () => this.#seen(), ms)
  }

  #seen(): string {
    return JSON.stringify({ last: this.texts.slice(-20), closed: this.#closing })
  }
}
