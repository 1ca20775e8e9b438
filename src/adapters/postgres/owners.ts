import { RoomError } from '../../ports/errors.ts'
import type {
  LoggedMessage,
  MessageId,
  OwnerHash,
  RoomId,
  RoomSettings,
  Seq,
} from '../../ports/model.ts'
import type { ChangedRoom, MemberPlace } from '../../ports/repository.ts'
import type { Pool } from './connect.ts'
import { type MessageRow, type SettingsRow, toMessage, toSettings, toSettingsRow } from './rows.ts'

/** See Repository.findOwner. */
export const findOwner = async (
  pool: Pool,
  roomId: RoomId,
): Promise<OwnerHash | 'none' | undefined> => {
  const [row] = await pool.read(
    (sql) => sql<{ readonly hash: OwnerHash | null }[]>`
      select encode(owner_hash, 'hex') as hash from rooms where room_id = ${roomId} and not gone`,
  )
  return row && (row.hash ?? 'none')
}

/** See Repository.changeRoom. */
export const changeRoom = async (
  pool: Pool,
  roomId: RoomId,
  messageId: MessageId,
  changes: Partial<RoomSettings>,
): Promise<ChangedRoom | undefined> => {
  const { name = null, topic = null, public: isPublic = null, locked = null } = changes
  const capacity = 'capacity' in changes ? (changes.capacity ?? 0) : null
  const [row] = await pool.write(
    (sql) => sql<(SettingsRow & { readonly seq: Seq | null; readonly sent: number | null })[]>`
      select * from change_room(
        ${roomId}, ${messageId}, ${name}, ${topic}, ${capacity}, ${isPublic}, ${locked},
        ${changes.slowMs ?? null}
      )`,
  )
  if (row === undefined) return undefined
  const { seq, sent } = row
  const logged = seq === null || sent === null ? undefined : { roomId, seq, sent }
  return { settings: toSettings(row), row: logged && toSettingsRow(logged, row) }
}

/** See Repository.endRoom. Its rows are removed with those of rooms that expire. */
export const endRoom = async (pool: Pool, roomId: RoomId): Promise<boolean> => {
  const rows = await pool.write(
    (sql) => sql`
      update rooms set gone = true where room_id = ${roomId} and not gone returning 1`,
  )
  return rows.length > 0
}

/** See Repository.removeMember. */
export const removeMember = async (
  pool: Pool,
  { roomId, memberId }: MemberPlace,
  messageId: MessageId,
  keepOutMs: number,
): Promise<LoggedMessage | undefined> => {
  const [row] = await pool.write(
    (sql) => sql<MessageRow[]>`
      select * from remove_member(${roomId}, ${memberId}, ${messageId}, ${keepOutMs})`,
  )
  return row && toMessage(row)
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
