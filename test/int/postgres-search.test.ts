import postgres from 'postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openPostgres, type StoredInPostgres } from '../../src/adapters/postgres/open.ts'
import type { RoomId } from '../../src/ports/model.ts'
import type { Repository } from '../../src/ports/repository.ts'
import { SEARCH_SEGMENT } from '../../src/ports/search-index.ts'
import {
  leaving,
  newMember,
  newNode,
  newRoom,
  saying,
  seqs,
  upTo,
} from '../contract/repository-scene.ts'
import type { FreshDatabase } from '../services/database.ts'
import { freshDatabase } from '../services/database.ts'

let database: FreshDatabase
let stored: StoredInPostgres
let repository: Repository
let admin: postgres.Sql

beforeEach(async () => {
  database = await freshDatabase()
  stored = openPostgres(database.url)
  await stored.start()
  repository = stored.repository
  admin = postgres(database.url, { max: 2, onnotice: () => {} })
})

afterEach(async () => {
  await stored.stop()
  await admin.end({ timeout: 2 })
  await database.drop()
})

const found = async (room: RoomId, word: string): Promise<readonly number[]> => {
  const messages = await stored.searchIndex.search(room, [word], { newest: true, limit: 10 })
  return Array.isArray(messages) ? messages.map(({ seq }) => seq) : []
}

/** A room with so many segments of texts, and who said them. */
const roomWith = async (segments: number) => {
  const node = await newNode(repository)
  const room = await newRoom(repository)
  const member = await newMember(repository, node, room)
  for (let at = 0; at < segments * 2; at += 1) {
    const half = upTo(SEARCH_SEGMENT / 2).map((n) => saying(member, `unique${at}x${n} common`))
    await repository.append(node, half)
  }
  return { node, room, member }
}

const index = async (room: RoomId): Promise<void> => {
  while (await stored.searchIndex.indexWords(room));
}

const rowsOf = async (table: string): Promise<number> =>
  (await admin`select 1 from ${admin(table)}`).length

test('a text that was changed is found by its new words at once, and of the old ones nothing is kept', async () => {
  const { room } = await roomWith(2)
  const change = (seq: number, text: string) =>
    admin`update log set message = ${text} where room_id = ${room} and seq = ${seq}`
  const kept = async (word: string) => admin`
    select places from search_words where segment = 0 and word = ${word}`
  await change(10, 'changed before')
  await index(room)
  expect(await found(room, 'unique0x9')).not.toContain(10)
  expect(await found(room, 'changed')).toEqual([10])
  expect(await kept('changed')).toEqual([])

  expect(await found(room, 'unique1x500')).toEqual([1_525])
  await change(1_525, 'changed after')
  await change(4_097, 'changed where nothing is indexed')
  expect(await found(room, 'unique1x500')).toEqual([])
  expect(await kept('unique1x500')).toEqual([])
  expect((await kept('common'))[0]?.['places']).not.toContain(1_524)
  expect(await found(room, 'changed')).toEqual([10, 1_525, 4_097])
  await change(1_525, '')
  expect(await found(room, 'changed')).toEqual([10, 4_097])
})

test('a text that is changed while its segment is indexed leaves no word behind', async () => {
  const { room } = await roomWith(1)
  const holder = await admin.reserve()
  await holder`begin`
  await holder`update log set message = 'late' where room_id = ${room} and seq = 7`
  const indexing = stored.searchIndex.indexWords(room)
  const waiting = () => admin`
    select 1 from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`
  await expect.poll(waiting, { interval: 5 }).toHaveLength(1)
  await holder`commit`
  holder.release()
  await indexing
  expect(await admin`select 1 from search_words where word = 'unique0x6'`).toEqual([])
  expect(await found(room, 'unique0x6')).not.toContain(7)
  expect(await found(room, 'late')).toEqual([7])
})

test('with a room its index goes, in steps, and nothing is indexed of a room that is gone', async () => {
  const { node, room, member } = await roomWith(2)
  const other = await roomWith(1)
  await admin`update log set message = 'changed' where room_id = ${room} and seq = 5`
  expect(await stored.searchIndex.indexWords(room)).toBe(true)
  await index(other.room)
  const others = (await admin`select 1 from search_words where room_id = ${other.room}`).length
  await repository.append(node, [leaving(member)])
  await admin`select expire_rooms('00000000-0000-0000-0000-000000000000', 500, 0, 0)`
  expect(await stored.searchIndex.indexWords(room)).toBe(false)
  await admin`select index_segment(${room}, 1, '{late}', '{"{1}"}', '{}')`
  expect(await admin`select 1 from search_words where word = 'late'`).toEqual([])
  const removed: number[] = []
  for (;;) {
    const [row] = await admin<{ rows: number }[]>`select remove_gone_rooms(1000) as rows`
    removed.push(row?.rows ?? 0)
    if ((row?.rows ?? 0) < 1_000) break
  }
  expect(removed.length).toBeGreaterThan(5)
  expect([await rowsOf('search_words'), await rowsOf('search_apart')]).toEqual([others, 0])
  expect([await rowsOf('searched'), await rowsOf('rooms')]).toEqual([1, 1])
  expect(seqs(await repository.append(other.node, [saying(other.member)]))).toEqual([
    SEARCH_SEGMENT + 2,
  ])
})
