import { expect, test } from 'vitest'
import type { RoomId } from '../../src/ports/model.ts'
import { RoomError, type ErrorCode } from '../../src/ports/errors.ts'
import { ids } from './fake-controller.ts'
import { RawClient, request } from './http-clients.ts'
import { fixture, listen, SETTINGS } from './http-fixture.ts'

const error = (code: ErrorCode, message: string = expect.any(String) as string) => ({
  error: { code, message },
})

test('POST /api/room answers exactly two keys', async () => {
  const { app, controller } = fixture()
  const answer = await app.inject({ method: 'POST', url: '/api/room' })
  const [, roomId] = [...controller.rooms.keys()]
  expect(answer.statusCode).toBe(200)
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
  expect(answer.body).toBe(JSON.stringify({ roomId, roomName: 'Imperfect Seat' }))
  expect(answer.headers).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'access-control-allow-origin': '*',
  })
})

test('POST /api/room takes nothing or {}, whatever the content type', async () => {
  const { app } = fixture()
  const types = [
    ...['application/json', 'application/json; charset=utf-8', 'text/plain', 'text/xml', '*/*'],
    ...['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'garbage', ''],
    ...['application/json\t; x', 'application/json garbage', ';;;', '/'],
  ]
  for (const type of [undefined, ...types]) {
    for (const body of [undefined, '', '{}', ' \t\r\n{ \n}\r\n ', '\n']) {
      const headers = type === undefined ? {} : { 'content-type': type }
      const answer = await app.inject({
        method: 'POST',
        url: '/api/room',
        headers,
        ...(body === undefined ? {} : { body }),
      })
      expect({ type, body, status: answer.statusCode }).toEqual({ type, body, status: 200 })
    }
  }
})

test('POST /api/room with any other body is 400, with a long one 413; nothing is made', async () => {
  const { app, controller } = fixture()
  const bodies = ['{', '}', '{}{}', '[]', 'null', '""', '1', 'a=b', '\u00a0', '\ufeff{}']
  for (const body of [...bodies, '\0', `${' '.repeat(4095)}x`, '['.repeat(4000)]) {
    const answer = await app.inject({ method: 'POST', url: '/api/room', body })
    expect({ body, status: answer.statusCode }).toEqual({ body, status: 400 })
    expect(answer.json()).toEqual(error('invalid', 'The body is one JSON object, each field once.'))
  }
  const long = await app.inject({ method: 'POST', url: '/api/room', body: ' '.repeat(4097) })
  expect(long.statusCode).toBe(413)
  expect(long.json()).toEqual(error('too_large'))
  expect(controller.calls).toBe(0)
})

test('POST /api/room takes options, and answers the owner token to who asked for it, and only then', async () => {
  const { app, controller } = fixture()
  const post = (body: object) =>
    app.inject({ method: 'POST', url: '/api/room', body: JSON.stringify(body) })
  const { owner: _, ...options } = FULL
  const plain = await post(options)
  const [, roomId] = [...controller.rooms.keys()]
  expect(plain.body).toBe(JSON.stringify({ roomId, roomName: FULL.name }))
  const owned = (await post(FULL)).json<Record<string, string>>()
  expect(Object.keys(owned)).toEqual(['roomId', 'roomName', 'ownerToken'])
  expect(owned['ownerToken']).toMatch(/^[\w-]{32}$/)
  expect(controller.rooms.get(owned['roomId'] as RoomId)).toMatchObject({
    ...{ name: FULL.name, topic: FULL.topic, capacity: 2, public: true, ttlMs: 60_000 },
  })
})

const FULL = {
  ...{ name: 'Perfect Seat', topic: 'Seats', capacity: 2, public: true, ttl: 60, owner: true },
}

test.each([
  ['name', ['', ' ', 'x'.repeat(81), 'a\nb', '\u2028x', 'a\0', '\ud800', 1, null, ['x'], {}]],
  ['topic', ['x'.repeat(301), 'a\rb', '\udc00x', '\u0085', 1, null]],
  ['capacity', [0, -1, 1.5, 10_001, '2', null, true, 1e21]],
  ['public', ['true', 1, 0, null]],
  ['ttl', [0, -1, 0.5, 86_401, '60', null]],
  ['owner', ['true', 1, null, 'yes']],
  ['other', [1]],
  ['roomId', [ids.roomId()]],
  ['__proto__', [1]],
])('POST /api/room refuses a bad %s with a sentence that names it', async (field, values) => {
  const { app, controller } = fixture()
  for (const value of values) {
    const body = `{${JSON.stringify(field)}:${JSON.stringify(value)}}`
    const answer = await app.inject({ method: 'POST', url: '/api/room', body })
    expect({ body, status: answer.statusCode }).toEqual({ body, status: 400 })
    const { message } = answer.json<{ error: { message: string } }>().error
    expect(message).toMatch(Object.hasOwn(FULL, field) ? new RegExp(`^${field} is `) : /^The body /)
  }
  expect(controller.calls).toBe(0)
})

test('POST /api/room takes the longest name and topic, in characters', async () => {
  const { app, controller } = fixture()
  const wish = { name: '\u{1F600}'.repeat(80), topic: '\u{1F600}'.repeat(300), ttl: 86_400 }
  const body = JSON.stringify({ ...wish, capacity: 10_000 })
  const answer = await app.inject({ method: 'POST', url: '/api/room', body })
  expect(answer.statusCode).toBe(200)
  expect(controller.calls).toBe(1)
  const twice = await app.inject({ method: 'POST', url: '/api/room', body: '{"ttl":1,"ttl":2}' })
  expect(twice.statusCode).toBe(400)
})

test('GET /api/room/<id>/info: what is known of a room, times in ISO 8601', async () => {
  const { app, roomId } = fixture()
  const answer = await app.inject(`/api/room/${roomId}/info`)
  expect(answer.body).toBe(
    JSON.stringify({
      ...{ roomId, roomName: 'Imperfect Seat', topic: 'Seats', messageCount: 7, memberCount: 0 },
      ...{ capacity: null, locked: true, public: false, slowMode: 10 },
      ...{ created: '2025-06-15T15:06:40.000Z', expires: null },
    }),
  )
  expect((await app.inject(`/api/room/${ids.roomId()}/info`)).statusCode).toBe(404)
})

test('GET /api/room/<id>: id, name and members; HEAD the same without a body', async () => {
  const { app, controller, roomId } = fixture()
  const members = [{ id: ids.memberId(), name: 'Silver Otter' }]
  controller.rooms.set(roomId, { id: roomId, name: 'Imperfect Seat', members })
  const got = await app.inject(`/api/room/${roomId}`)
  expect(got.body).toBe(JSON.stringify({ roomId, roomName: 'Imperfect Seat', members }))
  const head = await app.inject({ method: 'HEAD', url: `/api/room/${roomId}` })
  expect([head.statusCode, head.body]).toEqual([200, ''])
  expect(head.headers['content-length']).toBe(got.headers['content-length'])
})

test('an unknown room is 404; a malformed id is too, before anything else, without I/O', async () => {
  const { app, controller, logs, roomId } = fixture()
  const unknown = ids.roomId()
  for (const path of [`/api/room/${unknown}`, `/api/room/${unknown}/messages`]) {
    const answer = await app.inject(path)
    expect([answer.statusCode, answer.json()]).toEqual([404, error('not_found')])
  }
  const calls = controller.calls
  const reads = logs.reads.length
  const malformed = [
    ...[roomId.toUpperCase(), `${roomId}0`, roomId.slice(1), `${roomId}%00`, `%20${roomId}`],
    ...['a%00b', '..%2f..%2fetc%2fpasswd', "x'%20OR%20'1'='1", '__proto__', 'constructor', '*'],
    ...['%zz', '%c0%af', '2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d', 'a'.repeat(101), 'a'.repeat(2000)],
    `${roomId};x=1`,
  ]
  for (const id of malformed) {
    for (const path of [
      `/api/room/${id}`,
      `/api/room/${id}/messages?limit=x`,
      `/api/serve/${id}`,
    ]) {
      const answer = await app.inject(path)
      expect({ path, status: answer.statusCode }).toEqual({ path, status: 404 })
      expect(answer.json()).toEqual(error('not_found'))
      expect(answer.headers['cache-control']).toBe('no-store')
    }
  }
  const put = await app.inject({ method: 'PUT', url: '/api/room/x' })
  expect(put.statusCode).toBe(404)
  expect([controller.calls, logs.reads.length]).toEqual([calls, reads])
})

test('a wrong method on a known path is 405 with Allow, its body not even looked at', async () => {
  const { app, controller, roomId } = fixture()
  const paths = [
    ['/api/room', 'POST'],
    [`/api/room/${roomId}`, 'GET, HEAD, PATCH, DELETE'],
    [`/api/room/${roomId}/messages/1`, 'GET, HEAD, PUT, DELETE'],
    [`/api/room/${roomId}/members/${roomId}`, 'DELETE'],
    [`/api/room/${roomId}/info`, 'GET, HEAD'],
    [`/api/room/${roomId}/messages`, 'GET, HEAD'],
    [`/api/serve/${roomId}`, 'GET, HEAD'],
    ...['/', '/api/healthz', '/api/livez', '/api/readyz'].map(
      (path) => [path, 'GET, HEAD'] as const,
    ),
  ] as const
  const headers = { 'content-type': 'not a type' }
  for (const [url, allow] of paths) {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      if (allow.includes(method)) continue
      const withBody =
        method === 'GET' || method === 'HEAD' ? {} : { headers, body: 'x'.repeat(9000) }
      const answer = await app.inject({ method, url, ...withBody })
      expect({ url, method, status: answer.statusCode, allow: answer.headers.allow }).toEqual({
        url,
        method,
        status: 405,
        allow,
      })
      expect(answer.body).toBe(
        method === 'HEAD' ? '' : JSON.stringify(error('invalid', 'This cannot be done here.')),
      )
    }
  }
  expect(controller.calls).toBe(0)
})

