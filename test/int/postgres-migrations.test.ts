import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import postgres from 'postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrate } from '../../src/adapters/postgres/migrate.ts'
import { openPostgres } from '../../src/adapters/postgres/open.ts'
import type { FreshDatabase } from '../services/database.ts'
import { freshDatabase } from '../services/database.ts'

let database: FreshDatabase
let admin: postgres.Sql

beforeEach(async () => {
  database = await freshDatabase()
  admin = postgres(database.url, { max: 1 })
})

afterEach(async () => {
  await admin.end({ timeout: 2 })
  await database.drop()
})

const FIRST = { name: '0001-a.sql', body: 'create table a (n int); insert into a values (1);' }
const SECOND = { name: '0002-b.sql', body: 'alter table a add m int default 2;' }

test('many nodes may start at once on an empty database, and again later', async () => {
  const nodes = Array.from({ length: 5 }, () => openPostgres(database.url))
  await Promise.all(nodes.map((node) => node.start()))
  const applied = await admin`select name, checksum from migrations order by name`
  expect(applied.length).toBeGreaterThan(0)
  await nodes[0]!.start()
  expect(await admin`select name, checksum from migrations order by name`).toEqual(applied)
  await Promise.all(nodes.map((node) => node.repository.ping()))
  await Promise.all(nodes.map((node) => node.stop()))
})

test('a migration is applied once, in order, also when it comes later', async () => {
  await migrate(database.url, [FIRST])
  await Promise.all([
    migrate(database.url, [FIRST, SECOND]),
    migrate(database.url, [FIRST, SECOND]),
    migrate(database.url, [FIRST]),
  ])
  expect([...(await admin`select * from a`)]).toEqual([{ n: 1, m: 2 }])
  await migrate(database.url, [FIRST])
  expect(await admin`select name from migrations`).toHaveLength(2)
})

test('an applied migration that was changed is refused, and what follows is not applied', async () => {
  await migrate(database.url, [FIRST])
  const changed = { ...FIRST, body: `${FIRST.body} ` }
  await expect(migrate(database.url, [changed, SECOND])).rejects.toMatchObject({
    name: 'RoomError',
    code: 'internal',
  })
  expect([...(await admin`select * from a`)]).toEqual([{ n: 1 }])
})

test('a migration that fails leaves no trace', async () => {
  const broken = { name: '0002-b.sql', body: 'create table b (n int); select 1 / 0;' }
  await expect(migrate(database.url, [FIRST, broken])).rejects.toMatchObject({ code: 'internal' })
  expect([...(await admin`select name from migrations`)]).toEqual([{ name: FIRST.name }])
  expect([...(await admin`select to_regclass('b') as b`)]).toEqual([{ b: null }])
})

test('start rejects with `unavailable` while there is no server, and may be called again', async () => {
  const url = new URL(database.url)
  url.port = '1'
  const stored = openPostgres(url.href)
  await expect(stored.start()).rejects.toMatchObject({ name: 'RoomError', code: 'unavailable' })
  await expect(stored.start()).rejects.toMatchObject({ code: 'unavailable' })
  await stored.stop()
})

test('start rejects with `unavailable` in time when something accepts connections and says nothing, or closes them', async () => {
  for (const closes of [true, false]) {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => socket.destroy())
      if (closes) socket.end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = new URL(database.url)
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const stored = openPostgres(url.href)
    const started = performance.now()
    await expect(stored.start()).rejects.toMatchObject({ code: 'unavailable' })
    await stored.stop()
    expect(performance.now() - started).toBeLessThan(5_000)
    for (const socket of sockets) socket.destroy()
    server.close()
  }
})
