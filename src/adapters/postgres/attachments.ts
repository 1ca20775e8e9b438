import type { AddressMark, MemberId, NodeId, ResumeHash, RoomId, Seq } from '../../ports/model.ts'
import type { Attachment, Resumed, Roster, StoredMember } from '../../ports/repository.ts'
import { plainArray } from './arrays.ts'
import type { Pool } from './connect.ts'
import { type SettingsRow, toSettings } from './rows.ts'

/** See Repository.resume. The lock on the row puts calls for the same member in an order. */
export const resume = async (
  pool: Pool,
  nodeId: NodeId,
  roomId: RoomId,
  resumeHash: ResumeHash,
  resumeMs: number,
  address: AddressMark | undefined,
): Promise<Resumed | undefined> => {
  const [row] = await pool.write(
    (sql) => sql<Resumed[]>`
      with resumed as (
        update members m
        set node_id = ${nodeId}, attachment = m.attachment + 1, detached_at = null,
          address = coalesce(${address ?? null}, m.address)
        where m.resume_hash = decode(${resumeHash}, 'hex') and m.room_id = ${roomId}
          and (
            m.detached_at is null
            or m.detached_at > clock_timestamp() - ${resumeMs}::float8 * interval '1 ms'
          )
          and exists (select from nodes n where n.node_id = ${nodeId} and not n.gone)
          and exists (select from rooms r where r.room_id = ${roomId} and not r.gone)
        returning m.member_id, m.name, m.attachment
      )
      select s.member_id as "memberId", s.name as "memberName", s.attachment,
        r.last_seq as "lastSeq"
      from resumed s cross join rooms r where r.room_id = ${roomId}`,
  )
  return row && { ...row }
}

/** See Repository.findMember. */
export const findMember = async (
  pool: Pool,
  roomId: RoomId,
  resumeHash: ResumeHash,
): Promise<MemberId | undefined> => {
  const [row] = await pool.read(
    (sql) => sql<{ readonly member_id: MemberId }[]>`
      select m.member_id from members m join rooms r on r.room_id = m.room_id and not r.gone
      where m.resume_hash = decode(${resumeHash}, 'hex') and m.room_id = ${roomId}`,
  )
  return row?.member_id
}

/**
 * See Repository.detach. A row that someone else has locked is being resumed or removed, and then this
 * detach comes too late; if that fails, the row is a stray of its node.
 */
export const detach = async (pool: Pool, attachments: readonly Attachment[]): Promise<void> => {
  const ids = plainArray(attachments.map(({ memberId }) => memberId))
  const numbers = plainArray(attachments.map(({ attachment }) => attachment))
  await pool.write(
    (sql) => sql`
      update members set detached_at = clock_timestamp()
      where member_id = any (array(
        select m.member_id from members m
        where m.member_id = any (${ids}::uuid[])
          and m.resume_hash is not null and m.detached_at is null
          and m.attachment = (${numbers}::int[])[array_position(${ids}::uuid[], m.member_id)]
        order by m.member_id for update skip locked
      ))`,
  )
}

/** See Repository.rosterAt. */
export const rosterAt = async (
  pool: Pool,
  roomId: RoomId,
  seq: Seq,
  limit: number,
): Promise<Roster | undefined> => {
  const rows = await pool.read(
    (sql) => sql<
      (SettingsRow & { count: number; member_id: MemberId | null; member_name: string })[]
    >`
      with later as materialized (
        select member_id, member_name, type from log
        where room_id = ${roomId} and seq > ${seq} and type in ('joined', 'left')
      ), came as materialized (
        select member_id from later where type = 'joined'
      ), roster as (
        (
          select m.member_id, m.name from members m
          where m.room_id = ${roomId} and m.member_id not in (select member_id from came)
        )
        union all
        (
          select l.member_id, l.member_name from later l
          where l.type = 'left' and l.member_id not in (select member_id from came)
        )
        limit ${limit}
      )
      select r.name, r.topic, r.capacity, r.public, r.locked, r.slow_ms,
        s.member_id, s.name as member_name,
        r.member_count + (
          select count(*) filter (where type = 'left') - count(*) filter (where type = 'joined')
          from later
        )::int as count
      from rooms r left join roster s on true
      where r.room_id = ${roomId} and not r.gone`,
  )
  const [first] = rows
  if (first === undefined) return undefined
  const members = rows.flatMap(({ member_id: id, member_name: name }) =>
    id === null ? [] : [{ id, name }],
  )
  return { settings: toSettings(first), members, memberCount: first.count }
}

/** See Repository.membersOf. */
export const membersOf = async (pool: Pool, nodeId: NodeId): Promise<readonly StoredMember[]> => {
  const rows = await pool.read(
    (sql) => sql<StoredMember[]>`
      select member_id as "memberId", room_id as "roomId", attachment,
        resume_hash is not null as resumable
      from members where node_id = ${nodeId} and detached_at is null`,
  )
  return [...rows]
}