test('an unknown path is 404, whatever is sent to it', async () => {
  const { app } = fixture()
  const paths = [
    '/api',
    '/api/',
    '/api/room/x/y',
    '/API/ROOM',
    '//',
    '/api//room',
    '/x.php',
    '/%zz',
  ]
  for (const url of paths) {
    for (const method of ['GET', 'POST', 'DELETE'] as const) {
      const answer = await app.inject({
        method,
        url,
        ...(method === 'GET' ? {} : { headers: { 'content-type': ';' }, body: 'x'.repeat(9000) }),
      })
      expect({ url, method, status: answer.statusCode }).toEqual({ url, method, status: 404 })
      expect(answer.json()).toEqual(error('not_found', 'There is no such resource.'))
    }
  }
})

test('OPTIONS creates nothing; a preflight allows POST from anywhere', async () => {
  const { app, controller } = fixture()
  const bare = await app.inject({ method: 'OPTIONS', url: '/api/room' })
  expect([bare.statusCode, bare.body]).toEqual([204, ''])
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/api/room',
    headers: { origin: 'https://a.example', 'access-control-request-method': 'POST' },
  })
  expect(preflight.statusCode).toBe(204)
  expect(preflight.headers['access-control-allow-origin']).toBe('*')
  expect(preflight.headers['access-control-allow-methods']).toContain('POST')
  expect(controller.calls).toBe(0)
})

