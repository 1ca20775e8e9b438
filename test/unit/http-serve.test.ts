import { expect, test } from 'vitest'
import { RoomError } from '../../src/ports/errors.ts'
import { ids } from './fake-controller.ts'
import {
  clientFrame,
  closed,
  HANDSHAKE,
  meanwhile,
  openWebSocket,
  RawClient,
  request,
  until,
} from './http-clients.ts'
import { fixture, listen, realClock, SETTINGS, say } from './http-fixture.ts'

const TEXT = 1
const BINARY = 2
const CLOSE = 8

const setUp = async (...parts: Parameters<typeof fixture>) => {
  const set = fixture(...parts)
  const port = await listen(set)
  const path = `/api/serve/${set.roomId}`
  const upgrade = (
    headers: Readonly<Record<string, string | undefined>> = {},
    line = `GET ${path}`,
  ) => {
    const client = new RawClient(port)
    client.send(request(line, { ...HANDSHAKE, ...headers }))
    return client
  }
  return { ...set, port, path, upgrade }
}

const parts = (text: string) => {
  const at = text.indexOf('\r\n\r\n')
  return { head: text.slice(0, at), body: text.slice(at + 4) }
}

/** Who asked for an upgrade, was refused with JSON, and saw TCP end. */
const refused = async (client: RawClient, status: number, code: string) => {
  const { head, body } = parts(await client.all())
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(head).toMatch(/cache-control: no-store/i)
  expect(JSON.parse(body)).toEqual({ error: { code, message: expect.any(String) } })
  return head
}

test('a member joins before the 101, gets what is written, posts, and leaves', async () => {
  const { port, path, controller, roomId } = await setUp()
  let greeting = ''
  controller.onJoin = ({ connection }) => {
    greeting = Buffer.from(say(connection, roomId, 'Silver Otter joined the room.')).toString()
  }
  controller.onPost = ({ connection }, text) => say(connection, roomId, text)
  const { ws, frames } = await openWebSocket(port, path)
  ws.send('hello')
  await until('two frames', () => frames.length === 2)
  expect(frames[0]).toBe(greeting)
  expect(JSON.parse(frames[1]!)).toMatchObject({ message: 'hello', roomId })
  expect(frames[1]).toMatch(/}\n$/)
  const [member] = controller.joins
  expect([member?.posts, member?.left]).toEqual([['hello'], 0])
  ws.close(1000)
  await until('left', () => member?.left === 1)
})

test('what the client sent with its handshake is kept, in order, after the join', async () => {
  const { upgrade, controller, port } = await setUp()
  let open = () => {}
  controller.onJoin = () => new Promise((resolve) => (open = resolve))
  const client = upgrade()
  client.send(clientFrame(TEXT, 'one'), clientFrame(TEXT, 'two'))
  await until('a join', () => controller.joins.length === 1)
  client.send(clientFrame(TEXT, 'three'))
  await meanwhile(port)
  expect(client.text).toBe('')
  open()
  await until('all', () => controller.joins[0]?.posts.length === 3)
  expect(controller.joins[0]?.posts).toEqual(['one', 'two', 'three'])
})

test.for([
  [1000, [3, 232]],
  [3000, [11, 184]],
  [4999, [19, 135]],
  [undefined, []],
] as const)('a close frame with %s is answered with the same, then TCP ends', async ([, code]) => {
  const { upgrade, controller } = await setUp()
  const client = upgrade()
  await until('101', () => client.text.includes('\r\n\r\n'))
  client.send(clientFrame(CLOSE, Uint8Array.from(code)))
  const { body } = parts(await client.all())
  expect([...Buffer.from(body, 'latin1')]).toEqual([0x88, code.length, ...code])
  await until('left', () => controller.joins[0]?.left === 1)
})

test('nothing follows the close frame, whatever is written', async () => {
  const { upgrade, controller, roomId } = await setUp()
  const client = upgrade()
  await until('101', () => client.text.includes('\r\n\r\n'))
  const { connection } = controller.joins[0]!
  client.send(clientFrame(BINARY, Uint8Array.of(0xff)))
  const end = Buffer.from('\x88\x0b\x03\xefnot UTF-8', 'latin1')
  await until('a close frame', () => client.text.includes(end.toString('latin1')))
  say(connection, roomId, 'never')
  expect(Buffer.from(await client.all(), 'latin1').subarray(-end.length)).toEqual(end)
})

test('binary frames: UTF-8 is text, anything else closes with 1007', async () => {
  const { port, path, controller } = await setUp()
  const { ws } = await openWebSocket(port, path)
  ws.send(Buffer.from('\ufeffé😀'))
  ws.send(Buffer.from([0xff, 0xfe]))
  ws.send('too late')
  expect(await closed(ws)).toEqual({ code: 1007, reason: 'not UTF-8' })
  await until('left', () => controller.joins[0]?.left === 1)
  expect(controller.joins[0]?.posts).toEqual(['\ufeffé😀'])
})

