import { expect, test } from 'vitest'
import { RoomError } from '../../src/ports/errors.ts'
import type { RoomId } from '../../src/ports/model.ts'
import type { Event } from '../../src/protocol/events.ts'
import { CONNECT_PATH, SUBPROTOCOL } from '../../src/protocol/dialect.ts'
import { ids } from './fake-controller.ts'
import {
  clientFrame,
  closed,
  HANDSHAKE,
  openWebSocket,
  RawClient,
  request,
  until,
} from './http-clients.ts'
import { fixture, listen, say, SETTINGS } from './http-fixture.ts'

const OFFER = { ...HANDSHAKE, 'Sec-WebSocket-Protocol': SUBPROTOCOL }
const CLOSE = 8
const BINARY = 2

const setUp = async (...parts: Parameters<typeof fixture>) => {
  const set = fixture(...parts)
  const port = await listen(set)
  const connect = async () => {
    const { ws, frames } = await openWebSocket(port, CONNECT_PATH, [SUBPROTOCOL])
    const events = () => frames.map((frame) => JSON.parse(frame) as Event)
    const command = (what: unknown) => ws.send(JSON.stringify(what))
    /** The next event after those that were taken before. */
    let taken = 0
    const next = async (): Promise<Event> => {
      await until('an event', () => frames.length > taken)
      return events()[taken++]!
    }
    await next()
    return { ws, events, command, next }
  }
  const joined = async (roomId = set.roomId) => {
    const connection = await connect()
    connection.command({ command: 'join', roomId })
    expect(await connection.next()).toMatchObject({ event: 'room', roomId })
    return { ...connection, member: set.controller.resumables.at(-1)! }
  }
  const anotherRoom = (): RoomId => {
    const id = ids.roomId()
    set.controller.rooms.set(id, { id, name: 'Another Seat', members: [] })
    return id
  }
  return { ...set, port, connect, joined, anotherRoom }
}

test('a handshake: 101 with the subprotocol, without it 400, without an upgrade 426, and nobody joins', async () => {
  const { app, port, controller } = await setUp()
  const ask = async (headers: Readonly<Record<string, string>>) => {
    const client = new RawClient(port)
    client.send(request(`GET ${CONNECT_PATH}?x=1`, headers))
    await until('an answer', () => client.text.includes('\r\n\r\n'))
    return client.text
  }
  const taken = await ask({ ...HANDSHAKE, 'Sec-WebSocket-Protocol': `chat, ${SUBPROTOCOL}` })
  expect(taken).toMatch(/^HTTP\/1\.1 101 /)
  expect(taken).toMatch(/\r\nsec-websocket-protocol: sharechat\.v1\r\n/i)
  for (const offered of [undefined, 'chat', 'sharechat.v2', 'Sharechat.v1']) {
    const headers = offered === undefined ? {} : { 'Sec-WebSocket-Protocol': offered }
    expect(await ask({ ...HANDSHAKE, ...headers })).toMatch(/^HTTP\/1\.1 400 /)
  }
  expect(await ask({ ...OFFER, 'Sec-WebSocket-Version': '8' })).toMatch(/^HTTP\/1\.1 400 /)
  expect((await app.inject(CONNECT_PATH)).statusCode).toBe(426)
  expect((await app.inject({ method: 'POST', url: CONNECT_PATH })).statusCode).toBe(405)
  controller.accepting = false
  expect(await ask(OFFER)).toMatch(/^HTTP\/1\.1 503 /)
  expect(controller.calls).toBe(0)
})

test('the plain dialect takes no subprotocol, also not this one', async () => {
  const { port, roomId } = await setUp()
  const client = new RawClient(port)
  client.send(request(`GET /api/serve/${roomId}`, OFFER))
  await until('an answer', () => client.text.includes('\r\n\r\n'))
  expect(client.text).toMatch(/^HTTP\/1\.1 101 /)
  expect(client.text).not.toMatch(/sec-websocket-protocol/i)
})

test('first comes `welcome` with the limits, also to what was sent with the handshake', async () => {
  const rates = {
    messages: { perSecond: 10, burst: 100 },
    messageBytes: { perSecond: 65_536, burst: 524_288 },
  }
  const { port, roomId } = await setUp({ settings: { ...SETTINGS, rates } })
  const client = new RawClient(port)
  const join = JSON.stringify({ command: 'join', roomId })
  client.send(request(`GET ${CONNECT_PATH}`, OFFER), clientFrame(1, join))
  await until('a room', () => client.text.includes('"event":"room"'))
  const frames = client.text.slice(client.text.indexOf('{'))
  expect(frames).toMatch(/^\{"event":"welcome","limits":\{[^}]+\},"messageBytesRate":\{[^}]+\}\}\}/)
  expect(JSON.parse(/^\{.*?\}\}\}/.exec(frames)![0])).toEqual({
    event: 'welcome',
    limits: {
      maxMessageBytes: 16_384,
      maxRooms: 3,
      resumeMs: 30_000,
      messageRate: rates.messages,
      messageBytesRate: rates.messageBytes,
    },
  })
})

