import { RoomError } from '../../ports/errors.ts'
import type { LoggedMessage, RoomId, Seq } from '../../ports/model.ts'
import type { Range } from '../../ports/repository.ts'
import { SEARCH_SEGMENT, type SearchIndex } from '../../ports/search-index.ts'
import { hasWords } from '../../ports/words.ts'
import { plainArray, textArray } from './arrays.ts'
import type { Pool } from './connect.ts'
import { type MessageRow, toMessage } from './rows.ts'
import { cut, indexWords, placesOf } from './word-blocks.ts'

/** What is common is found in the first segments, so at first few are asked for, then more and more. */
const FIRST_SEGMENTS = 4
const MAX_SEGMENTS = 256
const MORE_SEGMENTS = 4
/** Of texts that are looked at one by one at least so many are asked for at once. */
const LEAST_ROWS = 500
const PATIENCE_MS = 3_000

interface Bounds {
  /** The first and the last seq to look at. */
  readonly low: Seq
  readonly high: Seq
}

/** Rows that the index names, in the order in which they are looked at; or all between two. */
type Stretch = readonly Seq[] | Bounds

/** Postgres names the rows that may be meant, and here it is found out. */
export class PostgresSearchIndex implements SearchIndex {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async search(
    roomId: RoomId,
    words: readonly string[],
    range: Range,
  ): Promise<readonly LoggedMessage[] | 'cursor_unknown' | undefined> {
    const pool = this.#pool
    const bounds = await boundsOf(pool, roomId, range)
    if (bounds === undefined || bounds === 'cursor_unknown') return bounds
    const backwards = !('after' in range)
    const cuts = words.map(cut)
    const found: LoggedMessage[] = []
    const deadline = performance.now() + PATIENCE_MS
    for (const segments of stepsThrough(bounds, backwards)) {
      const places = await placesOf(pool, roomId, segments, cuts)
      for (const stretch of stretchesOf(segments, places, bounds, backwards)) {
        for await (const rows of rowsOf(pool, roomId, cuts, stretch, backwards, range.limit)) {
          for (const row of rows) {
            if (found.length < range.limit && hasWords(row.message, words))
              found.push(toMessage(row))
          }
          if (found.length === range.limit) return backwards ? found.toReversed() : found
          if (performance.now() > deadline) {
            throw new RoomError(
              'overloaded',
              'This room has too much to look through now, try again.',
            )
          }
        }
      }
    }
    return backwards ? found.toReversed() : found
  }

  indexWords(roomId: RoomId): Promise<boolean> {
    return indexWords(this.#pool, roomId)
  }
}

/** The segments of a part of the log, in the order in which they are gone through, some at a time. */
function* stepsThrough({ low, high }: Bounds, backwards: boolean): Generator<readonly number[]> {
  if (low > high) return
  const first = segmentOf(low)
  const all = Array.from({ length: segmentOf(high) - first + 1 }, (_, at) => first + at)
  if (backwards) all.reverse()
  let count = FIRST_SEGMENTS
  for (let at = 0; at < all.length;) {
    yield all.slice(at, at + count)
    at += count
    count = Math.min(count * MORE_SEGMENTS, MAX_SEGMENTS)
  }
}

const segmentOf = (seq: Seq): number => Math.floor((seq - 1) / SEARCH_SEGMENT)

/** What to look at in these segments, in their order. */
function* stretchesOf(
  segments: readonly number[],
  places: ReadonlyMap<number, readonly number[]>,
  { low, high }: Bounds,
  backwards: boolean,
): Generator<Stretch> {
  let named: Seq[] = []
  let between: Bounds | undefined
  for (const segment of segments) {
    const first = segment * SEARCH_SEGMENT + 1
    const having = places.get(segment)
    if (having === undefined) {
      if (named.length > 0) yield named
      named = []
      const part = { low: Math.max(low, first), high: Math.min(high, first + SEARCH_SEGMENT - 1) }
      between = {
        low: Math.min(part.low, between?.low ?? part.low),
        high: Math.max(part.high, between?.high ?? part.high),
      }
      continue
    }
    if (between) yield between
    between = undefined
    const seqs = having.map((place) => first + place).filter((seq) => seq >= low && seq <= high)
    named.push(...(backwards ? seqs.toReversed() : seqs))
    if (named.length >= LEAST_ROWS) {
      yield named
      named = []
    }
  }
  if (between) yield between
  if (named.length > 0) yield named
}

/** The rows of a stretch, or those that may be meant, at least so many at once. */
async function* rowsOf(
  pool: Pool,
  roomId: RoomId,
  words: readonly string[],
  stretch: Stretch,
  backwards: boolean,
  atOnce: number,
): AsyncGenerator<readonly MessageRow[]> {
  if ('length' in stretch) {
    for (let at = 0; at < stretch.length; at += atOnce) {
      const seqs = plainArray(stretch.slice(at, at + atOnce))
      yield pool.read(
        (sql) => sql<MessageRow[]>`
          select l.* from unnest(${seqs}::bigint[]) with ordinality s (seq, nth)
          cross join lateral (
            select * from log where room_id = ${roomId} and seq = s.seq limit 1
          ) l
          order by s.nth`,
      )
    }
    return
  }
  const likes = textArray(words.map((word) => `%${word}%`))
  const regexes = textArray(words.map((word) => `(^|[^a-z0-9])${word}`))
  const limit = Math.max(LEAST_ROWS, atOnce)
  let { low, high } = stretch
  while (low <= high) {
    const rows = await pool.read(
      (sql) => sql<MessageRow[]>`
        select * from look_through(
          ${roomId}, ${likes}::text[], ${regexes}::text[], ${low}, ${high}, ${backwards}, ${limit}
        )`,
    )
    yield rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < limit) return
    if (backwards) high = last.seq - 1
    else low = last.seq + 1
  }
}

/** What a range means for a room now. */
const boundsOf = async (
  pool: Pool,
  roomId: RoomId,
  range: Range,
): Promise<Bounds | 'cursor_unknown' | undefined> => {
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
