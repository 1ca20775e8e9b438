import { RoomError } from '../../ports/errors.ts'
import type { LoggedMessage, RoomId, Seq } from '../../ports/model.ts'
import type { Range } from '../../ports/repository.ts'
import { SEARCH_SEGMENT, type SearchIndex } from '../../ports/search-index.ts'
import { hasWords, wordsOf } from '../../ports/words.ts'
import { plainArray, textArray } from './arrays.ts'
import type { Pool } from './connect.ts'
import { type MessageRow, toMessage } from './rows.ts'

/** An index of Postgres takes no texts of more than some 2,700 bytes. */
const WORD_LENGTH = 64
/** Rows that one statement reads to take their words: this process does nothing else meanwhile. */
const INDEX_ROWS = 256
/** Words of messages in one segment; those of the messages beyond are not indexed. */
const SEGMENT_WORDS = 131_072
/** Of texts that are looked at one by one at least so many are asked for at once. */
const LEAST_ROWS = 500
const PATIENCE_MS = 3_000

const cut = (word: string): string => word.slice(0, WORD_LENGTH).toWellFormed()

/** See SearchIndex.search. Postgres names those that may be meant, and here it is found out. */
const search = async (
  pool: Pool,
  roomId: RoomId,
  words: readonly string[],
  range: Range,
): Promise<readonly LoggedMessage[] | 'cursor_unknown' | undefined> => {
  const bounds = await boundsOf(pool, roomId, range)
  if (bounds === undefined || bounds === 'cursor_unknown') return bounds
  let { low, high } = bounds
  const backwards = !('after' in range)
  const cuts = words.map(cut)
  const found: LoggedMessage[] = []
  const deadline = performance.now() + PATIENCE_MS
  while (low <= high) {
    if (performance.now() > deadline) {
      throw new RoomError('overloaded', 'This room has too much to look through now, try again.')
    }
    const limit = Math.max(LEAST_ROWS, range.limit - found.length)
    const rows = await pool.read(
      (sql) => sql<MessageRow[]>`
        select l.* from search_seqs(
          ${roomId}, ${textArray(cuts)}::text[], ${textArray(cuts.map((word) => `%${word}%`))}::text[],
          ${textArray(cuts.map((word) => `(^|[^a-z0-9])${word}`))}::text[],
          ${low}, ${high}, ${backwards}, ${limit}
        ) with ordinality s (seq, nth)
        cross join lateral (
          select * from log where room_id = ${roomId} and seq = s.seq limit 1
        ) l
        order by s.nth`,
    )
    for (const row of rows) {
      if (found.length < range.limit && hasWords(row.message, words)) found.push(toMessage(row))
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < limit || found.length === range.limit) break
    if (backwards) high = last.seq - 1
    else low = last.seq + 1
  }
  return found.toSorted((a, b) => a.seq - b.seq)
}

/** The first and the last seq to look at. */
const boundsOf = async (
  pool: Pool,
  roomId: RoomId,
  range: Range,
): Promise<{ readonly low: Seq; readonly high: Seq } | 'cursor_unknown' | undefined> => {
  const cursor = 'after' in range ? range.after : 'before' in range ? range.before : 0
  const messageId = typeof cursor === 'number' ? null : cursor
  const [row] = await pool.read(
    (sql) => sql<{ last: Seq; seq: Seq | null }[]>`
      select r.last_seq as last, (
        select l.seq from log l where l.message_id = ${messageId}::uuid and l.room_id = r.room_id and l.target is null
      ) as seq
      from rooms r where r.room_id = ${roomId} and not r.gone`,
  )
  if (row === undefined) return undefined
  const seq = typeof cursor === 'number' ? cursor : row.seq
  if (seq === null) return 'cursor_unknown'
  if ('after' in range) return { low: seq + 1, high: row.last }
  return { low: 1, high: 'before' in range ? Math.min(seq - 1, row.last) : row.last }
}

/** See SearchIndex.indexWords. */
const indexWords = async (pool: Pool, roomId: RoomId): Promise<boolean> => {
  const [room] = await pool.read(
    (sql) => sql<{ last: Seq; segment: number }[]>`
      select r.last_seq as last, coalesce(s.segments, 0) as segment
      from rooms r left join searched s on s.room_id = r.room_id
      where r.room_id = ${roomId} and not r.gone`,
  )
  if (room === undefined) return false
  const start = room.segment * SEARCH_SEGMENT
  const end = start + SEARCH_SEGMENT
  if (room.last < end) return false
  const places = new Map<string, number[]>()
  const apart: Seq[] = []
  let taken = 0
  for (let from = start; from < end; from += INDEX_ROWS) {
    const rows = await pool.read(
      (sql) => sql<{ seq: Seq; message: string }[]>`
        select seq, message from log
        where room_id = ${roomId} and seq > ${from} and seq <= ${from + INDEX_ROWS}
          and type = 'chat'
        order by seq`,
    )
    for (const { seq, message } of rows) {
      const words = new Set(Array.from(wordsOf(message), cut))
      if (taken + words.size > SEGMENT_WORDS) {
        apart.push(seq)
        continue
      }
      taken += words.size
      for (const word of words) {
        const having = places.get(word)
        if (having === undefined) places.set(word, [seq - start - 1])
        else having.push(seq - start - 1)
      }
    }
  }
  await pool.write(
    (sql) => sql`
      select index_segment(
        ${roomId}, ${room.segment}, ${textArray([...places.keys()])}::text[],
        ${textArray(Array.from(places.values(), plainArray))}::text[], ${plainArray(apart)}::bigint[]
      )`,
  )
  return room.last >= end + SEARCH_SEGMENT
}

export class PostgresSearchIndex implements SearchIndex {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  search(
    roomId: RoomId,
    words: readonly string[],
    range: Range,
  ): Promise<readonly LoggedMessage[] | 'cursor_unknown' | undefined> {
    return search(this.#pool, roomId, words, range)
  }

  indexWords(roomId: RoomId): Promise<boolean> {
    return indexWords(this.#pool, roomId)
  }
}