test('`room` comes before everything that was written to the member meanwhile, then `reset`', async () => {
  const { connect, controller, roomId } = await setUp()
  controller.onResumable = ({ connection }) => void say(connection, roomId, 'early', 7)
  const { command, next } = await connect()
  command({ command: 'join', roomId, after: 99, resume: 'secret' })
  expect(await next()).toEqual({
    event: 'room',
    roomId,
    roomName: 'Imperfect Seat',
    you: { id: expect.any(String), name: 'Silver Otter' },
    members: [{ id: expect.any(String), name: 'Silver Otter' }],
    memberCount: 1,
    seq: 1,
    resume: 'secret',
  })
  expect(await next()).toEqual({ event: 'reset', roomId, from: 1 })
  const early = await next()
  expect(early).toMatchObject({ event: 'message', seq: 7, message: 'early', type: 'chat' })
  expect(Object.keys(early)).toEqual([
    'event',
    'seq',
    'id',
    'roomId',
    'memberId',
    'memberName',
    'type',
    'message',
    'sent',
  ])
  expect(controller.resumables[0]?.wish).toEqual({
    after: 99,
    resume: 'secret',
    address: '127.0.0.1',
  })
})

test('several rooms on one socket, each a member of its own; one too many is `full`', async () => {
  const { joined, anotherRoom, controller, roomId } = await setUp()
  const { command, next } = await joined()
  const rooms = [anotherRoom(), anotherRoom(), anotherRoom()] as const
  for (const id of rooms) command({ command: 'join', roomId: id })
  const answers = [await next(), await next(), await next()]
  expect(answers.filter(({ event }) => event === 'room')).toHaveLength(2)
  expect(answers).toContainEqual({
    event: 'failed',
    roomId: rooms[2],
    code: 'full',
    message: expect.any(String),
  })
  command({ command: 'leave', roomId })
  command({ command: 'join', roomId: rooms[2] })
  expect(await next()).toMatchObject({ event: 'room', roomId: rooms[2] })
  expect(controller.resumables.map(({ end }) => end)).toEqual([
    'quit',
    undefined,
    undefined,
    undefined,
  ])
})

test('a refused join is `failed` with its code, and the room can be joined again', async () => {
  const { connect, controller, roomId } = await setUp()
  const { command, next } = await connect()
  command({ command: 'join', roomId: ids.roomId() })
  expect(await next()).toMatchObject({ event: 'failed', code: 'not_found' })
  controller.onResumable = () => {
    throw new RoomError('unavailable', 'Not now.')
  }
  command({ command: 'join', roomId })
  const refused = await next()
  expect(refused).toMatchObject({ event: 'failed', roomId, code: 'unavailable' })
  expect(refused).toHaveProperty('retryAfterMs', 3_000)
  controller.onResumable = () => {
    throw new Error('a bug')
  }
  command({ command: 'join', roomId })
  expect(await next()).toEqual({
    event: 'failed',
    roomId,
    code: 'internal',
    message: 'Something went wrong here.',
  })
  controller.onResumable = () => {}
  command({ command: 'join', roomId })
  expect(await next()).toMatchObject({ event: 'room', roomId })
  command({ command: 'join', roomId })
  expect(await next()).toMatchObject({ event: 'failed', roomId, code: 'invalid' })
})

test('commands reach the member; what is sent elsewhere is `not_joined`', async () => {
  const { joined, anotherRoom, roomId } = await setUp()
  const { command, next, member } = await joined()
  command({ command: 'send', roomId, ref: 'r-1', message: 'hello' })
  command({ command: 'typing', roomId })
  const other = anotherRoom()
  command({ command: 'send', roomId: other, ref: 'r-2', message: 'hello' })
  command({ command: 'typing', roomId: other })
  command({ command: 'leave', roomId: other })
  expect(await next()).toMatchObject({ roomId: other, ref: 'r-2', code: 'not_joined' })
  expect(await next()).toMatchObject({ event: 'failed', roomId: other, code: 'not_joined' })
  expect(await next()).toMatchObject({ event: 'failed', roomId: other, code: 'not_joined' })
  expect(member.typed).toBe(1)
  const [sent] = member.sends
  expect(sent).toMatchObject({ ref: 'r-1', text: 'hello' })
  const id = ids.messageId()
  sent!.answer({ id, seq: 12 })
  expect(await next()).toEqual({ event: 'ack', roomId, ref: 'r-1', id, seq: 12 })
  sent!.answer({ refused: 'rate_limited', reason: 'Too fast.', waitMs: 12.3 })
  sent!.answer({ refused: 'too_large', reason: 'Too long.' })
  const about = { event: 'failed', roomId, ref: 'r-1' }
  expect([await next(), await next()]).toEqual([
    { ...about, code: 'rate_limited', message: 'Too fast.', retryAfterMs: 13 },
    { ...about, code: 'too_large', message: 'Too long.' },
  ])
})

