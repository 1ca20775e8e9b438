import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openPostgres, type StoredInPostgres } from '../../src/adapters/postgres/open.ts'
import type { Append } from '../../src/ports/append.ts'
import { codeOf } from '../../src/ports/errors.ts'
import type { Repository } from '../../src/ports/repository.ts'
import {
  logOf,
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
import { DeadLink } from '../dead-link.ts'

let database: FreshDatabase
let stored: StoredInPostgres
let repository: Repository
let admin: postgres.Sql

beforeAll(async () => {
  database = await freshDatabase()
})

beforeEach(async () => {
  stored = openPostgres(database.url)
  await stored.start()
  repository = stored.repository
  admin = postgres(database.url, { max: 2 })
})

afterEach(async () => {
  await stored.stop()
  await admin.end({ timeout: 2 })
})

afterAll(() => database.drop())

const codeFrom = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => codeOf(error),
  )

test('every backend killed under load, again and again: with retries nothing is lost, doubled or out of order', async () => {
  const node = await newNode(repository)
  const rooms = await Promise.all(upTo(4).map(() => newRoom(repository)))
  const members = await Promise.all(rooms.map((room) => newMember(repository, node, room)))
  const codes = new Set<string>()
  let killed = 0
  let confirmed = 0
  // Kills only between confirmations, so that there is progress however fast the kills are.
  const killer = async (): Promise<void> => {
    for (let seen = 0; killed < 15; seen = confirmed) {
      await expect.poll(() => confirmed, { timeout: 10_000, interval: 1 }).toBeGreaterThan(seen)
      await admin`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'sharechat'`
      killed += 1
    }
  }
  const writer = async (member: (typeof members)[number]): Promise<string[]> => {
    const ids: string[] = []
    for (let n = 0; killed < 15 || n < 100; n += 1) {
      const batch: Append[] = upTo(1 + (n % 3)).map(() => saying(member, `${n}`))
      ids.push(...batch.map(({ messageId }) => messageId))
      for (;;) {
        const code = await codeFrom(repository.append(node, batch))
        if (code === 'done') break
        codes.add(code)
      }
      confirmed += 1
    }
    return ids
  }
  const [, ...written] = await Promise.all([killer(), ...members.map(writer)])
  for (const code of codes) expect(['unavailable', 'unknown']).toContain(code)
  expect(codes.size).toBeGreaterThan(0)
  for (const [index, room] of rooms.entries()) {
    const log = await logOf(repository, room)
    expect(log.map(({ seq }) => seq)).toEqual(upTo(log.length))
    expect(log.slice(1).map(({ id }) => id)).toEqual(written[index])
  }
})

test('a locked room makes its append `unavailable` in time, stores nothing, and other rooms go on', async () => {
  const node = await newNode(repository)
  const [locked, held, free] = [
    await newRoom(repository),
    await newRoom(repository),
    await newRoom(repository),
  ]
  const member = await newMember(repository, node, locked)
  const neighbour = await newMember(repository, node, held)
  const other = await newMember(repository, node, free)
  const started = performance.now()
  await admin.begin(async (holder) => {
    await holder`select from rooms where room_id = ${locked} for update`
    const waiting = [
      codeFrom(repository.append(node, [saying(member)])),
      codeFrom(repository.append(node, [saying(neighbour), saying(member)])),
    ]
    expect(seqs(await repository.append(node, [saying(other)]))).toEqual([2])
    expect(seqs(await repository.append(node, [saying(other), saying(other)]))).toEqual([3, 4])
    expect(performance.now() - started).toBeLessThan(1_000)
    expect(await Promise.all(waiting)).toEqual(['unavailable', 'unavailable'])
  })
  expect(performance.now() - started).toBeLessThan(3_500)
  expect(
    seqs(await repository.append(node, [saying(member), saying(neighbour), saying(other)])),
  ).toEqual([2, 2, 5])
})

