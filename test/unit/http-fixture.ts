import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { Connections } from '../../src/adapters/http/connections.ts'
import { encodeMessage } from '../../src/adapters/http/frames.ts'
import { pageFile } from '../../src/adapters/http/page.ts'
import { buildServer, type ServerParts } from '../../src/adapters/http/server.ts'
import { openMemory } from '../../src/adapters/memory/open.ts'
import { SystemIds } from '../../src/adapters/system/ids.ts'
import type { CreatedRoom, RoomWish } from '../../src/domain/controller.ts'
import type { Joined, JoinWish } from '../../src/domain/joins.ts'
import { Invitations } from '../../src/domain/invitations.ts'
import { Search } from '../../src/domain/search.ts'
import { History } from '../../src/domain/history.ts'
import type { Member, Sent } from '../../src/domain/member.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Connection } from '../../src/ports/connection.ts'
import { RoomError } from '../../src/ports/errors.ts'
import type { Ids } from '../../src/ports/ids.ts'
import type { Log, LogFields } from '../../src/ports/log.ts'
import { noMeter } from '../../src/ports/meter.ts'
import type {
  LoggedMessage,
  MemberId,
  MessageId,
  NodeId,
  RoomId,
  StoredType,
} from '../../src/ports/model.ts'
import type {
  Page,
  Range,
  Repository,
  RoomInfo,
  RoomWithMembers,
} from '../../src/ports/repository.ts'

const PAGE = [
  pageFile('/', 'text/html; charset=utf-8', Buffer.from('<!doctype html>')),
  pageFile('/assets/a-1.js', 'text/javascript; charset=utf-8', Buffer.from('export {}')),
]

export const realClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
  soon: (callback) => void setImmediate(callback),
}

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  #now = 0
  #timers: { readonly at: number; readonly callback: () => void }[] = []

  now(): number {
    return this.#now
  }

  wallTime(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  soon(callback: () => void): void {
    this.after(0, callback)
  }

  get timers(): number {
    return this.#timers.length
  }

  /** Lets time pass, timer by timer. */
  pass(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
    }
    this.#now = end
  }

  /** Time passes without a timer being called: the process stood still. */
  stall(ms: number): void {
    this.#now += ms
  }
}

const system = new SystemIds()

export const ids: Ids = {
  roomId: () => randomUUID() as RoomId,
  memberId: () => randomUUID() as MemberId,
  messageId: () => randomUUID() as MessageId,
  nodeId: () => randomUUID() as NodeId,
  messageIdOf: (memberId, ref) => system.messageIdOf(memberId, ref),
  resumeSecret: () => system.resumeSecret(),
  resumeHash: (secret) => system.resumeHash(secret),
  ownerToken: () => system.ownerToken(),
  ownerHash: (token) => system.ownerHash(token),
  isSame: (one, other) => system.isSame(one, other),
  addressMark: (...args) => system.addressMark(...args),
  namedRoomId: (name) => system.namedRoomId(name),
  code: () => system.code(),
  roomName: () => 'Imperfect Seat',
  memberName: () => 'Silver Otter',
  random: () => 0.5,
}

export const logged = (
  roomId: RoomId,
  seq: number,
  text = `message ${seq}`,
  type: StoredType = 'chat',
): LoggedMessage => ({
  id: randomUUID() as MessageId,
  roomId,
  memberId: randomUUID() as MemberId,
  memberName: 'Silver Otter',
  type,
  message: text,
  sent: 1_750_000_000_000 + seq,
  seq,
})

/** Logs of rooms in memory, as a repository reads them. */
export class Logs implements Pick<Repository, 'read'> {
  readonly rooms = new Map<RoomId, LoggedMessage[]>()
  readonly reads: Range[] = []
  /** Called before every read; what it throws is thrown by the read. */
  onRead: (count: number) => void | Promise<void> = () => {}

  async read(roomId: RoomId, range: Range): Promise<Page | 'cursor_unknown' | undefined> {
    this.reads.push(range)
    await this.onRead(this.reads.length)
    const log = this.rooms.get(roomId)
    if (!log) return undefined
    const place = (cursor: number | MessageId): number =>
      typeof cursor === 'number'
        ? log.filter(({ seq }) => seq <= cursor).length
        : log.findIndex(({ id }) => id === cursor) + 1
    const lastSeq = log.at(-1)?.seq ?? 0
    const page = (messages: readonly LoggedMessage[]): Page => {
      const [first, last] = [messages[0], messages.at(-1)]
      const older = first !== undefined && first !== log[0]
      return { messages, lastSeq, older, newer: last !== undefined && last.seq < lastSeq }
    }
    if ('newest' in range) return page(log.slice(-range.limit))
    const cursor = 'after' in range ? range.after : range.before
    const at = place(cursor)
    if (typeof cursor !== 'number' && at === 0) return 'cursor_unknown'
    if ('before' in range) {
      return page(log.slice(Math.max(0, at - 1 - range.limit), at - 1))
    }
    let bytes = 0
    const messages: LoggedMessage[] = []
    for (const message of log.slice(at, at + range.limit)) {
      bytes += message.message.length
      if (messages.length > 0 && bytes > (range.maxBytes ?? Number.POSITIVE_INFINITY)) break
      messages.push(message)
    }
    return page(messages)
  }
}

