import type { RoomId, Seq } from '../../ports/model.ts'
import { SEARCH_SEGMENT } from '../../ports/search-index.ts'
import { wordsOf } from '../../ports/words.ts'
import { plainArray } from './arrays.ts'
import type { Pool } from './connect.ts'

/** An index of Postgres takes no texts of more than some 2,700 bytes. */
const WORD_LENGTH = 64
/** Rows that one statement reads to take their words: this process does nothing else meanwhile. */
const INDEX_ROWS = 256
/** Words of messages in one segment; those of the messages beyond are not indexed. */
const SEGMENT_WORDS = 131_072

/** What a block is made of, see 0011-search-blocks.sql. No word has these characters, nor a distance. */
const BEFORE_WORD = '\u0001'
const BEFORE_PLACES = '\u0002'
const DISTANCE = 2

/** A word as it is in the index, and as what begins so is found there. */
export const cut = (word: string): string =>
  word.length > WORD_LENGTH ? word.slice(0, WORD_LENGTH).toWellFormed() : word

/**
 * Which rows of segments may have all these words, or words that begin so, by what is indexed.
 * @param words from `cut`, at least one
 * @returns per segment that is indexed the places of those rows, ascending; a row with seq n is at
 * place (n - 1) % SEARCH_SEGMENT
 */
export const placesOf = async (
  pool: Pool,
  roomId: RoomId,
  segments: readonly number[],
  words: readonly string[],
): Promise<ReadonlyMap<number, readonly number[]>> => {
  const parts = new Map<number, Part>()
  let left = segments
  for (const [nth, word] of words.entries()) {
    if (left.length === 0) break
    const rows = await pool.read(
      (sql) => sql<{ segment: number; apart: string; words: string | null }[]>`
        select * from search_blocks_of(${roomId}, ${plainArray(left)}::int[], ${word})`,
    )
    const having = new Set<number>()
    const indexed = new Set<number>()
    for (const { segment, apart, words: block } of rows) {
      indexed.add(segment)
      let part = parts.get(segment)
      if (part === undefined) {
        part = { apart, counts: undefined }
        parts.set(segment, part)
      }
      if (block === null) continue
      part.counts ??= new Uint16Array(SEARCH_SEGMENT)
      if (countWord(block, word, part.counts, nth)) having.add(segment)
    }
    // A text of it was changed meanwhile: it is not indexed any more.
    for (const segment of left) if (!indexed.has(segment)) parts.delete(segment)
    left = [...having]
  }
  const having = new Set(left)
  return new Map(
    Array.from(parts, ([segment, { apart, counts }]) => {
      const places: number[] = []
      eachPlace(apart, 0, (place) => places.push(place))
      if (counts === undefined || !having.has(segment)) return [segment, places]
      for (let place = 0; place < SEARCH_SEGMENT; place += 1) {
        if (counts[place] === words.length) places.push(place)
      }
      return [segment, apart === '' ? places : places.toSorted((a, b) => a - b)]
    }),
  )
}

/** What is known of a segment: per place how many words it has, counted until the first that it has not. */
interface Part {
  readonly apart: string
  counts: Uint16Array | undefined
}

/**
 * Counts the places with a word that begins so, if they have all `nth` words before it.
 * @returns whether there was one
 */
const countWord = (block: string, start: string, counts: Uint16Array, nth: number): boolean => {
  const entry = BEFORE_WORD + start
  let found = false
  let at = block.indexOf(entry)
  while (at !== -1) {
    const end = eachPlace(block, block.indexOf(BEFORE_PLACES, at) + 1, (place) => {
      if (counts[place] !== nth) return
      counts[place] = nth + 1
      found = true
    })
    at = block.startsWith(entry, end) ? end : -1
  }
  return found
}

/** @returns where the places end */
const eachPlace = (text: string, from: number, see: (place: number) => void): number => {
  let place = -1
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code <= DISTANCE) return at
    place += code - DISTANCE
    see(place)
  }
  return text.length
}

/** Places of a word, as they are stored: ascending ones are added. */
class Places {
  text = ''
  #last = -1

  /** The same place again, of words that are the same when cut, adds nothing. */
  add(place: number): void {
    if (place === this.#last) return
    this.text += String.fromCharCode(place - this.#last + DISTANCE)
    this.#last = place
  }
}

/** See SearchIndex.indexWords. */
export const indexWords = async (pool: Pool, roomId: RoomId): Promise<boolean> => {
  // `changes` before the texts, on purpose: index_segment compares. Any segment, so that nodes that do
  // this at the same time seldom do the same.
  const [next, another] = await pool.read(
    (sql) => sql<{ segment: number; changes: number }[]>`
      select g.segment, coalesce(s.changes, 0) as changes from rooms r
      cross join lateral generate_series(0, r.last_seq::int / ${SEARCH_SEGMENT} - 1) g (segment)
      left join search_segments s on s.room_id = r.room_id and s.segment = g.segment
      where r.room_id = ${roomId} and not r.gone and s.indexed is not true
      order by random() limit 2`,
  )
  if (next === undefined) return false
  const { segment, changes } = next
  const start = segment * SEARCH_SEGMENT
  const words = new Map<string, Places>()
  const apart = new Places()
  let taken = 0
  for (let from = start; from < start + SEARCH_SEGMENT; from += INDEX_ROWS) {
    const rows = await pool.read(
      (sql) => sql<{ seq: Seq; message: string }[]>`
        select seq, message from log
        where room_id = ${roomId} and seq > ${from} and seq <= ${from + INDEX_ROWS}
          and type = 'chat'
        order by seq`,
    )
    for (const { seq, message } of rows) {
      const own = wordsOf(message)
      const place = seq - start - 1
      if (taken + own.size > SEGMENT_WORDS) {
        apart.add(place)
        continue
      }
      taken += own.size
      for (const whole of own) {
        const word = cut(whole)
        let places = words.get(word)
        if (places === undefined) words.set(word, (places = new Places()))
        places.add(place)
      }
    }
  }
  let entries = ''
  for (const [word, { text }] of words) entries += BEFORE_WORD + word + BEFORE_PLACES + text
  await pool.write(
    (sql) => sql`
      select index_segment(${roomId}, ${segment}, ${changes}, ${entries}, ${apart.text})`,
  )
  return another !== undefined
}