test.for([
  ['64 KiB and a byte', 1009, (size: number) => 'x'.repeat(size + 1), 0],
  ['64 KiB', 1000, (size: number) => 'x'.repeat(size), 1],
] as const)('a frame of %s: %i', async ([, code, text, posts]) => {
  const { port, path, controller, log } = await setUp()
  const { ws } = await openWebSocket(port, path)
  ws.send(text(64 * 1024))
  const end = closed(ws)
  await until('either', () => controller.joins[0]?.posts.length === 1 || ws.readyState !== ws.OPEN)
  if (code === 1000) ws.close(1000)
  expect((await end).code).toBe(code)
  await until('left', () => controller.joins[0]?.left === 1)
  expect(controller.joins[0]?.posts.length).toBe(posts)
  expect(log.lines).toEqual([])
})

test.for([
  ['unmasked', Buffer.from([0x81, 1, 0x61]), 1002],
  ['reserved bit', Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x61]), 1002],
  ['bad UTF-8', clientFrame(TEXT, Uint8Array.of(0xff)), 1007],
  ['no frame', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 1002],
] as const)('a broken frame (%s) is told its code before TCP ends', async ([, bytes, code]) => {
  const { upgrade, controller } = await setUp()
  const client = upgrade()
  await until('101', () => client.text.includes('\r\n\r\n'))
  client.send(bytes)
  const { body } = parts(await client.all())
  const frame = Buffer.from(body, 'latin1')
  expect([frame[0], frame.readUInt16BE(2)]).toEqual([0x88, code])
  await until('left', () => controller.joins[0]?.left === 1)
})

test('no subprotocol and no extension is chosen, whatever is offered', async () => {
  const { upgrade } = await setUp()
  const client = upgrade({
    'Sec-WebSocket-Protocol': 'chat, superchat',
    'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
  })
  await until('an answer', () => client.text.includes('\r\n\r\n'))
  expect(client.text).toMatch(/^HTTP\/1\.1 101 /)
  expect(client.text).not.toMatch(/sec-websocket-(protocol|extensions)/i)
})

test('without an upgrade: 426, GET and HEAD', async () => {
  const { app, path, controller } = await setUp()
  const answer = await app.inject(path)
  expect(answer.statusCode).toBe(426)
  expect(answer.headers.upgrade).toBe('websocket')
  expect(answer.json()).toEqual({ error: { code: 'invalid', message: expect.any(String) } })
  const head = await app.inject({ method: 'HEAD', url: path })
  expect([head.statusCode, head.body]).toEqual([426, ''])
  expect(controller.calls).toBe(0)
})

test.for([
  ['version 12', { 'Sec-WebSocket-Version': '12' }],
  ['version 8', { 'Sec-WebSocket-Version': '8' }],
  ['no version', { 'Sec-WebSocket-Version': undefined }],
  ['no key', { 'Sec-WebSocket-Key': undefined }],
  ['a short key', { 'Sec-WebSocket-Key': 'abc' }],
  ['h2c', { Upgrade: 'h2c' }],
  ['broken protocols', { 'Sec-WebSocket-Protocol': 'a,,b' }],
  ['a protocol twice', { 'Sec-WebSocket-Protocol': 'a, a' }],
  ['empty protocols', { 'Sec-WebSocket-Protocol': '' }],
  ['many commas', { 'Sec-WebSocket-Protocol': ','.repeat(6000) }],
] as const)('a bad handshake (%s) is 400, and nobody joins', async ([, headers]) => {
  const { upgrade, controller } = await setUp()
  await refused(upgrade(headers), 400, 'invalid')
  expect(controller.calls).toBe(0)
})

test('an upgrade with another method, or of what is no WebSocket, is refused', async () => {
  const { upgrade, controller, path, roomId } = await setUp()
  for (const line of [
    ...[`POST ${path}`, 'POST /api/room', 'GET /', 'GET /api/healthz', `GET /api/room/${roomId}`],
    `GET /api/room/${roomId}/messages`,
  ]) {
    await refused(upgrade({}, line), 400, 'invalid')
  }
  await refused(upgrade({}, 'GET /api/nothing'), 404, 'not_found')
  expect(controller.calls).toBe(0)
})

test('a malformed id is 404 without I/O, an unknown one 404', async () => {
  const { upgrade, controller } = await setUp()
  for (const id of ['x', '%zz', 'a%00b', 'a'.repeat(2000), ids.roomId().toUpperCase()]) {
    await refused(upgrade({}, `GET /api/serve/${id}`), 404, 'not_found')
  }
  expect(controller.calls).toBe(0)
  await refused(upgrade({}, `GET /api/serve/${ids.roomId()}`), 404, 'not_found')
})