test('ALLOWED_ORIGINS: an exact list for POST; reading stays open; no Origin is no browser', async () => {
  const settings = { ...SETTINGS, allowedOrigins: ['https://a.example'] }
  const { app, controller, roomId } = fixture({ settings })
  const post = (origin?: string) =>
    app.inject({
      method: 'POST',
      url: '/api/room',
      headers: origin === undefined ? {} : { origin },
    })
  for (const origin of [
    ...['https://b.example', 'null', 'https://a.example.evil', 'https://A.example', ''],
    ...['http://a.example', 'https://a.example, https://a.example', 'https://a.example:443'],
  ]) {
    const answer = await post(origin)
    expect({ origin, status: answer.statusCode }).toEqual({ origin, status: 403 })
    expect(answer.json()).toEqual(error('forbidden'))
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
  }
  expect(controller.calls).toBe(0)
  const allowed = await post('https://a.example')
  expect(allowed.statusCode).toBe(200)
  expect(allowed.headers['access-control-allow-origin']).toBe('https://a.example')
  expect(allowed.headers.vary).toMatch(/\bOrigin\b/)
  expect((await post()).statusCode).toBe(200)
  const read = await app.inject({
    url: `/api/room/${roomId}`,
    headers: { origin: 'https://b.example' },
  })
  expect(read.statusCode).toBe(200)
  expect(read.headers).not.toHaveProperty('access-control-allow-origin')
})

