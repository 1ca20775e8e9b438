import postgres from 'postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openPostgres, type StoredInPostgres } from '../../src/adapters/postgres/open.ts'
import type { Repository } from '../../src/ports/repository.ts'
import {
  joining,
  leaving,
  LONG_MS,
  newMember,
  newNode,
  newRoom,
  saying,
  seqs,
  upTo,
} from '../contract/repository-scene.ts'
import type { FreshDatabase } from '../services/database.ts'
import { freshDatabase } from '../services/database.ts'

const ALL_OVER = { roomTtlMs: 0, unusedRoomTtlMs: 0 }

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

const waitingForLocks = async (): Promise<number> => {
  const rows = await admin`
    select 1 from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`
  return rows.length
}

const rowsOf = async (table: string): Promise<number> =>
  (await admin`select 1 from ${admin(table)}`).length

test('a join that waited for the room while it was marked gone finds no room', async () => {
  const node = await newNode(repository)
  const room = await newRoom(repository)
  const holder = await admin.reserve()
  await holder`begin`
  await holder`select expire_rooms('00000000-0000-0000-0000-000000000000', 500, 0, 0)`
  const answers = [
    repository.append(node, [joining(room)]),
    repository.append(node, [joining(room), joining(room)]),
  ]
  await expect.poll(waitingForLocks, { interval: 5 }).toBe(2)
  await holder`commit`
  holder.release()
  expect(seqs((await Promise.all(answers)).flat())).toEqual(['room_gone', 'room_gone', 'room_gone'])
  expect(await repository.expireRooms(ALL_OVER)).toEqual({ rooms: 0, more: false })
  expect(await rowsOf('rooms')).toBe(0)
})

test('a room that is in use at this moment is left alone, and nobody waits for it', async () => {
  const room = await newRoom(repository)
  const holder = await admin.reserve()
  await holder`begin`
  await holder`select 1 from rooms where room_id = ${room} for no key update`
  expect(await repository.expireRooms(ALL_OVER)).toEqual({ rooms: 0, more: false })
  await holder`commit`
  holder.release()
  expect(await repository.expireRooms(ALL_OVER)).toEqual({ rooms: 1, more: false })
})

test('a member that the count of the room does not know of keeps it', async () => {
  const node = await newNode(repository)
  const room = await newRoom(repository)
  await newMember(repository, node, room)
  await admin`update rooms set member_count = 0`
  expect(await repository.expireRooms(ALL_OVER)).toEqual({ rooms: 0, more: false })
  expect((await repository.findRoom(room))?.members).toHaveLength(1)
})

test('a long log goes a thousand rows a step, and the room last, whoever goes on', async () => {
  const node = await newNode(repository)
  const room = await newRoom(repository)
  const member = await newMember(repository, node, room)
  await repository.append(
    node,
    upTo(2_100).map(() => saying(member)),
  )
  await repository.append(node, [leaving(member)])
  const left: (readonly number[])[] = []
  const { repository: other, stop } = openPostgres(database.url)
  for (const caller of [repository, other, repository]) {
    await caller.expireRooms(ALL_OVER)
    left.push([await rowsOf('log'), await rowsOf('rooms')])
    expect(await repository.findRoom(room)).toBeUndefined()
  }
  await stop()
  expect(left).toEqual([
    [1_102, 1],
    [102, 1],
    [0, 0],
  ])
})

test('a room that someone else marked gone goes with its members, and their node is untouched', async () => {
  const node = await newNode(repository)
  const [room, other] = [await newRoom(repository), await newRoom(repository)]
  const [member, neighbour] = [
    await newMember(repository, node, room),
    await newMember(repository, node, other),
  ]
  await admin`update rooms set gone = true where room_id = ${room}`
  expect(seqs(await repository.append(node, [saying(member)]))).toEqual(['room_gone'])
  expect(await repository.expireRooms({ roomTtlMs: LONG_MS, unusedRoomTtlMs: LONG_MS })).toEqual({
    rooms: 0,
    more: false,
  })
  expect(await repository.membersOf(node)).toMatchObject([
    { memberId: neighbour.memberId, roomId: other },
  ])
  expect([await rowsOf('rooms'), await rowsOf('log')]).toEqual([1, 1])
  expect(await repository.holdLease(node, LONG_MS, 'renew')).toBe(true)
})

test('an append touches no index of the rooms', async () => {
  const node = await newNode(repository)
  const room = await newRoom(repository)
  const member = await newMember(repository, node, room)
  for (const _ of upTo(50)) await repository.append(node, [saying(member)])
  const updates = async () => {
    const [row] = await admin<{ all: number; hot: number }[]>`
      select n_tup_upd::int as all, n_tup_hot_upd::int as hot
      from pg_stat_user_tables where relname = 'rooms'`
    return row
  }
  // A backend tells its counts when it ends.
  await stored.stop()
  await expect.poll(updates, { timeout: 5_000, interval: 20 }).toEqual({ all: 51, hot: 51 })
})
