import { RoomError } from '../../ports/errors.ts'
import type { RoomId, RoomSettings } from '../../ports/model.ts'
import type { NewRoom, RoomInfo, RoomTtls } from '../../ports/repository.ts'
import type { Pool } from './connect.ts'

/** Before every room. */
export const NO_ROOM = '00000000-0000-0000-0000-000000000000'

/** See Repository.createRoom. */
export const createRoom = async (pool: Pool, room: NewRoom): Promise<void> => {
  const { id, name, topic = '', capacity = null, ttlMs = null, ownerHash = null } = room
  const rows = await pool.write(
    (sql) => sql`
      insert into rooms (room_id, name, topic, capacity, public, ttl_ms, owner_hash)
      values (
        ${id}, ${name}, ${topic}, ${capacity}, ${room.public ?? false}, ${ttlMs},
        decode(${ownerHash}, 'hex')
      )
      on conflict do nothing returning 1`,
  )
  if (rows.length === 0) throw new RoomError('invalid', 'There is a room with this id.')
}

type InfoRow = Omit<RoomSettings, 'capacity'> & {
  readonly capacity: number | null
  readonly messageCount: number
  readonly memberCount: number
  readonly created: number
  readonly expires: number | null
}

/** See Repository.roomInfo. */
export const roomInfo = async (
  pool: Pool,
  roomId: RoomId,
  { roomTtlMs, unusedRoomTtlMs }: RoomTtls,
): Promise<RoomInfo | undefined> => {
  const [row] = await pool.read(
    (sql) => sql<InfoRow[]>`
      select name, topic, capacity, public, locked, slow_ms as "slowMs",
        last_seq - hidden as "messageCount", member_count as "memberCount",
        floor(extract(epoch from created) * 1000)::bigint as created,
        case when member_count = 0 and not is_kept(kept_until) then floor(room_end(
          last_seq, last_sent, created, ttl_ms, ${roomTtlMs}, ${unusedRoomTtlMs}
        ))::bigint end as expires
      from rooms where room_id = ${roomId} and not gone`,
  )
  if (row === undefined) return undefined
  const { capacity, expires, ...info } = row
  return { id: roomId, ...info, capacity: capacity ?? undefined, expires: expires ?? undefined }
}

/** See Repository.addressKey. */
export const addressKey = async (pool: Pool): Promise<string> => {
  const [row] = await pool.read(
    (sql) => sql<{ readonly secret: string }[]>`
      select secret from secrets where name = 'addresses'`,
  )
  if (row === undefined) throw new RoomError('internal', 'The repository has no key.')
  return row.secret
}
