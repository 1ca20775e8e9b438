import postgres from 'postgres'
import { afterEach, beforeEach } from 'vitest'
import { openPostgres, type StoredInPostgres } from '../../src/adapters/postgres/open.ts'
import type { Repository } from '../../src/ports/repository.ts'
import type { FreshDatabase } from '../services/database.ts'
import { freshDatabase } from '../services/database.ts'

/** What a test has to itself: a database, what is stored there, and a way round the repository. */
export interface PostgresScene {
  readonly url: string
  readonly stored: StoredInPostgres
  readonly repository: Repository
  readonly admin: postgres.Sql
  /** Statements that wait for a lock now. */
  waitingForLocks(): Promise<number>
  rowsOf(table: string): Promise<number>
}

/** Makes one for each test of the file that calls this, and removes it afterwards. */
export const onPostgres = (): (() => PostgresScene) => {
  let scene: (PostgresScene & { readonly database: FreshDatabase }) | undefined

  beforeEach(async () => {
    const database = await freshDatabase()
    const stored = openPostgres(database.url)
    await stored.start()
    const { repository } = stored
    const admin = postgres(database.url, { max: 2, onnotice: () => {} })
    const waitingForLocks = async (): Promise<number> => {
      const rows = await admin`
        select 1 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`
      return rows.length
    }
    const rowsOf = async (table: string): Promise<number> =>
      (await admin`select 1 from ${admin(table)}`).length
    scene = { url: database.url, database, stored, repository, admin, waitingForLocks, rowsOf }
  })

  afterEach(async () => {
    await scene?.stored.stop()
    await scene?.admin.end({ timeout: 2 })
    await scene?.database.drop()
    scene = undefined
  })

  return () => {
    if (scene === undefined) throw new Error('there is a scene within a test only')
    return scene
  }
}