export interface FakeMember {
  readonly connection: Connection
  readonly posts: string[]
  left: number
}

/** One that came over the JSON dialect, with what it asked for, and how it went. */
export interface FakeResumable {
  readonly connection: Connection
  readonly roomId: RoomId
  readonly wish: JoinWish
  readonly sends: { readonly ref: string; readonly text: string; answer(sent: Sent): void }[]
  typed: number
  end: 'left' | 'quit' | undefined
}

const OPEN = { public: false, locked: false, slowMs: 0 }

/** Stands for the controller: keeps what it is told, answers what a test wants. */
export class FakeController {
  accepting = true
  readonly rooms = new Map<RoomId, RoomWithMembers>()
  readonly joins: FakeMember[] = []
  /** Called in every join, after the room was found. */
  onJoin: (member: FakeMember) => void | Promise<void> = () => {}
  onPost: (member: FakeMember, text: string) => void = () => {}
  onCreate: () => void | Promise<void> = () => {}
  readonly resumables: FakeResumable[] = []
  onResumable: (member: FakeResumable) => void | Promise<void> = () => {}
  /** How often any method was called. */
  calls = 0

  async createRoom({ owned, ...options }: RoomWish = {}): Promise<CreatedRoom> {
    this.calls += 1
    await this.onCreate()
    const room = { id: ids.roomId(), name: ids.roomName(), ...options, members: [] }
    this.rooms.set(room.id, room)
    const { id, name } = room
    return { id, name, ownerToken: owned ? ids.ownerToken() : undefined }
  }

  async roomInfo(id: RoomId): Promise<RoomInfo> {
    const { name, members } = await this.findRoom(id)
    return {
      ...{ id, name, topic: 'Seats', capacity: undefined, public: false, locked: true },
      ...{ slowMs: 10_000, messageCount: 7, memberCount: members.length },
      ...{ created: 1_750_000_000_000, expires: undefined },
    }
  }

  /** What an owner did, or someone with a secret. */
  readonly done: unknown[][] = []
  /** The only secret that is right. */
  readonly secret = 'right'

  readonly owners = {
    change: (...args: unknown[]) => this.#do('change', args),
    dismiss: (...args: unknown[]) => this.#do('dismiss', args),
    remove: (place: unknown, token: unknown) => this.#do('remove', [place, token]),
  }

  readonly changes = {
    change: async (...args: [RoomId, string, { readonly target: MessageId }]) => {
      await this.#do('message', args)
      return { id: args[2].target, seq: 9 }
    },
  }

  async #do(what: string, args: unknown[]): Promise<void> {
    this.calls += 1
    this.done.push([what, ...args])
    if (args[1] !== this.secret) throw new RoomError('forbidden', 'You may not do this.')
  }

  async findRoom(id: RoomId): Promise<RoomWithMembers> {
    this.calls += 1
    const room = this.rooms.get(id)
    if (!room) throw new RoomError('not_found', 'There is no such room.')
    return room
  }

  async join(id: RoomId, connection: Connection) {
    await this.findRoom(id)
    const member: FakeMember = { connection, posts: [], left: 0 }
    this.joins.push(member)
    await this.onJoin(member)
    return {
      post: (text: string) => {
        member.posts.push(text)
        this.onPost(member, text)
      },
      leave: () => {
        member.left += 1
      },
    }
  }

  async joinResumable(id: RoomId, connection: Connection, wish: JoinWish): Promise<Joined> {
    const room = await this.findRoom(id)
    const fake: FakeResumable = {
      connection,
      roomId: id,
      wish,
      sends: [],
      typed: 0,
      end: undefined,
    }
    this.resumables.push(fake)
    await this.onResumable(fake)
    const member = {
      id: ids.memberId(),
      name: 'Silver Otter',
      send: (ref: string, text: string, answer: (sent: Sent) => void) => {
        fake.sends.push({ ref, text, answer })
      },
      typing: () => {
        fake.typed += 1
      },
      leave: () => {
        fake.end ??= 'left'
      },
      quit: () => {
        fake.end ??= 'quit'
      },
    }
    return {
      member: member as unknown as Member,
      settings: { name: room.name, topic: '', capacity: undefined, ...OPEN },
      members: [{ id: member.id, name: member.name }],
      memberCount: 1,
      seq: 1,
      resume: wish.resume ?? ids.resumeSecret(),
      resetFrom: wish.after === 99 ? 1 : undefined,
    }
  }
}

/** Writes a text to a connection as the domain does: as the plain frame of a message. */
export const say = (connection: Connection, roomId: RoomId, text: string, seq = 1): Uint8Array => {
  const plain = encodeMessage(logged(roomId, seq, text))
  const { bytes } = connection.dialect.encode([{ seq, plain }])
  connection.write(bytes)
  return plain
}

