import { expect, test } from 'vitest'
import { history } from '../http.ts'
import { inBothModes } from '../modes.ts'
import { RawSocket, rawFrame, TEXT } from '../raw-socket.ts'
import type { WireMessage } from '../wire.ts'
import { handshakeHead } from './handshake.ts'
import { rawCall, rawExchange, request } from './raw-call.ts'
import {
  expectNoServerError,
  expectDiscreet,
  expectErrorBody,
  expectUnharmed,
  roomWithBystander,
} from './scene.ts'

type Headers = Parameters<typeof handshakeHead>[1]

const KEY = 'sec-websocket-key'
const VERSION = 'sec-websocket-version'
const PROTOCOL = 'sec-websocket-protocol'
const EXTENSIONS = 'sec-websocket-extensions'

/** Handshakes for a room that are refused with 400. */
const REFUSED: readonly (readonly [title: string, headers: Headers])[] = [
  ['63: h2c', { upgrade: 'h2c', connection: 'Upgrade, HTTP2-Settings' }],
  ['63: two upgrades', { upgrade: 'h2c, websocket' }],
  ['64: version 7', { [VERSION]: '7' }],
  ['64: version 8', { [VERSION]: '8' }],
  ['64: version 13.0', { [VERSION]: '13.0' }],
  ['64: version 013', { [VERSION]: '013' }],
  ['64: two versions', { [VERSION]: ['13', '8'] }],
  ['64: no version', { [VERSION]: undefined }],
  ['65: no key', { [KEY]: undefined }],
  ['65: an empty key', { [KEY]: '' }],
  ['65: a short key', { [KEY]: 'dGhlIHNhbXBsZQ==' }],
  ['65: a long key', { [KEY]: 'dGhlIHNhbXBsZSBub25jZSBhbmQgbW9yZQ==' }],
  ['65: a key of other characters', { [KEY]: 'dGhlIHNhbXBsZSBub25-ZQ==' }],
  ['65: two keys', { [KEY]: ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='] }],
  ['67: subprotocols with a gap', { [PROTOCOL]: 'a,,b' }],
  ['67: an empty subprotocol', { [PROTOCOL]: '' }],
  ['67: a subprotocol twice', { [PROTOCOL]: 'chat, chat' }],
  ['67: a subprotocol twice, in two lines', { [PROTOCOL]: ['chat', 'chat'] }],
  ['67: a subprotocol of other characters', { [PROTOCOL]: 'a(b)' }],
  ['67: 6 KB of commas', { [PROTOCOL]: ','.repeat(6000) }],
  ['67: 6 KB of blanks inside', { [PROTOCOL]: `b${' '.repeat(6000)}x` }],
  ['67: 6 KB of blanks and a comma', { [PROTOCOL]: `b${' '.repeat(6000)},` }],
  ['12: no Host', { host: undefined }],
  ['12: two Hosts', { host: ['node', 'another.example'] }],
]

/** Handshakes that are taken, and in which nothing is selected. */
const TAKEN: readonly (readonly [title: string, headers: Headers])[] = [
  ['66: extensions with a gap', { [EXTENSIONS]: 'a;,;b' }],
  ['66: an extension of other characters', { [EXTENSIONS]: 'permessage-deflate; (=)' }],
  ['66: compression twice', { [EXTENSIONS]: 'permessage-deflate, permessage-deflate' }],
  ['66: a window of nobody', { [EXTENSIONS]: 'permessage-deflate; server_max_window_bits=99' }],
  [
    '66: 6 KB of extensions',
    { [EXTENSIONS]: Array.from({ length: 600 }, (_, at) => `x${at}`).join() },
  ],
  ['85: compression', { [EXTENSIONS]: 'permessage-deflate; client_max_window_bits' }],
  ['68: an unknown subprotocol', { [PROTOCOL]: 'unheard-of.v9' }],
  ['68: many subprotocols', { [PROTOCOL]: 'a, b, c' }],
  ['63: WebSocket in upper case', { upgrade: 'WEBSOCKET', connection: 'UPGRADE' }],
  ['63: several connections', { connection: 'keep-alive, Upgrade' }],
  ['69: an origin of nobody', { origin: 'null' }],
  ['69: an origin that is none', { origin: '\xff\x80"<script>' }],
  ['114: forged hops', { 'x-forwarded-for': '1.2.3.4, ::ffff:10.0.0.1, garbage, "<script>' }],
  [
    '115: a forged host',
    { 'x-forwarded-host': 'elsewhere.example', 'x-forwarded-proto': 'javascript' },
  ],
  ['a body', { 'content-length': '0' }],
]

inBothModes('input, upgrade', (nodes) => {
  test.for(REFUSED)('row %s: 400, closed, and nobody joined', async ([, headers]) => {
    const scene = await roomWithBystander(nodes)
    const sent = handshakeHead(`/api/serve/${scene.roomId}`, headers)
    const { answers, ms } = await rawCall(nodes.a, { writes: [sent] })
    expect(answers.map(({ status }) => status)).toEqual([400])
    for (const answer of answers) {
      expectDiscreet(answer, sent)
      expectErrorBody(answer)
    }
    expect(ms).toBeLessThan(1000)
    await expectUnharmed(nodes, scene)
    expect((await history(nodes.b, scene.roomId)).messages.map(({ type }) => type)).toEqual([
      'joined',
      'chat',
    ])
  })

  test.for(TAKEN)('row %s: 101, nothing selected, and a member', async ([, headers]) => {
    const { roomId, bystander } = await roomWithBystander(nodes)
    const socket = new RawSocket(nodes.a)
    socket.send(Buffer.from(handshakeHead(`/api/serve/${roomId}`, headers), 'latin1'))
    const { status, text } = await socket.head()
    expect({ status, text }).toEqual({
      status: 101,
      text: expect.not.stringMatching(/sec-websocket-(?:extensions|protocol)/i),
    })
    const joined = JSON.parse((await socket.frameOf(TEXT)).toString()) as WireMessage
    socket.send(rawFrame(TEXT, 'from a strange handshake'))
    await bystander.untilChat('from a strange handshake')
    socket.reset()
    await bystander.untilLeft(joined.memberId)
    await expectUnharmed(nodes, { roomId, bystander })
  })

  test.for([
    ['61: POST', 'POST', '/api/serve/X', 400],
    ['61: DELETE', 'DELETE', '/api/serve/X', 400],
    ['61: HEAD', 'HEAD', '/api/serve/X', 400],
    ['61: POST of the JSON dialect', 'POST', '/api/connect', 400],
    ['61: HEAD of the JSON dialect', 'HEAD', '/api/connect', 400],
    ['62: the JSON dialect without its name', 'GET', '/api/connect', 400],
    ['62: behind the JSON dialect', 'GET', '/api/connect/X', 404],
    ['62: a room', 'GET', '/api/room/X', 400],
    ['62: messages', 'GET', '/api/room/X/messages', 400],
    ['62: health', 'GET', '/api/healthz', 400],
    ['62: the welcome', 'GET', '/', 400],
    ['62: POST of a room', 'POST', '/api/room', 400],
    ['62: nothing', 'GET', '/nothing', 404],
    ['62: behind the room', 'GET', '/api/serve/X/more', 404],
    ['62: before the room', 'GET', '/api/serve/', 404],
    ['62: OPTIONS', 'OPTIONS', '/api/serve/X', 204],
    ['62: a broken escape', 'GET', '/api/serve/%zz', 404],
    ['62: a long id', 'GET', `/api/serve/${'a'.repeat(300)}`, 404],
  ] as const)('row %s: no 101, closed', async ([, method, pattern, status]) => {
    const scene = await roomWithBystander(nodes)
    const sent = handshakeHead(pattern.replace('X', scene.roomId), {}, method)
    const { answers } = await rawCall(nodes.a, { writes: [sent], bodiless: method === 'HEAD' })
    expect(answers.map((answer) => answer.status)).toEqual([status])
    for (const answer of answers) expectDiscreet(answer, sent)
    await expectUnharmed(nodes, scene)
  })

  test('row 60: GET without an upgrade is 426 and says what to upgrade to', async () => {
    const scene = await roomWithBystander(nodes)
    const path = `/api/serve/${scene.roomId}`
    for (const headers of [
      { upgrade: undefined, connection: undefined },
      { connection: undefined },
      { upgrade: undefined },
      { upgrade: '' },
    ]) {
      const sent = handshakeHead(path, { ...headers, [KEY]: undefined, [VERSION]: undefined })
      const { answers } = await rawCall(nodes.a, { writes: [sent], thenLast: 1 })
      expect(answers[0]).toMatchObject({
        status: 426,
        head: expect.stringMatching(/^upgrade: websocket\r$/im),
      })
    }
    await expectUnharmed(nodes, scene)
  })

  test('row 71: two handshakes glued together are one member and one protocol error', async () => {
    const { roomId, bystander } = await roomWithBystander(nodes)
    const socket = new RawSocket(nodes.a)
    const sent = Buffer.from(handshakeHead(`/api/serve/${roomId}`))
    socket.send(sent, sent)
    expect((await socket.head()).status).toBe(101)
    expect(await socket.closeCode()).toBe(1002)
    const { message } = await bystander.until('a left', ({ type }) => type === 'left')
    const { messages } = await history(nodes.a, roomId)
    expect(messages.map(({ type, memberId }) => [type, memberId])).toEqual([
      ['joined', bystander.id],
      ['joined', message.memberId],
      ['left', message.memberId],
    ])
    await expectUnharmed(nodes, { roomId, bystander })
  })

  test.for([
    ['health', 'GET /api/healthz HTTP/1.1', []],
    ['nothing', 'DELETE // HTTP/1.1', ['Transfer-Encoding: chunked']],
    ['a history', 'GET /api/room/X/messages HTTP/1.1', []],
    ['an unmet expectation', 'POST /api/room HTTP/1.1', ['Expect: nothing-good']],
  ] as const)('row 71: an upgrade behind %s that is not answered yet is cut', async (row) => {
    const scene = await roomWithBystander(nodes)
    const [, line, headers] = row
    const first = request(
      line.replace('X', scene.roomId),
      headers,
      headers[0]?.startsWith('T') ? '0\r\n\r\n' : '',
    )
    const sent = first + handshakeHead(`/api/serve/${scene.roomId}`)
    const { seen, ms } = await rawExchange(nodes.a, { writes: [sent] })
    expectNoServerError(seen)
    expect(seen).not.toMatch(/^HTTP\/1\.1 101 /m)
    expect(ms).toBeLessThan(1000)
    await expectUnharmed(nodes, scene)
  })

  test('row 71: an upgrade behind a request that is answered is served', async () => {
    const { roomId, bystander } = await roomWithBystander(nodes)
    const socket = new RawSocket(nodes.a)
    socket.send(Buffer.from(request('GET /api/livez HTTP/1.1')))
    expect((await socket.head()).status).toBe(200)
    socket.send(Buffer.from(handshakeHead(`/api/serve/${roomId}`)))
    expect((await socket.head()).status).toBe(101)
    socket.reset()
    await bystander.until('a left', ({ type }) => type === 'left')
    await expectUnharmed(nodes, { roomId, bystander })
  })

  test('row 71: a handshake byte by byte, with a frame behind it, is a handshake', async () => {
    const { roomId, bystander } = await roomWithBystander(nodes)
    const socket = new RawSocket(nodes.a)
    const sent = Buffer.from(handshakeHead(`/api/serve/${roomId}`))
    for (const byte of Buffer.concat([sent, rawFrame(TEXT, 'byte by byte')])) {
      await socket.flushed(Uint8Array.of(byte))
    }
    expect((await socket.head()).status).toBe(101)
    await bystander.untilChat('byte by byte')
    socket.reset()
    await bystander.until('a left', ({ type }) => type === 'left')
    await expectUnharmed(nodes, { roomId, bystander })
  })
})
