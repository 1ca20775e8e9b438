import { type IncomingMessage, request } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { eventually, within } from './deadline.ts'
import {
  call,
  createRoom,
  expectError,
  history,
  type Listening,
  roomState,
  upgrade,
} from './http.ts'
import { Member } from './member.ts'
import { inBothModes, startNodes } from './modes.ts'
import { elementsOf } from './wire.ts'

const UNUSED_TTL_MS = 1_000
const TTL_MS = 2_000
/** Between the clock of a test and that of a repository. */
const CLOCKS_MS = 10
const SETTINGS = {
  RATE_LIMIT: 'off',
  ROOM_TTL_MS: `${TTL_MS}`,
  UNUSED_ROOM_TTL_MS: `${UNUSED_TTL_MS}`,
}
/** So many texts at once, of whatever length, and their echoes pass through every bound. */
const PORTION = 20

const statusOf = async (node: Listening, roomId: string): Promise<number> =>
  (await call(node, 'GET', `/api/room/${roomId}`)).status

const untilGone = (node: Listening, roomId: string): Promise<number> =>
  eventually(
    'the end of the room',
    () => statusOf(node, roomId),
    (status) => status === 404,
  )

interface Abandoned {
  readonly roomId: string
  /** The elements of its log, all but the last: the `left`. */
  readonly elements: readonly string[]
}

/** A room in which someone said `count` texts of `bytes` each, and left. */
const leaveRoom = async (node: Listening, count: number, bytes: number): Promise<Abandoned> => {
  const roomId = await createRoom(node)
  const writer = await Member.join(node, roomId)
  for (let said = 0; said < count; await writer.hasChats(said)) {
    for (const end = said + PORTION; said < end; said += 1)
      writer.say(`${said} `.padEnd(bytes, '.'))
  }
  await writer.close(1000)
  return { roomId, elements: writer.frames.map(({ text }) => text.slice(0, -1)) }
}

/** Begins to read a room's history and takes nothing of it yet. */
const openHistory = (node: Listening, roomId: string): Promise<IncomingMessage> => {
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    const path = `/api/room/${roomId}/messages`
    const sent = request({ host: '127.0.0.1', port: node.port, path, agent: false })
    sent.once('error', reject)
    sent.once('response', (answer) => resolve(answer.pause()))
    sent.end()
    onTestFinished(() => void sent.destroy())
  })
  return within('the head of a history', response, () => 'no answer')
}

interface Reading {
  readonly text: string
  readonly whole: boolean
}

/** Everything that comes, and whether HTTP says that this is all. */
const readOn = (response: IncomingMessage): Promise<Reading> => {
  let text = ''
  const read = new Promise<Reading>((resolve) => {
    response.setEncoding('utf8').on('data', (part: string) => (text += part))
    response.on('error', () => {})
    response.once('close', () => resolve({ text, whole: response.complete }))
    response.resume()
  })
  return within('the end of a history', read, () => `${text.length} characters`, 20_000)
}

/** What became of a reading of a log that begins with these elements. */
const outcomeOf = (
  { statusCode }: IncomingMessage,
  { text, whole }: Reading,
  elements: readonly string[],
): string => {
  if (statusCode !== 200) return `${statusCode}`
  if (!whole) return `[${elements.join(',')}`.startsWith(text) ? 'cut' : `wrong: ${text}`
  const all = elementsOf(text)
  return elements.every((element, at) => element === all[at]) ? 'whole' : `short: ${text}`
}

inBothModes(
  'room life',
  (nodes) => {
    test('a room that nobody joins is there, and a 404 after its time', async () => {
      const begun = performance.now()
      const roomId = await createRoom(nodes.a)
      expect(await statusOf(nodes.b, roomId)).toBe(200)
      await untilGone(nodes.b, roomId)
      expect(performance.now() - begun).toBeGreaterThan(UNUSED_TTL_MS - CLOCKS_MS)
      for (const node of nodes.each) {
        expectError(await call(node, 'GET', `/api/room/${roomId}`), 404, 'not_found')
        expectError(await call(node, 'GET', `/api/room/${roomId}/messages`), 404, 'not_found')
        expectError(await upgrade(node, `/api/serve/${roomId}`), 404, 'not_found')
      }
    })

    test('a member keeps a silent room; it ends when the last one has left', async () => {
      const roomId = await createRoom(nodes.a)
      const member = await Member.join(nodes.b, roomId)
      // Rooms that are as silent, and younger, come and go.
      await untilGone(nodes.b, (await leaveRoom(nodes.a, PORTION, 10)).roomId)
      await untilGone(nodes.a, await createRoom(nodes.b))
      expect((await roomState(nodes.a, roomId)).members).toEqual([
        { id: member.id, name: member.name },
      ])
      await member.exchange('still here')
      const begun = performance.now()
      await member.close(1000)
      await untilGone(nodes.a, roomId)
      expect(performance.now() - begun).toBeGreaterThan(TTL_MS - CLOCKS_MS)
    })

    test('a history that nobody takes while its room ends is cut, never closed short', async () => {
      // More than the kernel takes for a reader that takes nothing.
      const { roomId, elements } = await leaveRoom(nodes.a, 1_000, 16_000)
      const stalled = await openHistory(nodes.a, roomId)
      expect(stalled.statusCode).toBe(200)
      await untilGone(nodes.a, roomId)
      const { text, whole } = await readOn(stalled)
      expect(whole).toBe(false)
      expect(text.length).toBeGreaterThan(0)
      expect(`[${elements.join(',')}`.startsWith(text)).toBe(true)
    })

    test('histories one after the other until the room ends: each whole, cut, or a 404', async () => {
      const { roomId, elements } = await leaveRoom(nodes.a, 1_300, 400)
      const outcomes = new Set<string>()
      while (!outcomes.has('404')) {
        const response = await openHistory(nodes.b, roomId)
        outcomes.add(outcomeOf(response, await readOn(response), elements))
      }
      outcomes.delete('cut')
      expect(outcomes).toEqual(new Set(['whole', '404']))
    })
  },
  SETTINGS,
)

test('embedded, a full memory refuses with 503 and failed, and has space again when rooms end', async () => {
  const { a: node } = await startNodes('embedded', { ...SETTINGS, MEMORY_LIMIT_BYTES: '1048576' })
  const roomId = await createRoom(node)
  const member = await Member.join(node, roomId)
  for (const [text, count] of [
    ['x'.repeat(16_000), 40],
    ['small', 120],
  ] as const) {
    for (let at = 0; at < count; at += 1) member.say(text)
    const refused = await member.until(
      'a refusal',
      ({ type, message }) => type === 'failed' && message.includes(`"${text.slice(0, 40)}"`),
    )
    expect(refused.message.message).toMatch(/^Not sent: the server is busy, try again\. "/)
  }
  for (const answer of [
    await call(node, 'POST', '/api/room'),
    await upgrade(node, `/api/serve/${roomId}`),
  ]) {
    expectError(answer, 503, 'overloaded')
    expect(answer.headers['retry-after']).toMatch(/^[1-5]$/)
  }
  expect((await history(node, roomId)).messages.at(-1)?.message).toBe('small')
  await member.close(1000)
  await untilGone(node, roomId)
  const next = await Member.join(node, await createRoom(node))
  await next.exchange('x'.repeat(16_000))
})
