import postgres from 'postgres'
import { afterAll, beforeAll } from 'vitest'
import { openPostgres, type StoredInPostgres } from '../../src/adapters/postgres/open.ts'
import { repositoryContract } from '../contract/repository.ts'
import type { FreshDatabase } from '../services/database.ts'
import { freshDatabase } from '../services/database.ts'

let database: FreshDatabase
let stored: StoredInPostgres
let admin: postgres.Sql

beforeAll(async () => {
  database = await freshDatabase()
  stored = openPostgres(database.url)
  await stored.start()
  admin = postgres(database.url, { max: 1 })
})

afterAll(async () => {
  await stored.stop()
  await admin.end({ timeout: 2 })
  await database.drop()
})

repositoryContract('PostgresRepository', async () => {
  await admin`
    truncate rooms, log, members, nodes, keep_out, searched, search_words, search_apart, codes`
  await admin`update code_guesses set tokens = 'infinity'`
  return {
    ...stored,
    elapse: async (ms) => void (await admin`select pg_sleep(${ms / 1_000})`),
    // The server's clock is not ours to set; rooms whose entries are ahead of it look the same.
    setBack: async (ms) => {
      await admin`update rooms set last_sent = last_sent + ${ms}`
      await admin`update log set sent = sent + ${ms}`
    },
  }
})
