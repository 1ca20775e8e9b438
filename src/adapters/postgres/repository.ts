import type { Append, AppendChat, Appended } from '../../ports/append.ts'
import { RoomError } from '../../ports/errors.ts'
import type {
  AddressMark,
  LoggedMessage,
  MemberId,
  MessageId,
  NodeId,
  ResumeHash,
  RoomId,
  Seq,
} from '../../ports/model.ts'
import type {
  Attachment,
  Expired,
  LastSeq,
  LogPage,
  LogRange,
  NewRoom,
  Page,
  Range,
  ReapTimes,
  Repository,
  Resumed,
  RoomInfo,
  RoomTtls,
  RoomWithMembers,
  Roster,
  SeenSeq,
  StoredMember,
} from '../../ports/repository.ts'
import { plainArray, textArray } from './arrays.ts'
import { detach, findMember, membersOf, resume, rosterAt } from './attachments.ts'
import type { Pool } from './connect.ts'
import type { Database } from './database.ts'
import { sqlCode, UNIQUE_VIOLATION } from './errors.ts'
import { readLogPage, readPage } from './pages.ts'
import { addressKey, createRoom, NO_ROOM, roomInfo } from './rooms.ts'
import { type AppendRow, type MessageRow, toAppended, toMessage } from './rows.ts'

/** What one step of expiring rooms looks at, and removes, at most. */
const EXPIRE_ROOMS = 500
const REMOVE_ROWS = 1_000

/**
 * The truth in Postgres. Every method is one statement, reap a few; the functions are in
 * migrations/. Nothing here uses a transaction of the library's, a reserved connection or a
 * cursor: a backend that dies in one takes the process with it, or pins a connection.
 */
export class PostgresRepository implements Repository {
  readonly #database: Database
  readonly #main: Pool
  /** How far the walk through all rooms has come. An index on what ends a room would be paid by every append. */
  #walked: string = NO_ROOM

  constructor(database: Database) {
    this.#database = database
    this.#main = database.main
  }

  createRoom(room: NewRoom): Promise<void> {
    return createRoom(this.#main, room)
  }

  async findRoom(roomId: RoomId): Promise<RoomWithMembers | undefined> {
    const rows = await this.#main.read(
      (sql) => sql<{ room: string; id: MemberId | null; name: string }[]>`
        select r.name as room, m.member_id as id, m.name
        from rooms r left join members m on m.room_id = r.room_id
        where r.room_id = ${roomId} and not r.gone
        order by m.place`,
    )
    const first = rows[0]
    if (first === undefined) return undefined
    const members = rows.flatMap(({ id, name }) => (id === null ? [] : [{ id, name }]))
    return { id: roomId, name: first.room, members }
  }

  roomInfo(roomId: RoomId, ttls: RoomTtls): Promise<RoomInfo | undefined> {
    return roomInfo(this.#main, roomId, ttls)
  }

  rosterAt(roomId: RoomId, seq: Seq, limit: number): Promise<Roster | undefined> {
    return rosterAt(this.#main, roomId, seq, limit)
  }

  async append(nodeId: NodeId, entries: readonly Append[]): Promise<readonly Appended[]> {
    const [first] = entries
    if (first === undefined) return []
    try {
      if (entries.length > 1 || first.type !== 'chat') {
        const ids = new Set(entries.map((entry) => entry.messageId))
        const form = ids.size === entries.length ? 'fast' : 'checking'
        return await this.#appendBatch(nodeId, entries, form)
      }
      const appended = await this.#appendChat(nodeId, first)
      if (appended !== undefined) return [appended]
    } catch (error) {
      // An id that is stored already: the call was rolled back whole, nothing happened.
      if (!(error instanceof RoomError) || sqlCode(error.cause) !== UNIQUE_VIOLATION) throw error
    }
    return this.#appendBatch(nodeId, entries, 'checking')
  }

  /** Undefined when it has to be rejected or, its member having left since, is stored already. */
  async #appendChat(nodeId: NodeId, entry: AppendChat): Promise<Appended | undefined> {
    const { messageId: id, roomId, memberId, type, message } = entry
    const [row] = await this.#main.write(
      (sql) => sql<{ seq: Seq | null; sent: number; name: string }[]>`
        select o_seq as seq, o_sent as sent, o_name as name
        from append_chat(${nodeId}, ${roomId}, ${memberId}, ${id}, ${message})`,
    )
    if (row === undefined || row.seq === null) return undefined
    const { seq, sent, name: memberName } = row
    return { message: { id, roomId, memberId, memberName, type, message, sent, seq } }
  }

