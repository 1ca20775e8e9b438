import { RoomError } from '../../ports/errors.ts'
import { Pool } from './connect.ts'
import { migrate, readMigrations } from './migrate.ts'

/** One node's connections to its database, apart where one kind of work must not wait for another. */
export class Database {
  readonly #url: string
  readonly main: Pool
  /** History and repair: a page may take long and must not hold up an append. */
  readonly pages: Pool
  /** Search and its index must hold up neither. */
  readonly search: Pool
  /** Lease and ping: load must not look like death. */
  readonly lease: Pool

  /** Connects with the first call. @param url `postgres://…` */
  constructor(url: string) {
    this.#url = url
    // A dead link is dead for all: idle connections would keep it a secret until they are needed.
    const renewAll = (): void => {
      for (const pool of this.#pools) pool.renew()
    }
    this.main = new Pool(url, 6, renewAll)
    this.pages = new Pool(url, 2, renewAll)
    this.search = new Pool(url, 2, renewAll)
    this.lease = new Pool(url, 1, renewAll)
  }

  /**
   * Brings the database up to this version; resolves when it takes appends. Rejects with
   * `unavailable` when it cannot be reached (call again), with `internal` when its migrations are
   * not ours.
   */
  async start(): Promise<void> {
    await migrate(this.#url, await readMigrations())
    await this.ping()
  }

  /** See Repository.ping. */
  async ping(): Promise<void> {
    // A standby, or a primary that was made read only, answers and takes no append.
    const [row] = await this.lease.read(
      (sql) => sql`select current_setting('transaction_read_only') as read_only`,
    )
    if (row?.read_only !== 'off') throw new RoomError('unavailable', 'The repository is read only.')
  }

  /** Gives calls under way two seconds; later ones reject with `unavailable`. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.stop()))
  }

  get #pools(): readonly Pool[] {
    return [this.main, this.pages, this.search, this.lease]
  }
}
