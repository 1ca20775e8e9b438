import { expect, test } from 'vitest'
import { call, createRoom, expectError, type Extras, roomState, upgrade } from './http.ts'
import { Member } from './member.ts'
import { inBothModes } from './modes.ts'
import { noteSecrets } from './secrets.ts'
import { TITLE_CASE, UUID_V4 } from './wire.ts'

const type = (value: string): Extras => ({ headers: { 'content-type': value } })

/** Bodies that make a room, with what curl, fetch and old clients send along. */
const ROOM_BODIES: readonly (readonly [string, Extras])[] = [
  ['no body, no type', {}],
  ['no body, JSON type', type('application/json')],
  ['no body, JSON type with charset', type('application/json; charset=utf-8')],
  ['no body, text', type('text/plain')],
  ['no body, form', type('application/x-www-form-urlencoded')],
  ['no body, unknown type', type('application/x-unheard-of')],
  ['{}, no type', { body: '{}' }],
  ['{}, JSON', { ...type('application/json'), body: '{}' }],
  ['{}, text', { ...type('text/plain;charset=UTF-8'), body: '{}' }],
  ['{}, form', { ...type('application/x-www-form-urlencoded'), body: '{}' }],
  ['{}, unknown type', { ...type('application/octet-stream'), body: '{}' }],
]

const OTHER_BODIES: readonly (readonly [string, Extras])[] = [
  ['a key', { ...type('application/json'), body: '{"roomName":"Mine"}' }],
  ['an id', { body: '{"roomId":"00000000-0000-4000-8000-000000000000"}' }],
  ['a prototype', { ...type('application/json'), body: '{"__proto__":{"roomName":"Mine"}}' }],
  ['an array', { ...type('application/json'), body: '[]' }],
  ['null', { ...type('application/json'), body: 'null' }],
  ['a string', { ...type('application/json'), body: '""' }],
  ['half an object', { ...type('application/json'), body: '{' }],
  ['a text', { ...type('text/plain'), body: 'hello' }],
  ['a form', { ...type('application/x-www-form-urlencoded'), body: 'a=b' }],
  ['binary', { ...type('application/octet-stream'), body: Uint8Array.of(0, 255, 1) }],
]

/** What is no id of a room, made from one that is. */
const malformed = (roomId: string): readonly string[] => [
  roomId.toUpperCase(),
  `${roomId}0`,
  roomId.slice(0, -1),
  roomId.replaceAll('-', ''),
  roomId.replace(/^(.{14})4/, '$11'),
  '2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d',
  '00000000-0000-0000-0000-000000000000',
  `%7B${roomId}%7D`,
  `${roomId}%00`,
  `${roomId}%0a`,
  `%20${roomId}`,
  'a%00b',
  '..%2f',
  '..%2f..%2fetc%2fpasswd',
  '%22',
  "'",
  "x'%20OR%20'1'='1",
  `${roomId}'%20OR%20'1'='1`,
  '%c3%28',
  '%zz',
  '__proto__',
  'constructor',
  'undefined',
  '0',
  'a'.repeat(2000),
]