test.for([
  ['full', 409],
  ['draining', 503],
  ['unavailable', 503],
  ['internal', 500],
] as const)('a join that is refused as %s is an HTTP answer', async ([code, status]) => {
  const { upgrade, controller } = await setUp()
  controller.onJoin = () => {
    throw new RoomError(code, 'Because.')
  }
  const head = await refused(upgrade(), status, code)
  expect(/retry-after: \d/i.test(head)).toBe(status === 503)
})

test('ALLOWED_ORIGINS: an upgrade from elsewhere is 403 before anybody joins', async () => {
  const settings = { ...SETTINGS, allowedOrigins: ['https://a.example'] }
  const { upgrade, controller } = await setUp({ settings })
  for (const origin of ['https://b.example', 'null', 'https://a.example.evil']) {
    await refused(upgrade({ Origin: origin }), 403, 'forbidden')
  }
  expect(controller.calls).toBe(0)
  for (const headers of [{}, { Origin: 'https://a.example' }]) {
    const client = upgrade(headers)
    await until('101', () => client.text.startsWith('HTTP/1.1 101 '))
  }
})

test.for(['resetAndDestroy', 'end'] as const)(
  'a socket that is gone when the join is decided (%s): left at once, once',
  async (how) => {
    const { upgrade, controller, port } = await setUp()
    let decide = () => {}
    controller.onJoin = () => new Promise((resolve) => (decide = resolve))
    const client = upgrade()
    await until('a join', () => controller.joins.length === 1)
    client.socket[how]()
    await meanwhile(port)
    decide()
    await until('left', () => controller.joins[0]?.left === 1)
    await meanwhile(port)
    expect(controller.joins[0]?.left).toBe(1)
  },
)

test('a socket that breaks at any moment leaves nobody behind', async () => {
  const { upgrade, controller, app, port } = await setUp()
  controller.onJoin = () => new Promise((resolve) => void realClock.after(10, resolve))
  for (let ms = 0; ms < 30; ms += 1) {
    const client = upgrade()
    client.send(clientFrame(TEXT, 'hello'))
    realClock.after(ms, () => client.socket.resetAndDestroy())
  }
  await meanwhile(port)
  await until('all left', () => controller.joins.every(({ left }) => left === 1))
  expect(app.websocketServer.clients.size).toBe(0)
})

test('a refused message goes to its sender', async () => {
  const { port, path, controller, roomId } = await setUp()
  controller.onPost = ({ connection }, text) =>
    connection.refuse('too_large', {
      id: ids.messageId(),
      roomId,
      memberId: ids.memberId(),
      memberName: 'Silver Otter',
      type: 'failed',
      message: `no: ${text}`,
      sent: 0,
    })
  const { ws, frames } = await openWebSocket(port, path)
  ws.send('x')
  await until('a frame', () => frames.length === 1)
  expect(JSON.parse(frames[0]!)).toMatchObject({ type: 'failed', message: 'no: x' })
})

test('a binary opcode within the handshake packet counts as text', async () => {
  const { upgrade, controller } = await setUp()
  const client = upgrade()
  client.send(clientFrame(BINARY, 'hello'))
  await until('a post', () => controller.joins[0]?.posts.length === 1)
  expect(controller.joins[0]?.posts).toEqual(['hello'])
})

test('closing the server cuts silent peers and joins under way at once', async () => {
  const { upgrade, controller, app } = await setUp()
  const silent = upgrade()
  await until('101', () => silent.text.includes('101'))
  let decide = () => {}
  controller.onJoin = () => new Promise((resolve) => (decide = resolve))
  const late = upgrade()
  await until('a join', () => controller.joins.length === 2)
  const begin = Date.now()
  const closing = app.close()
  await until('it is cut', () => silent.ended)
  decide()
  await closing
  expect(Date.now() - begin).toBeLessThan(1_000)
  await until('all left', () => controller.joins.every(({ left }) => left === 1))
  await until('the other is cut', () => late.ended)
})

test('closing the server leaves two seconds to those who were told to close', async () => {
  const { upgrade, controller, app, port, path } = await setUp()
  const { ws } = await openWebSocket(port, path)
  const silent = upgrade()
  await until('101', () => silent.text.includes('101'))
  const begin = Date.now()
  const end = closed(ws)
  for (const { connection } of controller.joins) connection.close('drain')
  const closing = app.close()
  expect(await end).toEqual({ code: 1012, reason: 'restarting, reconnect' })
  expect(Date.now() - begin).toBeLessThan(1_000)
  await closing
  expect(Date.now() - begin).toBeGreaterThan(1_900)
  expect(Date.now() - begin).toBeLessThan(3_000)
  await until('it is cut', () => silent.ended)
})
