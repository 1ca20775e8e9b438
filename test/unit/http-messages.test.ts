import { request as httpRequest, type ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { encodeMessage, messageJson } from '../../src/adapters/http/frames.ts'
import { RoomError } from '../../src/ports/errors.ts'
import { HISTORY_TYPE } from '../../src/protocol/dialect.ts'
import { ids } from './fake-controller.ts'
import { meanwhile, RawClient, request, until } from './http-clients.ts'
import { fixture, type Fixture, listen, logged } from './http-fixture.ts'

/** How a streamed array ends on the wire. */
const END = '\r\n1\r\n]\r\n0\r\n\r\n'

const fill = ({ logs, roomId }: Fixture, count: number, text?: string) => {
  const log = Array.from({ length: count }, (_, at) => logged(roomId, at + 1, text))
  logs.rooms.set(roomId, log)
  return log
}

const get = (port: number, path: string, method = 'GET') =>
  new Promise<{ status: number; text: string; link: string | undefined; complete: boolean }>(
    (resolve, reject) => {
      const sent = httpRequest({ port, path, method, host: '127.0.0.1', agent: false })
      sent.on('error', reject)
      sent.on('response', (response) => {
        let text = ''
        const done = (complete: boolean) => {
          const { link } = response.headers as { readonly link?: string }
          resolve({ status: response.statusCode ?? 0, text, link, complete })
        }
        response.setEncoding('utf8')
        response.on('data', (part) => {
          text += String(part)
        })
        response.on('end', () => done(true))
        response.on('error', () => done(false))
      })
      sent.end()
    },
  )

test('the complete history: a bare array of the live frames without their newlines', async () => {
  const set = fixture()
  const log = fill(set, 1_234, 'é😀 "x" \u2028')
  const port = await listen(set)
  const { status, text, link } = await get(port, `/api/room/${set.roomId}/messages`)
  const frames = log.map((message) => Buffer.from(encodeMessage(message)).toString().trimEnd())
  expect({ status, link }).toEqual({ status: 200, link: undefined })
  expect(text).toBe(`[${frames.join(',')}]`)
  expect(set.logs.reads.length).toBe(3)
})

test('an empty history is an empty array', async () => {
  const set = fixture()
  const port = await listen(set)
  const path = `/api/room/${set.roomId}/messages`
  expect((await get(port, path)).text).toBe('[]')
  expect((await get(port, `${path}?limit=5`)).text).toBe('[]')
})

test('HEAD reads one page and has no body', async () => {
  const set = fixture()
  fill(set, 2_000)
  const port = await listen(set)
  const answer = await get(port, `/api/room/${set.roomId}/messages`, 'HEAD')
  expect([answer.status, answer.text, set.logs.reads.length]).toEqual([200, '', 1])
})

test('limit, before and after: pages, each with the links that lead somewhere', async () => {
  const set = fixture()
  const log = fill(set, 250)
  const port = await listen(set)
  const path = `/api/room/${set.roomId}/messages`
  const id = (seq: number) => log[seq - 1]!.id
  const prev = (limit: number, seq: number) =>
    `<${path}?limit=${limit}&before=${id(seq)}>; rel="prev"`
  const next = (limit: number, seq: number) =>
    `<${path}?limit=${limit}&after=${id(seq)}>; rel="next"`
  const cases = [
    ['limit=2', 249, 250, prev(2, 249)],
    ['limit=1000', 1, 250, undefined],
    [`before=${id(201)}`, 101, 200, `${prev(100, 101)}, ${next(100, 200)}`],
    [`before=${id(101)}`, 1, 100, next(100, 100)],
    [`before=${id(1)}`, 1, 0, undefined],
    [`after=${id(100)}`, 101, 200, `${prev(100, 101)}, ${next(100, 200)}`],
    [`after=${id(150)}`, 151, 250, prev(100, 151)],
    [`after=${id(249)}&limit=1`, 250, 250, prev(1, 250)],
    [`limit=1&after=${id(1)}`, 2, 2, `${prev(1, 2)}, ${next(1, 2)}`],
    [`after=${id(250)}`, 1, 0, undefined],
  ] as const
  for (const [query, from, to, link] of cases) {
    const answer = await get(port, `${path}?${query}`)
    const expected = log.slice(from - 1, to).map(messageJson)
    expect({ query, ...answer }).toEqual({
      query,
      status: 200,
      text: `[${expected.join(',')}]`,
      link,
      complete: true,
    })
  }
})

test('any other query is 400, and nothing is read', async () => {
  const set = fixture()
  const [first, second] = fill(set, 2)
  const reads = set.logs.reads.length
  const limits = ['0', '-1', '1001', '1e2', '1.5', '', 'abc', '%205', '5%20', '+5', '0x10', '01']
  const queries = [
    ...limits.map((limit) => `limit=${limit}`),
    ...['limit=5%0a', 'limit=1&limit=2', 'limit[]=1', 'page=1', 'limit=1&page=1', '__proto__=1'],
    ...['before=', 'before=5', `after=${first!.id.toUpperCase()}`, `before=${first!.id}%00`],
    `before=${first!.id}&before=${first!.id}`,
    `before=${second!.id}&after=${first!.id}`,
  ]
  for (const query of queries) {
    const answer = await set.app.inject(`/api/room/${set.roomId}/messages?${query}`)
    expect({ query, status: answer.statusCode }).toEqual({ query, status: 400 })
    expect(answer.json()).toEqual({ error: { code: 'invalid', message: expect.any(String) } })
  }
  expect(set.logs.reads.length).toBe(reads)
})

test('a cursor that is not a message of this room is 400', async () => {
  const set = fixture()
  fill(set, 2)
  const port = await listen(set)
  for (const cursor of ['before', 'after']) {
    const answer = await get(port, `/api/room/${set.roomId}/messages?${cursor}=${ids.messageId()}`)
    expect(answer.status).toBe(400)
  }
})

test('a read that fails before the first byte is 503; on the way, the array is never closed', async () => {
  const set = fixture()
  const log = fill(set, 700)
  const port = await listen(set)
  const path = `/api/room/${set.roomId}/messages`
  set.logs.onRead = (count) => {
    if (count === 1 || count === 3) throw new RoomError('unavailable', 'Not now.')
    if (count === 5) throw new Error('a bug')
  }
  expect((await get(port, path)).status).toBe(503)
  expect(set.log.lines).toEqual([])
  for (const logLines of [0, 1]) {
    const { status, text, complete } = await get(port, path)
    expect({ status, complete }).toEqual({ status: 200, complete: false })
    expect(`[${log.map(messageJson).join(',')}`.startsWith(text)).toBe(true)
    expect(set.log.lines.length).toBe(logLines)
  }
})

test(
  'the next page is read only when the reader took the one before',
  { timeout: 30_000 },
  async () => {
    const set = fixture()
    // More than the kernel's buffers of a connection hold.
    fill(set, 4_000, 'x'.repeat(16_000))
    const port = await listen(set)
    const client = new RawClient(port)
    client.socket.pause()
    client.send(request(`GET /api/room/${set.roomId}/messages`))
    await until('a page is read', () => set.logs.reads.length > 0)
    let reads = 0
    while (reads < set.logs.reads.length) {
      reads = set.logs.reads.length
      await meanwhile(port)
    }
    expect(reads).toBeLessThan(60)
    client.socket.setEncoding('latin1').resume()
    await until('the end', () => client.text.endsWith(END), 15_000)
    expect(set.logs.reads.length).toBe(250)
    expect(client.text.split('"id":').length).toBe(4_001)
  },
)

test('a reader that goes away ends the reading', async () => {
  const set = fixture()
  fill(set, 4_000, 'x'.repeat(16_000))
  const port = await listen(set)
  const client = new RawClient(port)
  client.send(request(`GET /api/room/${set.roomId}/messages`))
  await until('a page arrives', () => client.text.length > 300_000)
  client.socket.destroy()
  const connections = () =>
    new Promise<number>((resolve) => set.app.server.getConnections((_, count) => resolve(count)))
  await until('the server knows', async () => (await connections()) === 0)
  const reads = set.logs.reads.length
  expect(reads).toBeLessThan(250)
  await meanwhile(port)
  expect(set.logs.reads.length).toBe(reads)
})

test('a reader that goes away while a page is read: nothing waits for it', async () => {
  const set = fixture()
  fill(set, 4_000, 'x'.repeat(16_000))
  const port = await listen(set)
  const responses: ServerResponse[] = []
  set.app.server.on('request', (_, response) => responses.push(response))
  let read = () => {}
  set.logs.onRead = (count) => (count < 3 ? undefined : new Promise((resolve) => (read = resolve)))
  const client = new RawClient(port)
  client.send(request(`GET /api/room/${set.roomId}/messages`))
  await until('a third page is wanted', () => set.logs.reads.length === 3)
  client.socket.resetAndDestroy()
  await until('the server knows', () => responses[0]?.destroyed === true)
  read()
  await meanwhile(port)
  expect(responses[0]?.listenerCount('drain')).toBe(0)
  expect(set.logs.reads.length).toBe(3)
})

test('with seqs: the same messages with `seq` in front, and seqs as cursors, in all ways to read', async () => {
  const set = fixture()
  const log = fill(set, 1_234)
  const path = `/api/room/${set.roomId}/messages`
  const accept = HISTORY_TYPE
  const ask = (query: string, headers: Readonly<Record<string, string>> = { accept }) =>
    set.app.inject({ url: `${path}${query}`, headers })
  const element = (seq: number) => `{"seq":${seq},${messageJson(log[seq - 1]!).slice(1)}`
  const elements = (from: number, to: number) =>
    `[${Array.from({ length: to - from + 1 }, (_, at) => element(from + at)).join(',')}]`
  const whole = await ask('')
  expect(whole.headers['content-type']).toBe(`${HISTORY_TYPE}; charset=utf-8`)
  expect(whole.body).toBe(elements(1, 1_234))
  const cases = [
    ['?limit=2', 1_233, 1_234, `<${path}?limit=2&before=1233>; rel="prev"`],
    ['?after=0&limit=2', 1, 2, `<${path}?limit=2&after=2>; rel="next"`],
    [
      '?before=101&limit=10',
      91,
      100,
      `<${path}?limit=10&before=91>; rel="prev", <${path}?limit=10&after=100>; rel="next"`,
    ],
    ['?after=9999', 1, 0, undefined],
    ['?before=1', 1, 0, undefined],
  ] as const
  for (const [query, from, to, link] of cases) {
    const page = await ask(query)
    expect([page.body, page.headers['link']]).toEqual([elements(from, to), link])
  }
  for (const cursor of [
    log[5]!.id,
    '-1',
    '1.0',
    '01',
    '1e3',
    '9'.repeat(17),
    '9007199254740993',
    '',
  ]) {
    expect((await ask(`?after=${cursor}`)).statusCode, cursor).toBe(400)
  }
  for (const ranges of [`text/html, ${accept.toUpperCase()};q=0.9`, `${accept} ,*/*`]) {
    expect((await ask('?limit=1', { accept: ranges })).body).toBe(elements(1_234, 1_234))
  }
  for (const ranges of ['*/*', 'application/json', `${accept}x`]) {
    expect((await ask('?limit=1', { accept: ranges })).body).toBe(`[${messageJson(log.at(-1)!)}]`)
  }
})
