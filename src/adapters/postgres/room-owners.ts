import type {
  LoggedMessage,
  MemberPlace,
  MessageId,
  OwnerHash,
  RoomId,
  RoomSettings,
  Seq,
} from '../../ports/model.ts'
import type { ChangedRoom, RoomOwners } from '../../ports/room-owners.ts'
import type { Pool } from './connect.ts'
import { type MessageRow, type SettingsRow, toMessage, toSettings, toSettingsRow } from './rows.ts'

/** The functions that it calls are in migrations/0010-owners-and-changes.sql. */
export class PostgresRoomOwners implements RoomOwners {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async findOwner(roomId: RoomId): Promise<OwnerHash | 'none' | undefined> {
    const [row] = await this.#pool.read(
      (sql) => sql<{ readonly hash: OwnerHash | null }[]>`
        select encode(owner_hash, 'hex') as hash from rooms where room_id = ${roomId} and not gone`,
    )
    return row && (row.hash ?? 'none')
  }

  async changeRoom(
    roomId: RoomId,
    messageId: MessageId,
    changes: Partial<RoomSettings>,
  ): Promise<ChangedRoom | undefined> {
    const { name = null, topic = null, public: isPublic = null, locked = null } = changes
    const capacity = 'capacity' in changes ? (changes.capacity ?? 0) : null
    const [row] = await this.#pool.write(
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

  /** Its rows are removed with those of rooms that expire. */
  async endRoom(roomId: RoomId): Promise<boolean> {
    const rows = await this.#pool.write(
      (sql) => sql`
        update rooms set gone = true where room_id = ${roomId} and not gone returning 1`,
    )
    return rows.length > 0
  }

  async removeMember(
    { roomId, memberId }: MemberPlace,
    messageId: MessageId,
    keepOutMs: number,
  ): Promise<LoggedMessage | undefined> {
    const [row] = await this.#pool.write(
      (sql) => sql<MessageRow[]>`
        select * from remove_member(${roomId}, ${memberId}, ${messageId}, ${keepOutMs})`,
    )
    return row && toMessage(row)
  }
}
