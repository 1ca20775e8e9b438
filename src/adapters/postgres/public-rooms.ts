import type { RoomId } from '../../ports/model.ts'
import type { ListedRoom, NamedRoom, PublicRooms } from '../../ports/public-rooms.ts'
import { plainArray, textArray } from './arrays.ts'
import type { Pool } from './connect.ts'
import { NO_ROOM } from './rooms.ts'

export class PostgresPublicRooms implements PublicRooms {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async keep(rooms: readonly NamedRoom[], ms: number): Promise<void> {
    await this.#pool.write(
      (sql) => sql`
        select keep_rooms(
          ${plainArray(rooms.map(({ id }) => id))}::uuid[],
          ${textArray(rooms.map(({ name }) => name))}::text[],
          ${textArray(rooms.map(({ topic }) => topic))}::text[], ${ms}
        )`,
    )
  }

  async list(after: RoomId | undefined, limit: number): Promise<readonly ListedRoom[]> {
    const rows = await this.#pool.read(
      (sql) => sql<ListedRoom[]>`
        select room_id as id, name, topic, member_count as "memberCount"
        from rooms
        where public and not gone and room_id > coalesce(${after ?? null}::uuid, ${NO_ROOM})
        order by room_id limit ${limit}`,
    )
    return [...rows]
  }
}
