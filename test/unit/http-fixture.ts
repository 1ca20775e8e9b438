import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { onTestFinished } from 'vitest'
import { Connections } from '../../src/adapters/http/connections.ts'
import { encodeMessage } from '../../src/adapters/http/frames.ts'
import { pageFile } from '../../src/adapters/http/page.ts'
import { buildServer, type ServerParts } from '../../src/adapters/http/server.ts'
import { openMemory } from '../../src/adapters/memory/open.ts'
import { SystemClock } from '../../src/adapters/system/clock.ts'
import { Invitations } from '../../src/domain/invitations.ts'
import { Search } from '../../src/domain/search.ts'
import { History } from '../../src/domain/history.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Connection } from '../../src/ports/connection.ts'
import type { Log, LogFields } from '../../src/ports/log.ts'
import { noMeter } from '../../src/ports/meter.ts'
import type {
  LoggedMessage,
  MemberId,
  MessageId,
  RoomId,
  StoredType,
} from '../../src/ports/model.ts'
import type { Page, Range, Repository } from '../../src/ports/repository.ts'
import { FakeController, ids } from './fake-controller.ts'

const PAGE = [
  pageFile('/', 'text/html; charset=utf-8', Buffer.from('<!doctype html>')),
  pageFile('/assets/a-1.js', 'text/javascript; charset=utf-8', Buffer.from('export {}')),
]

export const realClock: Clock = new SystemClock()

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