inBothModes('rooms', (nodes) => {
  test('POST /api/room: exactly roomId, a lower-case UUIDv4, and roomName in Title Case', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call(nodes.a, 'POST', '/api/room')),
    )
    const ids = new Set<string>()
    for (const { status, headers, text } of answers) {
      expect(status).toBe(200)
      expect(headers['content-type']).toMatch(/^application\/json\b/)
      const room = JSON.parse(text) as { roomId: string; roomName: string }
      noteSecrets(room.roomId, room.roomName)
      expect(Object.keys(room)).toEqual(['roomId', 'roomName'])
      expect(room.roomId).toMatch(UUID_V4)
      expect(room.roomName).toMatch(TITLE_CASE)
      ids.add(room.roomId)
    }
    expect(ids.size).toBe(20)
  })

  test.for(ROOM_BODIES)('POST /api/room takes any or no content type: %s', async ([, extras]) => {
    const { status, text } = await call(nodes.a, 'POST', '/api/room', extras)
    expect({ status, text }).toEqual({ status: 200, text: expect.stringMatching(/^{"roomId":"/) })
  })

  test.for(OTHER_BODIES)('POST /api/room, any other body is 400: %s', async ([, extras]) => {
    const answer = await call(nodes.a, 'POST', '/api/room', extras)
    expectError(answer, 400, 'invalid')
    expect(answer.text).not.toMatch(/Mine|hello|a=b|__proto__/)
  })

  test('GET /api/room/<id>: exactly roomId, roomName, members; [] when empty', async () => {
    const made = await call(nodes.a, 'POST', '/api/room')
    const { roomId, roomName } = JSON.parse(made.text) as { roomId: string; roomName: string }
    for (const node of nodes.each) {
      const { status, text } = await call(node, 'GET', `/api/room/${roomId}`)
      expect(status).toBe(200)
      expect(text).toBe(JSON.stringify({ roomId, roomName, members: [] }))
    }
  })

  test('GET /api/room/<id>: members of every node as exactly id and name', async () => {
    const roomId = await createRoom(nodes.a)
    const { roomName } = await roomState(nodes.b, roomId)
    const first = await Member.join(nodes.b, roomId)
    const second = await Member.join(nodes.a, roomId)
    const members = [first, second].map(({ id, name }) => ({ id, name }))
    for (const node of nodes.each) {
      const { text } = await call(node, 'GET', `/api/room/${roomId}`)
      expect(text).toBe(JSON.stringify({ roomId, roomName, members }))
    }
  })

  test('a room that does not exist is 404: state, history, WebSocket', async () => {
    const id = '5f0c1f6e-6d3c-4f5e-9a53-000000000000'
    expectError(await call(nodes.a, 'GET', `/api/room/${id}`), 404, 'not_found')
    expectError(await call(nodes.a, 'GET', `/api/room/${id}/messages`), 404, 'not_found')
    expectError(await call(nodes.a, 'GET', `/api/room/${id}/messages?limit=5`), 404, 'not_found')
    expectError(await upgrade(nodes.a, `/api/serve/${id}`), 404, 'not_found')
  })

  test('a malformed id is 404: state, history, WebSocket', async () => {
    const roomId = await createRoom(nodes.a)
    for (const id of malformed(roomId)) {
      for (const [path, answer] of [
        [`/api/room/${id}`, call(nodes.a, 'GET', `/api/room/${id}`)],
        [`/api/room/${id}/messages`, call(nodes.a, 'GET', `/api/room/${id}/messages`)],
        [`/api/serve/${id}`, upgrade(nodes.a, `/api/serve/${id}`)],
      ] as const) {
        const { status, text } = await answer
        expect({ path, status, text }).toEqual({ path, status: 404, text: expect.any(String) })
        expectError(await answer, 404, 'not_found')
        expect(text).not.toContain(roomId)
      }
    }
  })

  test('what is no route is 404 in the same shape', async () => {
    for (const path of ['/api', '/api/room/', '/api/serve/', '/api/nothing', '/x.php']) {
      expectError(await call(nodes.a, 'GET', path), 404, 'not_found')
    }
  })

  test('only POST creates a room', async () => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD']) {
      const { status, text } = await call(nodes.a, method, '/api/room')
      expect([404, 405]).toContain(status)
      expect(text).not.toContain('roomId')
    }
  })

  test('OPTIONS creates nothing and any origin may do everything by default', async () => {
    const origin = 'https://somewhere.example'
    const asked = await call(nodes.a, 'OPTIONS', '/api/room', {
      headers: { origin, 'access-control-request-method': 'POST' },
    })
    expect(asked.status).toBe(204)
    expect(asked.text).toBe('')
    expect(asked.headers['access-control-allow-origin']).toMatch(
      /^(\*|https:\/\/somewhere\.example)$/,
    )
    expect(asked.headers['access-control-allow-methods']).toMatch(/\bPOST\b/)
    expect((await call(nodes.a, 'OPTIONS', '/api/room')).text).not.toContain('roomId')

    const made = await call(nodes.a, 'POST', '/api/room', { headers: { origin } })
    expect(made.status).toBe(200)
    expect(made.headers['access-control-allow-origin']).toMatch(
      /^(\*|https:\/\/somewhere\.example)$/,
    )
    const { roomId } = JSON.parse(made.text) as { roomId: string }
    const read = await call(nodes.a, 'GET', `/api/room/${roomId}/messages`, { headers: { origin } })
    expect(read.headers['access-control-allow-origin']).toMatch(
      /^(\*|https:\/\/somewhere\.example)$/,
    )
    expect((await upgrade(nodes.a, `/api/serve/${roomId}`, { origin })).status).toBe(101)
  })

  test('healthz, livez, readyz are 200 while all is well', async () => {
    for (const node of nodes.each) {
      for (const path of ['/api/healthz', '/api/livez', '/api/readyz']) {
        expect((await call(node, 'GET', path)).status).toBe(200)
      }
    }
  })

  test('GET / tells in text how to create and join a room', async () => {
    const { status, headers, text } = await call(nodes.a, 'GET', '/')
    expect(status).toBe(200)
    expect(headers['content-type']).toMatch(/^text\//)
    expect(text).toMatch(/POST.*\/api\/room/s)
    expect(text).toContain('/api/serve/')
  })
})