export class MemoryLog implements Log {
  readonly lines: {
    readonly level: string
    readonly event: string
    readonly fields?: LogFields
  }[] = []
  readonly debug = (event: string, fields: LogFields = {}) => this.#add('debug', event, fields)
  readonly info = (event: string, fields: LogFields = {}) => this.#add('info', event, fields)
  readonly warn = (event: string, fields: LogFields = {}) => this.#add('warn', event, fields)
  readonly error = (event: string, fields: LogFields = {}) => this.#add('error', event, fields)

  #add(level: string, event: string, fields: LogFields): void {
    this.lines.push({ level, event, fields })
  }
}

export interface Fixture {
  readonly app: FastifyInstance
  readonly controller: FakeController
  readonly logs: Logs
  readonly log: MemoryLog
  /** A room that exists, with an empty log. */
  readonly roomId: RoomId
}

export const SETTINGS: ServerParts['settings'] = {
  allowedOrigins: [],
  trustProxy: [],
  pingMs: 60_000,
  maxMessageBytes: 16_384,
  maxConnectionRooms: 3,
  resumeMs: 30_000,
  maxRoomMembers: 10_000,
  roomTtlMs: 86_400_000,
  rates: undefined,
}

/** A server over fakes, closed after the test. */
export const fixture = (parts: Partial<ServerParts> = {}): Fixture => {
  const controller = new FakeController()
  const logs = new Logs()
  const log = new MemoryLog()
  const { repository, codes, searchIndex } = openMemory(realClock, 1 << 20)
  const roomId = ids.roomId()
  controller.rooms.set(roomId, { id: roomId, name: 'Imperfect Seat', members: [] })
  logs.rooms.set(roomId, [])
  const meter = parts.meter ?? noMeter
  const app = buildServer({
    controller,
    owners: controller.owners,
    changes: controller.changes,
    history: new History(logs, realClock),
    search: new Search({ searchIndex, repository, indexer: { add() {} }, clock: realClock }),
    directory: { page: async () => ({ rooms: [], more: false }) },
    invitations: new Invitations(codes, ids, realClock),
    pings: { repository: async () => {}, queue: async () => {} },
    page: PAGE,
    clock: realClock,
    ids,
    log,
    meter,
    connections: new Connections(meter),
    limits: undefined,
    overloaded: () => false,
    settings: SETTINGS,
    ...parts,
  })
  onTestFinished(async () => {
    await app.close()
  })
  return { app, controller, logs, log, roomId }
}

/** Listens on a free port of this machine. */
export const listen = async ({ app }: Fixture): Promise<number> => {
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export const until = async (
  what: string,
  there: () => boolean | Promise<boolean>,
  ms = 5_000,
): Promise<void> => {
  const end = Date.now() + ms
  while (!(await there())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Gives the server time for what must not happen: as long as 100 requests take. */
export const meanwhile = async (port: number): Promise<void> => {
  for (let count = 0; count < 100; count += 1) {
    await (await fetch(`http://127.0.0.1:${port}/api/livez`)).text()
  }
}

/** A TCP connection that keeps what it gets. */
export class RawClient {
  readonly socket: Socket
  text = ''
  ended = false

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text) => {
      this.text += String(text)
    })
    this.socket.on('error', () => {})
    this.socket.on('end', () => {
      this.ended = true
    })
    this.socket.on('close', () => {
      this.ended = true
    })
    onTestFinished(() => {
      this.socket.destroy()
    })
  }

  send(...parts: readonly (string | Uint8Array)[]): void {
    this.socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))))
  }

  /** Resolves when the server has closed, with everything it sent. */
  async all(): Promise<string> {
    await until(`end of ${JSON.stringify(this.text)}`, () => this.ended)
    return this.text
  }
}

export const HANDSHAKE = {
  Host: 'node',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

export const request = (
  line: string,
  headers: Readonly<Record<string, string | undefined>> = { Host: 'node' },
): string => {
  const lines = Object.entries(headers).map(([name, value]) =>
    value === undefined ? '' : `${name}: ${value}\r\n`,
  )
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** One masked frame as a client sends it. */
export const clientFrame = (opcode: number, content: string | Uint8Array = ''): Buffer => {
  const body = Buffer.from(content)
  if (body.length > 125) throw new Error('too long for this')
  const mask = Buffer.from([1, 2, 3, 4])
  const masked = body.map((byte, at) => byte ^ (mask[at % 4] ?? 0))
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | body.length]), mask, masked])
}

/** A WebSocket that is open, with what it was sent. */
export const openWebSocket = async (
  port: number,
  path: string,
  protocols: readonly string[] = [],
): Promise<{ ws: WebSocket; frames: string[] }> => {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, [...protocols])
  const frames: string[] = []
  ws.on('message', (data: Buffer) => frames.push(data.toString()))
  onTestFinished(() => ws.terminate())
  await new Promise((resolve, reject) => {
    ws.once('open', resolve)
    ws.once('error', reject)
  })
  ws.on('error', () => {})
  return { ws, frames }
}

export const closed = (ws: WebSocket): Promise<{ code: number; reason: string }> =>
  new Promise((resolve) => {
    ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
