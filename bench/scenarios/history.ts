import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { createRoom } from '../contenders.ts'
import { residentBytes } from '../process-figures.ts'
import { figure, median, type Bench, type Scenario } from '../scenario.ts'

const MESSAGES = 1_000_000
const PAGES = 40
const LIMIT = 100

interface History {
  readonly messages: number
  /** Medians of forty pages of a hundred messages each, in milliseconds. */
  readonly firstPageMs: number
  readonly deepPageBeforeMs: number
  readonly deepPageAfterMs: number
  readonly streamSeconds: number
  readonly streamBytes: number
  /** Most resident bytes while it streamed, over those before. */
  readonly streamPeakBytes: number
}

/** A room with a million messages. */
export const history: Scenario<History> = {
  limit: 240,
  run: async ({ fleet, signal }: Bench) => {
    const cluster = await fleet.fresh('cluster')
    const [url, pid] = [cluster?.urls[0], cluster?.pids[0]]
    if (cluster?.databaseUrl === undefined || url === undefined || pid === undefined) {
      throw new Error('there is no server')
    }
    try {
      const roomId = await createRoom(url)
      const middle = await fill(cluster.databaseUrl, roomId)
      const page = (query: string): Promise<number> =>
        pageMs(new URL(`/api/room/${roomId}/messages?limit=${LIMIT}${query}`, url), signal)
      const firstPageMs = await page('')
      const deepPageBeforeMs = await page(`&before=${middle}`)
      const deepPageAfterMs = await page(`&after=${middle}`)
      const stream = await readAll(new URL(`/api/room/${roomId}/messages`, url), pid, signal)
      return {
        messages: MESSAGES,
        firstPageMs,
        deepPageBeforeMs,
        deepPageAfterMs,
        ...stream,
      }
    } finally {
      await cluster.stop()
    }
  },
  table: (one) => ({
    title: 'History: one room, read while nothing else happens',
    head: [
      'messages',
      'first page ms',
      'deep, before ms',
      'deep, after ms',
      'all of it s',
      'MiB/s',
      'peak MiB over idle',
    ],
    rows: [
      [
        String(one.messages),
        figure(one.firstPageMs),
        figure(one.deepPageBeforeMs),
        figure(one.deepPageAfterMs),
        figure(one.streamSeconds),
        figure(one.streamBytes / 2 ** 20 / one.streamSeconds),
        figure(one.streamPeakBytes / 2 ** 20),
      ],
    ],
  }),
}

/** Puts the messages straight into the tables of the server; answers with the id in the middle. */
const fill = async (databaseUrl: string, roomId: string): Promise<string> => {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  try {
    await sql`
      insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent)
      select ${roomId}::uuid, seq, gen_random_uuid(), ${randomUUID()}::uuid, 'Blue Catfish',
        'chat', repeat('x', 64), 1700000000000 + seq
      from generate_series(1, ${MESSAGES}::bigint) seq`
    await sql`
      update rooms set last_seq = ${MESSAGES}, last_sent = 1700000000000 + ${MESSAGES}::bigint
      where room_id = ${roomId}`
    await sql`vacuum analyze log`
    const [row] = await sql<{ message_id: string }[]>`
      select message_id from log where room_id = ${roomId} and seq = ${MESSAGES / 2}`
    if (row === undefined) throw new Error('the messages are not there')
    return row.message_id
  } finally {
    await sql.end({ timeout: 2 })
  }
}

const pageMs = async (url: URL, signal: AbortSignal): Promise<number> => {
  const times: number[] = []
  for (let page = 0; page < PAGES; page++) {
    const begin = performance.now()
    const answer = await fetch(url, { signal })
    const messages = (await answer.json()) as readonly unknown[]
    times.push(performance.now() - begin)
    if (messages.length !== LIMIT) throw new Error(`a page of ${messages.length} messages`)
  }
  return median(times)
}

const readAll = async (
  url: URL,
  pid: number,
  signal: AbortSignal,
): Promise<Pick<History, 'streamSeconds' | 'streamBytes' | 'streamPeakBytes'>> => {
  await pause(2_000, undefined, { signal })
  const idle = residentBytes(pid)
  let peak = idle
  const watch = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid))
  }, 50)
  try {
    const begin = performance.now()
    const answer = await fetch(url, { signal })
    let bytes = 0
    let messages = 0
    for await (const chunk of answer.body ?? []) {
      const text = Buffer.from(chunk as Uint8Array)
      bytes += text.length
      messages += countOf(text)
    }
    if (messages !== MESSAGES) throw new Error(`a stream of ${messages} messages`)
    const streamSeconds = (performance.now() - begin) / 1000
    return { streamSeconds, streamBytes: bytes, streamPeakBytes: peak - idle }
  } finally {
    clearInterval(watch)
  }
}

/** Messages that begin here: no text in them has a brace. */
const countOf = (text: Buffer): number => {
  let count = 0
  for (let at = text.indexOf('{'); at !== -1; at = text.indexOf('{', at + 1)) count++
  return count
}