test('a cross-origin reader may see Link and Retry-After, on errors too', async () => {
  const { app } = fixture()
  const answer = await app.inject({ url: '/api/nothing', headers: { origin: 'https://a.example' } })
  expect(answer.headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'Link, Retry-After',
  })
})

test.for([
  ['full', 409, false],
  ['not_found', 404, false],
  ['overloaded', 503, true],
  ['unavailable', 503, true],
  ['draining', 503, true],
  ['unknown', 503, true],
] as const)('%s is %i; 503 says when to come back', async ([code, status, retry]) => {
  const { app, controller, log } = fixture()
  controller.onCreate = () => {
    throw new RoomError(code, 'Because.', new Error('select secret'))
  }
  const answer = await app.inject({ method: 'POST', url: '/api/room' })
  expect(answer.statusCode).toBe(status)
  expect(answer.body).toBe(JSON.stringify(error(code, 'Because.')))
  expect(answer.headers['retry-after']).toBe(retry ? '3' : undefined)
  expect(log.lines).toEqual([])
})

test.for([
  new Error('secret'),
  new RoomError('internal', 'secret'),
  Object.assign(new Error('secret'), { statusCode: 302 }),
])('a bug is 500, logged, and nothing of it is said', async (bug) => {
  const { app, controller, log } = fixture()
  controller.onCreate = () => {
    throw bug
  }
  const answer = await app.inject({ method: 'POST', url: '/api/room' })
  expect([answer.statusCode, answer.json()]).toEqual([
    500,
    error('internal', 'Something went wrong here.'),
  ])
  expect(log.lines).toEqual([{ level: 'error', event: 'request failed', fields: { error: bug } }])
})

test('GET / tells in plain text how to create and join a room', async () => {
  const { app } = fixture()
  const answer = await app.inject({ url: '/', headers: { host: 'evil.example' } })
  expect(answer.statusCode).toBe(200)
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
  expect(answer.body).toMatch(/POST .*\/api\/room\b/)
  expect(answer.body).toMatch(/websocat .*\/api\/serve\/<roomId>/)
  expect(answer.body).not.toContain('evil.example')
})

test.for([
  ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00', 400, 'invalid'],
  ['a space before a colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400, 'invalid'],
  [
    'two lengths',
    'POST /api/room HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    400,
    'invalid',
  ],
  ['long headers', `GET / HTTP/1.1\r\nHost: x\r\nA: ${'b'.repeat(9000)}\r\n\r\n`, 431, 'too_large'],
  ['a long URI', `GET /${'b'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 'too_large'],
] as const)(
  'what is no valid request (%s) gets JSON and the end',
  async ([, bytes, status, code]) => {
    const set = fixture()
    const client = new RawClient(await listen(set))
    client.send(Buffer.from(bytes, 'latin1'))
    const text = await client.all()
    const [head = '', body = ''] = text.split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(JSON.parse(body)).toEqual(error(code))
    expect(text).not.toContain('bbbb')
  },
)

test('who sends half a request is told 408 within 6 s', { timeout: 10_000 }, async () => {
  const set = fixture()
  const client = new RawClient(await listen(set))
  client.send('POST /api/room HTTP/1.1\r\nHost: x\r\n')
  const begin = Date.now()
  await new Promise((resolve) => client.socket.on('end', resolve))
  expect(Date.now() - begin).toBeLessThan(6_000)
  expect(client.text).toMatch(/^HTTP\/1.1 408 .*"code":"invalid"/s)
})

test('requests that were sent ahead are answered in their order', async () => {
  const set = fixture()
  const client = new RawClient(await listen(set))
  client.send(request('GET /api/livez'), request('GET /nothing'))
  client.send(request('GET /api/livez', { Host: 'node', Connection: 'close' }))
  const statuses = [...(await client.all()).matchAll(/HTTP\/1\.1 (\d+)/g)].map(
    ([, status]) => status,
  )
  expect(statuses).toEqual(['200', '404', '200'])
})