test('what is no command is `failed` with `invalid`, and the connection goes on', async () => {
  const { joined, roomId } = await setUp()
  const { ws, next, command } = await joined()
  for (const text of ['', 'hello', '{"command":"shout"}', '[]']) {
    ws.send(text)
    expect(await next()).toEqual({ event: 'failed', code: 'invalid', message: expect.any(String) })
  }
  command({ command: 'send', roomId, ref: 'r', message: 7 })
  expect(await next()).toMatchObject({ event: 'failed', roomId, ref: 'r', code: 'invalid' })
  ws.send(Buffer.from(JSON.stringify({ command: 'leave', roomId: 'x' })))
  expect(await next()).toEqual({
    event: 'failed',
    code: 'not_found',
    message: 'There is no such room.',
  })
})

test.each([
  ['a close frame with a code', clientFrame(CLOSE, Buffer.of(3, 232)), 'quit'],
  ['an empty close frame', clientFrame(CLOSE), 'quit'],
  ['a lost connection', undefined, 'left'],
  ['bytes that are no frame', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'left'],
  ['a binary frame that is no text', clientFrame(BINARY, Buffer.of(0xff)), 'left'],
])('%s ends every member: %#', async (_name, bytes, end) => {
  const { port, controller, roomId, anotherRoom } = await setUp()
  const client = new RawClient(port)
  client.send(request(`GET ${CONNECT_PATH}`, OFFER))
  for (const id of [roomId, anotherRoom()]) {
    client.send(clientFrame(1, JSON.stringify({ command: 'join', roomId: id })))
  }
  await until('two rooms', () => client.text.split('"event":"room"').length === 3)
  if (bytes) client.send(bytes)
  else client.socket.destroy()
  await until('an end', () => controller.resumables.every((member) => member.end !== undefined))
  expect(controller.resumables.map((member) => member.end)).toEqual([end, end])
})

test('one that hangs up or leaves while it joins does not stay', async () => {
  const { connect, controller, roomId } = await setUp()
  let goOn = () => {}
  controller.onResumable = () => new Promise<void>((resolve) => (goOn = resolve))
  for (const [how, end] of [
    ['terminate', 'left'],
    ['close', 'quit'],
    ['leave', 'quit'],
  ] as const) {
    const { ws, command } = await connect()
    const before = controller.resumables.length
    command({ command: 'join', roomId })
    await until('a join', () => controller.resumables.length > before)
    const member = controller.resumables.at(-1)!
    if (how === 'leave') {
      command({ command: 'leave', roomId })
      command({ command: 'typing', roomId })
      await until('it left', () => ws.bufferedAmount === 0)
    } else {
      const gone = closed(ws)
      ws[how]()
      await gone
    }
    await new Promise((resolve) => setImmediate(resolve))
    goOn()
    await until('an end', () => member.end !== undefined)
    expect(member.end).toBe(end)
  }
})

test('a room that is gone is told if there are others, else the connection closes with 4004', async () => {
  const { joined, anotherRoom, controller, roomId } = await setUp()
  const { ws, command, next } = await joined()
  const other = anotherRoom()
  command({ command: 'join', roomId: other })
  await next()
  const [first, second] = controller.resumables
  first!.connection.close('room_gone')
  expect(await next()).toEqual({
    event: 'failed',
    roomId,
    code: 'not_found',
    message: 'The room is gone.',
  })
  const gone = closed(ws)
  second!.connection.close('room_gone')
  expect((await gone).code).toBe(4004)
})

test('a drain says `goaway`, then closes with 1012, with rooms or without', async () => {
  const { app, connect, joined, controller } = await setUp()
  const [empty, full] = [await connect(), await joined()]
  const ends = [closed(empty.ws), closed(full.ws)]
  controller.resumables[0]!.connection.close('drain')
  await app.close()
  for (const [index, { next }] of [empty, full].entries()) {
    expect(await next()).toEqual({ event: 'goaway', reconnectAfterMs: 3_000 })
    expect((await ends[index]!).code).toBe(1012)
  }
})

test('who sends and does not read is let go: what it is told is bounded too', async () => {
  const { app, joined } = await setUp()
  const { ws } = await joined()
  ws.pause()
  const gone = () => {
    for (let count = 0; count < 5_000; count += 1) ws.send('{}')
    return app.websocketServer.clients.size === 0
  }
  await until('it is gone', gone, 20_000)
})
