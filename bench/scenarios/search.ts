import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { createRoom } from '../contenders.ts'
import { figure, median, type Bench, type Scenario } from '../scenario.ts'

const MESSAGES = 1_000_000
const ROOMS = 1_000
const REPEATS = 100
/** Words that there are; the n-th is in as many texts as the first one, divided by n. */
const WORDS = 50_000
/** Any prime, so that words of like frequency do not begin alike. */
const STEP = 40_503
const PRIME = 1_048_573

interface Row {
  readonly search: string
  /** Of a hundred answers, in milliseconds. */
  readonly p50Ms: number
  readonly p99Ms: number
}

interface Search {
  readonly messages: number
  /** Right after the messages came: a word that is in one of them. */
  readonly unindexed: Row
  readonly indexSeconds: number
  readonly indexed: readonly Row[]
}

/**
 * A room with a million messages of ten words each, and a thousand rooms with as many together. Every
 * text has the word `every`, a number of its own, and eight words of which few are common.
 */
export const search: Scenario<Search> = {
  limit: 240,
  run: async ({ fleet, signal }: Bench) => {
    const cluster = await fleet.fresh('cluster')
    const [url] = cluster?.urls ?? []
    if (cluster?.databaseUrl === undefined || url === undefined)
      throw new Error('there is no server')
    const sql = postgres(cluster.databaseUrl, { max: 1, onnotice: () => {} })
    try {
      const roomId = await createRoom(url)
      await fill(sql, roomId)
      const ask = (name: string, query: string, room = roomId, repeats = REPEATS): Promise<Row> =>
        measure(name, new URL(`/api/room/${room}/messages?search=${query}`, url), signal, repeats)
      const unindexed = await ask('one rare word, at once', 'n123456', roomId, 3)
      const indexSeconds = await indexed(sql, signal)
      const rows: Row[] = []
      for (const [name, query] of queries(await middleOf(sql, roomId))) {
        rows.push(await ask(name, query))
      }
      const [small] = await fillMany(sql, roomId)
      rows.push(await ask('one of 1,000 rooms of 1,000', 'n123456', small))
      return { messages: MESSAGES, unindexed, indexSeconds, indexed: rows }
    } finally {
      await sql.end({ timeout: 2 })
      await cluster.stop()
    }
  },
  table: ({ unindexed, indexSeconds, indexed: rows }) => ({
    title: `Search: one room of a million messages, indexed ${figure(indexSeconds)} s later`,
    head: ['searched for', 'p50 ms', 'p99 ms'],
    rows: [unindexed, ...rows].map(({ search: name, p50Ms, p99Ms }) => [
      name,
      figure(p50Ms),
      figure(p99Ms),
    ]),
  }),
}

/** Name and query of what is asked. */
const queries = (middle: string): readonly (readonly [name: string, query: string])[] => [
  ['one common word', word(1)],
  ['one word of every message', 'every'],
  ['one rare word', 'n123456'],
  ['one word of a few messages', word(40_000)],
  ['no such word', 'qqqq'],
  ['two rare words', `${word(40_000)}+${word(45_000)}`],
  ['a rare and a common word', `${word(40_000)}+${word(1)}`],
  ['a rare word and one of every message', 'n654321+every'],
  ['two words of one message in fifty', `${word(40)}+${word(41)}`],
  ['two words of one message in two hundred', `${word(150)}+${word(151)}`],
  ['three common words', `${word(1)}+${word(2)}+${word(3)}`],
  ['three common beginnings', [1, 2, 3].map((n) => word(n).slice(0, 2)).join('+')],
  ['one letter', 'a'],
  ['two letters', word(5_000).slice(0, 2)],
  ['three letters', word(5_000).slice(0, 3)],
  ['a common word, 1000 messages', `${word(1)}&limit=1000`],
  ['a common word, before the middle', `${word(1)}&before=${middle}`],
  ['a rare word, after the middle', `${word(40_000)}&after=${middle}`],
]

const word = (n: number): string =>
  Array.from(((n * STEP) % PRIME).toString(16), (digit) =>
    'aeioubcdfghlmnrs'.charAt(parseInt(digit, 16)),
  ).join('')

/** Puts the messages straight into the tables of the server. */
const fill = async (sql: postgres.Sql, roomId: string): Promise<void> => {
  await sql`
    insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent)
    select ${roomId}::uuid, seq, gen_random_uuid(), ${randomUUID()}::uuid, 'Blue Catfish', 'chat',
      'every n' || seq || (
        select string_agg(' ' || translate(
          to_hex(power(${WORDS}, random())::int::bigint * ${STEP} % ${PRIME}),
          '0123456789abcdef', 'aeioubcdfghlmnrs'
        ), '') from generate_series(1, 8) n where seq > 0
      ),
      1700000000000 + seq
    from generate_series(1, ${MESSAGES}::bigint) seq`
  await sql`
    update rooms set last_seq = ${MESSAGES}, last_sent = now_ms() where room_id = ${roomId}`
}

/** Spreads copies of these messages over many rooms; answers with their ids. */
const fillMany = async (sql: postgres.Sql, roomId: string): Promise<readonly string[]> => {
  const rows = await sql<{ room_id: string }[]>`
    insert into rooms (room_id, name, last_seq, last_sent)
    select gen_random_uuid(), 'Imperfect Seat', ${MESSAGES / ROOMS}, now_ms()
    from generate_series(1, ${ROOMS}::int) returning room_id`
  const ids = rows.map(({ room_id }) => room_id)
  await sql`
    insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent)
    select (${ids}::uuid[])[seq % ${ROOMS} + 1], (seq - 1) / ${ROOMS} + 1, gen_random_uuid(),
      member_id, member_name, type, message, sent
    from log where room_id = ${roomId}`
  return ids
}

const middleOf = async (sql: postgres.Sql, roomId: string): Promise<string> => {
  const [row] = await sql<{ message_id: string }[]>`
    select message_id from log where room_id = ${roomId} and seq = ${MESSAGES / 2}`
  if (row === undefined) throw new Error('the messages are not there')
  return row.message_id
}

/** Resolves with the seconds that it took until nothing is left to index. */
const indexed = async (sql: postgres.Sql, signal: AbortSignal): Promise<number> => {
  const begin = performance.now()
  for (;;) {
    const [row] = await sql<{ left: number }[]>`
      select (${MESSAGES}::int / 2048 - count(*) filter (where indexed))::int as left
      from search_segments`
    if (row?.left === 0) return (performance.now() - begin) / 1000
    await pause(100, undefined, { signal })
  }
}

const measure = async (
  name: string,
  url: URL,
  signal: AbortSignal,
  repeats: number,
): Promise<Row> => {
  const times: number[] = []
  for (let nth = 0; nth < repeats; nth++) {
    const begin = performance.now()
    const answer = await fetch(url, { signal })
    await answer.arrayBuffer()
    times.push(performance.now() - begin)
    if (!answer.ok) throw new Error(`${name}: status ${answer.status}`)
  }
  const sorted = times.toSorted((a, b) => a - b)
  const p99Ms = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN
  return { search: name, p50Ms: median(times), p99Ms }
}
