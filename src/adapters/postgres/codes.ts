import type { Budget, Codes, CodeTerms } from '../../ports/codes.ts'
import type { Code, Room, RoomId } from '../../ports/model.ts'
import type { Pool } from './connect.ts'

/** Codes and the budget of guesses; what they do is in migrations/0004-codes.sql. */
export class PostgresCodes implements Codes {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async create(
    roomId: RoomId,
    code: Code,
    { ttlMs, uses, mostOfRoom, most }: CodeTerms,
  ): Promise<number | 'taken' | 'room_full' | 'full' | undefined> {
    const [row] = await this.#pool.write(
      (sql) => sql<{ result: 'made' | 'taken' | 'room_full' | 'full' | null; expires: number }[]>`
        select o_result as result, o_expires as expires
        from make_code(${roomId}, ${code}, ${ttlMs}, ${uses ?? null}, ${mostOfRoom}, ${most})`,
    )
    if (row === undefined || row.result === null) return undefined
    return row.result === 'made' ? row.expires : row.result
  }

  async take(
    code: Code,
    { burst, perSecond }: Budget,
  ): Promise<Room | { readonly waitMs: number } | undefined> {
    const [row] = await this.#pool.write(
      (sql) => sql<{ wait: number | null; id: RoomId | null; name: string }[]>`
        select o_wait_ms as wait, o_room as id, o_name as name
        from take_code(${code}, ${burst}, ${perSecond})`,
    )
    if (row === undefined) return undefined
    if (row.wait !== null) return { waitMs: row.wait }
    return row.id === null ? undefined : { id: row.id, name: row.name }
  }
}
