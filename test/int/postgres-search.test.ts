import { expect, test } from 'vitest'
import type { RoomId } from '../../src/ports/model.ts'
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
import { onPostgres } from './postgres-scene.ts'

const scene = onPostgres()

const found = async (room: RoomId, ...words: readonly string[]): Promise<readonly number[]> => {
  const messages = await scene().stored.searchIndex.search(room, words, { newest: true, limit: 10 })
  return Array.isArray(messages) ? messages.map(({ seq }) => seq) : []
}

/** A room with so many segments of texts, and who said them. */
const roomWith = async (segments: number) => {
  const { repository } = scene()
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
  while (await scene().stored.searchIndex.indexWords(room));
}

/** Whether any block of the index has this word. */
const isKept = async (word: string): Promise<boolean> => {
  const rows = await scene().admin`
    select 1 from search_blocks where strpos(words, ${`\u0001${word}\u0002`}) > 0`
  return rows.length > 0
}

const indexedSegments = async (): Promise<readonly number[]> => {
  const rows = await scene().admin<{ segment: number }[]>`
    select segment from search_segments where indexed order by segment`
  return rows.map(({ segment }) => segment)
}

const change = async (room: RoomId, seq: number, text: string): Promise<void> => {
  await scene().admin`update log set message = ${text} where room_id = ${room} and seq = ${seq}`
}

test('a text that was changed is found by its new words at once, and of the old ones nothing is kept', async () => {
  const { room } = await roomWith(2)
  await change(room, 10, 'changed before')
  await index(room)
  expect(await indexedSegments()).toEqual([0, 1])
  expect(await found(room, 'unique0x9')).not.toContain(10)
  expect(await found(room, 'changed')).toEqual([10])

  expect(await found(room, 'unique1x500')).toEqual([1_525])
  expect(await isKept('unique1x500')).toBe(true)
  await change(room, 1_525, 'changed after')
  await change(room, 4_097, 'changed where nothing is indexed')
  expect(await isKept('unique1x500')).toBe(false)
  expect(await indexedSegments()).toEqual([1])
  expect(await found(room, 'unique1x500')).toEqual([])
  expect(await found(room, 'unique1x501', 'common')).toEqual([1_526])
  expect(await found(room, 'changed')).toEqual([10, 1_525, 4_097])
  await change(room, 1_525, '')
  expect(await found(room, 'changed')).toEqual([10, 4_097])

  await index(room)
  expect(await indexedSegments()).toEqual([0, 1])
  expect(await found(room, 'changed')).toEqual([10, 4_097])
  expect(await isKept('unique1x500')).toBe(false)
})

test('a text that is changed while its segment is indexed leaves no word behind', async () => {
  const { stored, admin, waitingForLocks } = scene()
  const { room } = await roomWith(1)
  const holder = await admin.reserve()
  await holder`begin`
  await holder`update log set message = 'late' where room_id = ${room} and seq = 7`
  const indexing = stored.searchIndex.indexWords(room)
  await expect.poll(waitingForLocks, { interval: 5 }).toBe(1)
  await holder`commit`
  holder.release()
  await indexing
  expect(await indexedSegments()).toEqual([])
  await index(room)
  expect(await indexedSegments()).toEqual([0])
  expect(await isKept('unique0x6')).toBe(false)
  expect(await found(room, 'unique0x6')).not.toContain(7)
  expect(await found(room, 'late')).toEqual([7])
})

test('a search that meets a segment which is just not indexed any more looks through it', async () => {
  const { stored, admin } = scene()
  const { room } = await roomWith(3)
  await index(room)
  const answers: (readonly number[])[] = []
  const changing = async (): Promise<void> => {
    for (const n of upTo(15)) {
      await change(room, 1_030 + n, `changed ${n}`)
      await stored.searchIndex.indexWords(room)
    }
  }
  let changed = false
  const searching = async (): Promise<void> => {
    while (!changed) answers.push(await found(room, 'unique1x1', 'common'))
  }
  await Promise.all([changing().finally(() => (changed = true)), searching()])
  const all = await admin<{ seq: number }[]>`
    select seq::int from log where message like 'unique1x1%' order by seq desc limit 10`
  const expected = all.map(({ seq }) => seq).toReversed()
  expect(answers.length).toBeGreaterThan(5)
  for (const answer of answers) expect(answer).toEqual(expected)
})

test('with a room its index goes, in steps, and nothing is indexed of a room that is gone', async () => {
  const { stored, repository, admin, rowsOf } = scene()
  const { node, room, member } = await roomWith(2)
  const other = await roomWith(1)
  await index(other.room)
  const others = await rowsOf('search_blocks')
  expect(await stored.searchIndex.indexWords(room)).toBe(true)
  await repository.append(node, [leaving(member)])
  await admin`select expire_rooms('00000000-0000-0000-0000-000000000000', 500, 0, 0)`
  expect(await stored.searchIndex.indexWords(room)).toBe(false)
  const late = '\u0001late\u0002\u0003'
  for (const segment of [0, 1]) {
    await admin`select index_segment(${room}, ${segment}, 0, ${late}, '')`
  }
  expect(await isKept('late')).toBe(false)
  const removed: number[] = []
  for (;;) {
    const [row] = await admin<{ rows: number }[]>`select remove_gone_rooms(50) as rows`
    removed.push(row?.rows ?? 0)
    if ((row?.rows ?? 0) < 50) break
  }
  expect(removed.length).toBeGreaterThan(Math.ceil((2 * SEARCH_SEGMENT) / 50))
  expect(Math.max(...removed)).toBeLessThanOrEqual(100)
  expect([await rowsOf('search_blocks'), await rowsOf('search_segments')]).toEqual([others, 1])
  expect(await rowsOf('rooms')).toBe(1)
  expect(seqs(await repository.append(other.node, [saying(other.member)]))).toEqual([
    SEARCH_SEGMENT + 2,
  ])
})
