import postgres from 'postgres'
import { expect, test } from 'vitest'
import { openPostgres } from '../../src/adapters/postgres/open.ts'
import type { Code, ResumeHash, RoomId } from '../../src/ports/model.ts'
import {
  joining,
  leaving,
  logOf,
  LONG_MS,
  newMember,
  newNode,
  newRoom,
  newRoomId,
  saying,
  upTo,
} from '../contract/repository-scene.ts'
import { freshDatabase } from '../services/database.ts'

const CODE = '493027' as Code

test('no call reads a whole table of rooms, messages or members', async () => {
  const database = await freshDatabase()
  const stored = openPostgres(database.url)
  const { repository, publicRooms, codes, searchIndex } = stored
  await stored.start()
  const filler = postgres(database.url, { max: 1 })
  await filler`
    insert into rooms (room_id, name, last_seq)
    select gen_random_uuid(), 'Imperfect Seat', 3 from generate_series(1, 20000)`
  await filler`
    insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent)
    select room_id, n, gen_random_uuid(), gen_random_uuid(), 'Red Fox', 'chat', 'hello', 0
    from rooms, generate_series(1, 3) n`
  await filler`
    insert into members (member_id, room_id, name, node_id)
    select gen_random_uuid(), room_id, 'Red Fox',
      ('00000000-0000-4000-8000-000000000' || (random() * 99 + 100)::int)::uuid
    from rooms`
  await filler`
    insert into nodes (node_id, lease_until)
    select distinct node_id, now() + interval '1 h' from members`
  await filler`analyze`
  await filler.end({ timeout: 2 })
  const admin = postgres(database.url, { max: 1 })
  const backends = () => admin`
    select 1 from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend'`
  const scans = () =>
    admin`
      select relname, seq_scan::int, (idx_scan > 0) as used from pg_stat_user_tables
      where relname in ('rooms', 'log', 'members') order by relname`
  await expect.poll(backends, { timeout: 5_000, interval: 20 }).toHaveLength(2)
  const before = await scans()
  const some = await admin<{ roomId: RoomId; seq: number }[]>`
    select room_id as "roomId", 1 as seq from rooms order by room_id limit 500`

  // Often enough for the plans that are kept, not only for the first ones.
  for (const _ of upTo(12)) {
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const member = await newMember(repository, node, room)
    const leaver = joining(room)
    const said = saying(member)
    await repository.append(node, [said])
    await repository.append(node, [said])
    await repository.append(node, [leaver, saying(leaver), leaving(leaver), saying(member)])
    await repository.append(
      node,
      upTo(2_000).map(() => saying(member)),
    )
    const twice = upTo(300).map(() => saying(member))
    await repository.append(node, twice)
    await repository.append(node, twice)
    const joins = some.slice(0, 100).map(({ roomId }) => joining(roomId))
    await repository.append(node, joins)
    await repository.append(
      node,
      joins.map((join) => saying(join)),
    )
    await repository.findRoom(room)
    const [first] = await logOf(repository, room)
    await repository.read(room, { after: first!.id, limit: 5, maxBytes: 1_000 })
    await repository.read(room, { before: first!.id, limit: 5 })
    await repository.read(room, { newest: true, limit: 5 })
    await searchIndex.search(room, ['hello', 'w'], { newest: true, limit: 5 })
    await searchIndex.search(room, ['hello'], { after: first!.id, limit: 5 })
    await searchIndex.indexWords(room)
    await publicRooms.list(room, 100)
    await publicRooms.keep([{ id: newRoomId(), name: 'Lobby', topic: '' }], 0)
    await codes.create(room, CODE, { ttlMs: 1, uses: 1, mostOfRoom: 9, most: 9 })
    await codes.take(CODE, { burst: 9, perSecond: 9 })
    await repository.lastSeqs(some)
    await repository.membersOf(node)
    await repository.rosterAt(room, 2, 200)
    const hashes = upTo(3).map(
      (n) => `${room.replaceAll('-', '')}${n}`.padEnd(64, '0') as ResumeHash,
    )
    const resumable = hashes.map((resumeHash) => ({ ...joining(room), resumeHash }))
    await repository.append(node, resumable)
    await repository.resume(node, room, hashes[0]!, 1_000)
    await repository.detach([
      { memberId: resumable[0]!.memberId, attachment: 2 },
      { memberId: resumable[1]!.memberId, attachment: 1 },
    ])
    await repository.reap(node, { leaseMs: 0, resumeMs: LONG_MS }, 500)
    await repository.reap('lapsed', { leaseMs: 0, resumeMs: 0 }, 500)
    await newRoom(repository)
    while ((await repository.expireRooms({ roomTtlMs: 0, unusedRoomTtlMs: 0 })).more);
  }
  // A backend tells its counts when it ends.
  await stored.stop()
  await expect.poll(backends, { timeout: 5_000, interval: 20 }).toHaveLength(1)
  expect([...(await scans())]).toEqual(before.map((row) => ({ ...row, used: true })))
  await admin.end({ timeout: 2 })
  await database.drop()
})

test('a join into a large room looks at a few of its members, not at all of them', async () => {
  const database = await freshDatabase()
  const stored = openPostgres(database.url)
  const { repository } = stored
  await stored.start()
  const node = await newNode(repository)
  const room = await newRoom(repository)
  const MEMBERS = 2_000
  const joins = upTo(MEMBERS).map(() => joining(room, undefined, MEMBERS))
  const admin = postgres(database.url, { max: 1 })
  for (let start = 0; start < MEMBERS; start += 100) {
    await repository.append(node, joins.slice(start, start + 100))
    // What the planner knows of the table decides.
    await admin`analyze members`
  }
  await stored.stop()
  const lookedAt = () =>
    admin`
      select (i.idx_tup_read + t.seq_tup_read)::int as rows
      from pg_stat_user_indexes i join pg_stat_user_tables t using (relid)
      where i.indexrelname = 'members_room_name' and i.idx_scan > 0`
  await expect.poll(lookedAt, { timeout: 5_000, interval: 20 }).toHaveLength(1)
  expect((await lookedAt())[0]?.['rows']).toBeLessThan(MEMBERS * 50)
  await admin.end({ timeout: 2 })
  await database.drop()
})
