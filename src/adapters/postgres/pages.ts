import type { MessageId, RoomId, Seq } from '../../ports/model.ts'
import type { LogPage, LogRange, Page, Range } from '../../ports/repository.ts'
import type { Pool } from './connect.ts'
import { type ChangeRow, type MessageRow, type SettingsRow, toLogRow, toMessage } from './rows.ts'

/** See Repository.read. */
export const readPage = async (
  pool: Pool,
  roomId: RoomId,
  range: Range,
): Promise<Page | 'cursor_unknown' | undefined> => {
  const isAfter = 'after' in range
  const cursor = isAfter ? range.after : 'before' in range ? range.before : Number.MAX_SAFE_INTEGER
  const seq = typeof cursor === 'number' ? cursor : null
  const messageId = typeof cursor === 'number' ? null : cursor
  const maxBytes = isAfter ? (range.maxBytes ?? null) : null
  const deleted = range.deleted === true
  const rows = await pool.read(
    (sql) => sql<
      (MessageRow & {
        readonly last_seq: Seq
        readonly hidden: number
        readonly cursor: Seq | null
        readonly message_id: MessageId | null
      })[]
    >`
      select r.last_seq, r.hidden, c.seq as cursor,
        p.message_id, p.room_id, p.seq, p.member_id, p.member_name, p.type, p.message, p.sent,
        p.edited, p.deleted, p.removed
      from rooms r
      cross join lateral (
        select coalesce(${seq}::bigint, (
          select l.seq from log l
          where l.message_id = ${messageId}::uuid and l.room_id = r.room_id and l.target is null
        )) as seq
      ) c
      left join lateral (
        select l.*, row_number() over up as nth, sum(octet_length(l.message)) over up as bytes
        from (
          select * from log
          where room_id = r.room_id and target is null and (${deleted} or deleted is null)
            and ${isAfter ? sql`seq > c.seq order by seq` : sql`seq < c.seq order by seq desc`}
          limit ${range.limit}
        ) l
        window up as (order by l.seq rows unbounded preceding)
      ) p on p.nth = 1 or ${maxBytes}::bigint is null or p.bytes <= ${maxBytes}::bigint
      where r.room_id = ${roomId} and not r.gone
      order by p.seq`,
  )
  const first = rows[0]
  if (first === undefined) return undefined
  if (first.cursor === null) return 'cursor_unknown'
  const { last_seq: lastSeq, hidden } = first
  const messages = rows.filter((row) => row.message_id !== null).map(toMessage)
  const [oldest, newest] = [messages[0], messages.at(-1)]
  if (!oldest || !newest) return { messages, lastSeq, older: false, newer: false }
  if (hidden === 0) return { messages, lastSeq, older: oldest.seq > 1, newer: newest.seq < lastSeq }
  // A statement of its own: what is hidden now cannot be shown again, so that at worst there is less.
  const [beside] = await pool.read(
    (sql) => sql<{ readonly older: boolean; readonly newer: boolean }[]>`
      select
        exists (
          select from log where room_id = ${roomId} and target is null
            and (${deleted} or deleted is null) and seq < ${oldest.seq}
        ) as older,
        exists (
          select from log where room_id = ${roomId} and target is null
            and (${deleted} or deleted is null) and seq > ${newest.seq} and seq <= ${lastSeq}
        ) as newer`,
  )
  return { messages, lastSeq, older: beside?.older ?? false, newer: beside?.newer ?? false }
}

/** See Repository.readLog. */
export const readLogPage = async (
  pool: Pool,
  roomId: RoomId,
  { after, limit, maxBytes }: LogRange,
): Promise<LogPage | undefined> => {
  const rows = await pool.read(
    (sql) => sql<
      ((MessageRow | ChangeRow) &
        SettingsRow & { readonly last_seq: Seq; readonly message_id: MessageId | null })[]
    >`
      select r.last_seq, r.name, r.topic, r.capacity, r.public, r.locked, r.slow_ms,
        p.message_id, p.room_id, p.seq, p.member_id, p.member_name, p.type, p.message, p.sent,
        p.edited, p.deleted, p.removed, p.target,
        p.target_id, p.target_message
      from rooms r
      left join lateral (
        select l.*, row_number() over up as nth,
          sum(octet_length(coalesce(l.target_message, l.message))) over up as bytes
        from (
          select o.*, g.message_id as target_id, g.message as target_message
          from log o
          left join lateral (
            select message_id, message from log
            where room_id = o.room_id and seq = o.target and o.target > 0 limit 1
          ) g on true
          where o.room_id = r.room_id and o.seq > ${after} order by o.seq limit ${limit}
        ) l
        window up as (order by l.seq rows unbounded preceding)
      ) p on p.nth = 1 or p.bytes <= ${maxBytes}::bigint
      where r.room_id = ${roomId} and not r.gone
      order by p.seq`,
  )
  const [first] = rows
  if (first === undefined) return undefined
  return {
    rows: rows.filter((row) => row.message_id !== null).map((row) => toLogRow(row, first)),
    lastSeq: first.last_seq,
  }
}