  async #appendBatch(
    nodeId: NodeId,
    entries: readonly Append[],
    form: 'fast' | 'checking',
  ): Promise<readonly Appended[]> {
    const roomIds = [...new Set(entries.map((entry) => entry.roomId))].toSorted()
    const places = new Map(roomIds.map((roomId, index) => [roomId, index + 1]))
    const joins = entries.filter((entry) => entry.type === 'joined')
    const changes = entries.some((entry) => 'target' in entry)
    const targets = changes
      ? plainArray(entries.map((entry) => ('target' in entry ? entry.target : 'null')))
      : null
    const rows = await this.#main.write(
      (sql) => sql<AppendRow[]>`
        select * from append_rows(
          ${nodeId}, ${form === 'checking'}, ${plainArray(roomIds)}::uuid[],
          ${plainArray(entries.map((entry) => entry.type))}::text[],
          ${plainArray(entries.map((entry) => places.get(entry.roomId) ?? 0))}::int[],
          ${plainArray(entries.map((entry) => entry.memberId ?? 'null'))}::uuid[],
          ${plainArray(entries.map((entry) => entry.messageId))}::uuid[],
          ${textArray(entries.map((entry) => ('message' in entry ? entry.message : null)))}::text[],
          ${textArray(joins.flatMap((join) => join.names))}::text[],
          ${plainArray(joins.map((join) => join.maxMembers))}::int[],
          ${plainArray(joins.map((join) => join.resumeHash ?? 'null'))}::text[],
          ${plainArray(joins.map((join) => join.address ?? 'null'))}::int[],
          ${targets}::uuid[]
        )`,
    )
    return entries.map((entry, index) => toAppended(entry, rows[index]))
  }

  read(roomId: RoomId, range: Range): Promise<Page | 'cursor_unknown' | undefined> {
    return readPage(this.#database.pages, roomId, range)
  }

  readLog(roomId: RoomId, range: LogRange): Promise<LogPage | undefined> {
    return readLogPage(this.#database.pages, roomId, range)
  }

  resume(
    nodeId: NodeId,
    roomId: RoomId,
    resumeHash: ResumeHash,
    resumeMs: number,
    address?: AddressMark,
  ): Promise<Resumed | undefined> {
    return resume(this.#main, nodeId, roomId, resumeHash, resumeMs, address)
  }

  findMember(roomId: RoomId, resumeHash: ResumeHash): Promise<MemberId | undefined> {
    return findMember(this.#main, roomId, resumeHash)
  }

  detach(attachments: readonly Attachment[]): Promise<void> {
    return detach(this.#main, attachments)
  }

  async lastSeqs(seen: readonly SeenSeq[]): Promise<readonly LastSeq[]> {
    const rows = await this.#main.read(
      (sql) => sql<{ room_id: RoomId; last_seq: Seq | null }[]>`
        select s.room_id, r.last_seq
        from unnest(
          ${plainArray(seen.map(({ roomId }) => roomId))}::uuid[],
          ${plainArray(seen.map(({ seq }) => seq))}::bigint[]
        ) s (room_id, seq)
        left join lateral (
          select last_seq from rooms where room_id = s.room_id and not gone limit 1
        ) r on true
        where r.last_seq is distinct from s.seq`,
    )
    return rows.map(({ room_id: roomId, last_seq: seq }) => ({ roomId, seq: seq ?? undefined }))
  }

  async holdLease(nodeId: NodeId, leaseMs: number, kind: 'take' | 'renew'): Promise<boolean> {
    const rows = await this.#database.lease.write((sql) =>
      kind === 'take'
        ? sql`
          insert into nodes as n (node_id, lease_until)
          values (${nodeId}, clock_timestamp() + ${leaseMs}::float8 * interval '1 ms')
          on conflict (node_id) do update set lease_until = excluded.lease_until where not n.gone
          returning 1`
        : sql`
          update nodes set lease_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 ms'
          where node_id = ${nodeId} and not gone
          returning 1`,
    )
    return rows.length > 0
  }

  async reap(
    whom: NodeId | 'lapsed',
    { leaseMs, resumeMs }: ReapTimes,
    limit: number,
  ): Promise<readonly LoggedMessage[]> {
    const nodeId = whom === 'lapsed' ? null : whom
    // A statement of its own, committed before anything is removed: see append_chat.
    const [started] = await this.#main.write(
      (sql) => sql<{ settled: boolean }[]>`select mark_gone(${nodeId}, ${leaseMs}) as settled`,
    )
    if (started?.settled !== true) return []
    const removed: LoggedMessage[] = []
    for (;;) {
      const wanted = limit - removed.length
      const rows = await this.#main.write(
        (sql) => sql<(MessageRow & { looked: number; message_id: MessageId | null })[]>`
          select * from remove_members(${nodeId}, ${resumeMs}, ${wanted})`,
      )
      const messages = rows.filter((row) => row.message_id !== null).map(toMessage)
      removed.push(...messages)
      // Found fewer than wanted: there are no more. Found enough, but others were faster: look again.
      if ((rows[0]?.looked ?? 0) < wanted || messages.length === wanted) break
    }
    return removed.toSorted((a, b) =>
      a.roomId < b.roomId ? -1 : a.roomId > b.roomId ? 1 : a.seq - b.seq,
    )
  }

  async expireRooms({ roomTtlMs, unusedRoomTtlMs }: RoomTtls): Promise<Expired> {
    const [row] = await this.#main.write(
      (sql) => sql<{ rooms: number; last: string | null }[]>`
        select o_rooms as rooms, o_last as last
        from expire_rooms(${this.#walked}, ${EXPIRE_ROOMS}, ${roomTtlMs}, ${unusedRoomTtlMs})`,
    )
    const last = row?.last ?? NO_ROOM
    this.#walked = last
    // Statements of their own: a step that fails here leaves rooms marked, and the rest to the next.
    const [end] = await this.#main.write(
      (sql) => sql<{ removed: number }[]>`select remove_gone_rooms(${REMOVE_ROWS}) as removed`,
    )
    const more = last !== NO_ROOM || (end?.removed ?? 0) >= REMOVE_ROWS
    return { rooms: row?.rooms ?? 0, more }
  }

  addressKey(): Promise<string> {
    return addressKey(this.#main)
  }

  membersOf(nodeId: NodeId): Promise<readonly StoredMember[]> {
    return membersOf(this.#main, nodeId)
  }

  ping(): Promise<void> {
    return this.#database.ping()
  }
}