test('an append that waits for its room while its node is marked gone is refused', async () => {
  for (const size of [1, 2]) {
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const member = await newMember(repository, node, room)
    const waiting = await admin.begin(async (holder) => {
      await holder`select from rooms where room_id = ${room} for update`
      const append = repository.append(
        node,
        upTo(size).map(() => saying(member)),
      )
      const blocked = () =>
        admin`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
      await expect.poll(blocked, { timeout: 1_000, interval: 5 }).toHaveLength(1)
      await admin`update nodes set gone = true where node_id = ${node}`
      return { append }
    })
    expect(seqs(await waiting.append)).toEqual(upTo(size).map(() => 'member_gone'))
    expect(await logOf(repository, room)).toHaveLength(1)
  }
})

test('members of a node that has no lease, not even a lapsed one, are reaped', async () => {
  const node = await newNode(repository)
  const room = await newRoom(repository)
  await newMember(repository, node, room)
  // What is left when a join commits after its node was reaped to the end.
  await admin`delete from nodes where node_id = ${node}`
  const lefts = await repository.reap('lapsed', { leaseMs: 0, resumeMs: LONG_MS }, 100)
  const here = lefts.filter(({ roomId }) => roomId === room)
  expect(here.map(({ roomId, type, seq }) => ({ roomId, type, seq }))).toEqual([
    { roomId: room, type: 'left', seq: 2 },
  ])
})

test('more calls than may wait are refused, all settle, and then it goes on', async () => {
  const node = await newNode(repository)
  const room = await newRoom(repository)
  const member = await newMember(repository, node, room)
  const codes = await admin.begin(async (holder) => {
    await holder`select from rooms where room_id = ${room} for update`
    return Promise.all(upTo(2_000).map(() => codeFrom(repository.append(node, [saying(member)]))))
  })
  expect(new Set(codes)).toEqual(new Set(['unavailable']))
  expect(seqs(await repository.append(node, [saying(member)]))).toEqual([2])
})

test('a link that goes dead: writes end `unknown`, reads `unavailable`, in time; a new link is used', async () => {
  const link = await DeadLink.to(database.url)
  const { repository: far, stop } = openPostgres(link.url)
  const node = await newNode(far)
  const room = await newRoom(far)
  const member = await newMember(far, node, room)
  await logOf(far, room)
  const lost = saying(member)
  link.cut()
  const started = performance.now()
  const codes = await Promise.all([
    codeFrom(far.append(node, [lost])),
    codeFrom(far.read(room, { newest: true, limit: 1 })),
    codeFrom(far.ping()),
    codeFrom(far.holdLease(node, 10_000, 'renew')),
  ])
  // The lease's connection is one: what waits behind the ping was never sent.
  expect(codes).toEqual(['unknown', 'unavailable', 'unavailable', 'unavailable'])
  expect(performance.now() - started).toBeLessThan(3_000)
  expect(await codeFrom(far.append(node, [lost]))).toBe('unavailable')
  link.restore()
  await expect.poll(() => codeFrom(far.ping()), { timeout: 5_000 }).toBe('done')
  await expect.poll(() => codeFrom(far.append(node, [lost])), { timeout: 5_000 }).toBe('done')
  expect((await logOf(far, room)).map(({ seq }) => seq)).toEqual([1, 2])
  await stop()
  await link.close()
})

test('what one call finds out about a dead link, no other has to find out again', async () => {
  const link = await DeadLink.to(database.url)
  const { repository: far, stop } = openPostgres(link.url)
  const node = await newNode(far)
  const room = await newRoom(far)
  await logOf(far, room)
  link.cut()
  expect(await codeFrom(far.holdLease(node, 10_000, 'renew'))).toBe('unknown')
  link.restore()
  const started = performance.now()
  expect(await logOf(far, room)).toEqual([])
  expect((await far.findRoom(room))?.members).toEqual([])
  expect(performance.now() - started).toBeLessThan(1_000)
  await stop()
  await link.close()
})

test('stop ends in time over a dead link, may be repeated, and calls after it are refused', async () => {
  const link = await DeadLink.to(database.url)
  const { repository: far, stop } = openPostgres(link.url)
  const node = await newNode(far)
  const room = await newRoom(far)
  const member = await newMember(far, node, room)
  link.cut()
  const pending = codeFrom(far.append(node, [saying(member)]))
  const started = performance.now()
  await Promise.all([stop(), stop()])
  await stop()
  expect(performance.now() - started).toBeLessThan(3_000)
  expect(await pending).toBe('unknown')
  expect(await codeFrom(far.append(node, [saying(member)]))).toBe('unavailable')
  expect(await codeFrom(far.ping())).toBe('unavailable')
  await link.close()
})

test('a database that is read only is not there for appends', async () => {
  const name = new URL(database.url).pathname.slice(1)
  const node = await newNode(repository)
  const room = await newRoom(repository)
  await admin`alter database ${admin(name)} set default_transaction_read_only = on`
  const { repository: reader, stop } = openPostgres(database.url)
  expect(await codeFrom(reader.ping())).toBe('unavailable')
  expect(await codeFrom(reader.holdLease(node, 10_000, 'renew'))).toBe('unavailable')
  expect(await reader.findRoom(room)).toBeDefined()
  await admin`alter database ${admin(name)} reset default_transaction_read_only`
  await stop()
})
