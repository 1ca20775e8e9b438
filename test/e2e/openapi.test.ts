import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, inject, test } from 'vitest'
import { SUBPROTOCOL } from '../../src/protocol/dialect.ts'
import { expectDocumented, operationOf } from './api-document.ts'
import {
  type Answer,
  call,
  createOwnedRoom,
  createRoom,
  type Extras,
  type Listening,
  upgrade,
} from './http.ts'
import { JsonConnection } from './json-connection.ts'
import { Member } from './member.ts'
import { startCluster, startingNode, startNodes } from './modes.ts'
import { noteSecrets } from './secrets.ts'

const ORIGIN = { origin: 'https://elsewhere.example' }
const JSON_DIALECT = { 'sec-websocket-protocol': SUBPROTOCOL }

// 500, a bug, is test/unit/openapi.test.ts'.
test('every answer that the OpenAPI document has is given by a real node', async () => {
  const [well] = await startCluster(1, {
    MAX_ROOM_MEMBERS: '1',
    ALLOWED_ORIGINS: 'https://chat.example',
  })
  const { a: strict } = await startNodes('embedded', {
    ROOM_RATE: '0.001/1',
    JOIN_RATE: '0.001/1',
    MESSAGE_RATE: '0.001/1',
  })
  const starting = await startingNode()
  const node = well!
  const [room, strictRoom, noRoom] = [
    await createRoom(node),
    await createRoom(strict),
    randomUUID(),
  ]
  noteSecrets(noRoom)
  const given = new Set<string>()
  const is = async (status: number, answered: Promise<Answer>, method: string, path: string) => {
    expect({ method, path, status: (await answered).status }).toEqual({ method, path, status })
    given.add(`${operationOf(method, path)?.operationId} ${status}`)
  }
  const gives = (
    status: number,
    method: string,
    path: string,
    at: Listening = node,
    extras: Extras = {},
  ) => is(status, call(at, method, path, extras), method, path)
  const opens = (
    status: number,
    path: string,
    at: Listening = node,
    headers: Readonly<Record<string, string>> = {},
  ) => is(status, upgrade(at, path, headers), 'GET', path)

  await gives(200, 'POST', '/api/room')
  await gives(400, 'POST', '/api/room', node, { body: '{"a":1}' })
  await gives(403, 'POST', '/api/room', node, { headers: ORIGIN })
  await gives(413, 'POST', '/api/room', node, { body: ' '.repeat(5_000) })
  await gives(429, 'POST', '/api/room', strict)
  await gives(503, 'POST', '/api/room', starting)

  for (const path of ['', '/info', '/messages', '/export']) {
    await gives(200, 'GET', `/api/room/${room}${path}`)
    await opens(400, `/api/room/${room}${path}`)
    await gives(404, 'GET', `/api/room/${noRoom}${path}`)
    await gives(503, 'GET', `/api/room/${noRoom}${path}`, starting)
  }
  const withSeqs = { headers: { accept: 'application/vnd.sharechat.v1+json' } }
  const member = await Member.join(node, room)
  await member.exchange('something to read')
  await gives(200, 'GET', `/api/room/${room}/messages?limit=1`)
  await gives(200, 'GET', `/api/room/${room}/messages`, node, withSeqs)
  await gives(400, 'GET', `/api/room/${room}/messages?limit=0`)

  await gives(200, 'GET', '/api/rooms')
  await gives(400, 'GET', '/api/rooms?limit=0')
  await gives(503, 'GET', '/api/rooms', starting)

  const codes = `/api/room/${room}/codes`
  const { text } = await call(node, 'POST', codes)
  await gives(200, 'GET', `/api/codes/${(JSON.parse(text) as { code: string }).code}`)
  for (let made = 1; made < 20; made += 1) await gives(200, 'POST', codes)
  await gives(409, 'POST', codes)
  await gives(400, 'POST', codes, node, { body: '{"ttl":0}' })
  await gives(403, 'POST', codes, node, { headers: ORIGIN })
  await gives(404, 'POST', `/api/room/${noRoom}/codes`)
  await gives(413, 'POST', codes, node, { body: ' '.repeat(5_000) })
  await gives(429, 'POST', `/api/room/${strictRoom}/codes`, strict)
  await gives(503, 'POST', codes, starting)
  await opens(400, '/api/codes/493027')
  await gives(403, 'GET', '/api/codes/493027', node, { headers: ORIGIN })
  await gives(503, 'GET', '/api/codes/493027', starting)
  const wrong = () => call(strict, 'GET', '/api/codes/493027')
  await gives(404, 'GET', '/api/codes/493027', strict)
  while ((await wrong()).status === 404);
  await gives(429, 'GET', '/api/codes/493027', strict)
  await gives(200, 'GET', `/api/room/${room}/messages/1`)
  await gives(200, 'GET', `/api/room/${room}/messages/1`, node, withSeqs)
  await opens(400, `/api/room/${room}/messages/1`)
  await gives(404, 'GET', `/api/room/${room}/messages/9`)
  await gives(503, 'GET', `/api/room/${noRoom}/messages/1`, starting)

  const { roomId: owned, ownerToken } = await createOwnedRoom(node)
  const writer = await JsonConnection.join(node, owned)
  writer.send(owned, 'r', 'something to change')
  const { id } = await writer.next('ack')
  const secret = { headers: { authorization: `Bearer ${ownerToken}` } }
  const writers = { headers: { authorization: `Bearer ${writer.room.resume}` } }
  const changes = [
    ['PUT', `/messages/${id}`, 200, writers, '{"message":"changed"}'],
    ['DELETE', `/messages/${id}`, 204, secret, ''],
    ['PATCH', '', 200, secret, '{"topic":"Seats"}'],
    ['DELETE', `/members/${writer.room.you.id}`, 204, secret, ''],
    ['DELETE', '', 204, secret, ''],
  ] as const
  for (const [method, path, status, { headers }, body] of changes) {
    const at = `/api/room/${owned}${path}`
    // Node would not say so for a DELETE.
    const long = (length: number) => ({ ...headers, 'content-length': String(length) })
    await gives(400, method, at, node, { headers: long(2), body: '[]' })
    await gives(403, method, at, node, { body })
    await gives(404, method, `/api/room/${noRoom}${path}`, node, { headers, body })
    await gives(413, method, at, node, { headers: long(200_000), body: ' '.repeat(200_000) })
    await gives(503, method, `/api/room/${noRoom}${path}`, starting, { headers, body })
    const from = `127.0.0.${20 + changes.findIndex((change) => change[1] === path)}`
    await call(strict, method, `/api/room/${strictRoom}${path}`, { headers, body, from })
    await gives(429, method, `/api/room/${strictRoom}${path}`, strict, { headers, body, from })
    await gives(status, method, at, node, { headers, body })
  }

  await gives(426, 'GET', `/api/serve/${room}`)
  await opens(409, `/api/serve/${room}`)
  await member.close()
  await opens(101, `/api/serve/${room}`)
  await opens(400, `/api/serve/${room}`, node, { 'sec-websocket-version': '12' })
  await opens(403, `/api/serve/${room}`, node, ORIGIN)
  await opens(404, `/api/serve/${noRoom}`)
  await opens(503, `/api/serve/${noRoom}`, starting)
  await opens(101, `/api/serve/${strictRoom}`, strict)
  await opens(429, `/api/serve/${strictRoom}`, strict)

  await gives(426, 'GET', '/api/connect')
  await opens(101, '/api/connect', strict, JSON_DIALECT)
  await opens(429, '/api/connect', strict, JSON_DIALECT)
  await opens(400, '/api/connect')
  await opens(403, '/api/connect', node, { ...JSON_DIALECT, ...ORIGIN })
  await opens(503, '/api/connect', starting, JSON_DIALECT)

  for (const path of ['/api/healthz', '/api/readyz', '/api/livez']) {
    await gives(200, 'GET', path)
    await opens(400, path)
  }
  await gives(503, 'GET', '/api/healthz', starting)
  await gives(503, 'GET', '/api/readyz', starting)

  const documented = Object.values(inject('apiDocument').paths)
    .flatMap((item) => Object.values(item))
    .flatMap(({ operationId, responses }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    )
    .filter((answer) => !answer.endsWith(' 500'))
  expect([...given].toSorted()).toEqual(documented.toSorted())
})

test('an answer that the document does not have is found', () => {
  const told = (status: number, text: string) => () =>
    expectDocumented('GET', '/api/livez', { status, headers: {}, text })
  expect(told(200, '')).not.toThrow()
  expect(told(418, '')).toThrow('livez: 418')
  expect(told(200, 'well')).toThrow('livez: 200')
  const wrong = {
    status: 400,
    headers: { 'content-type': 'application/json' },
    text: '{"error":1}',
  }
  expect(() => expectDocumented('GET', '/api/livez', wrong)).toThrow('livez: 400')
})

test('the API describes itself without help from elsewhere', async () => {
  const { a } = await startNodes('embedded')
  const page = await call(a, 'GET', '/api/docs')
  expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/)
  const files = [...page.text.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map(([, file]) => file)
  expect(files.length).toBe(3)
  for (const file of files) {
    const { status, text } = await call(a, 'GET', `/api/${file}`)
    expect({ file, status, isEmpty: text === '' }).toEqual({ file, status: 200, isEmpty: false })
  }
  expect(JSON.parse((await call(a, 'GET', '/api/docs/openapi.json')).text)).toEqual(
    inject('apiDocument'),
  )
  const asyncapi = readFileSync(new URL('../../docs/asyncapi.json', import.meta.url))
  expect((await call(a, 'GET', '/api/docs/asyncapi.json')).text).toBe(asyncapi.toString())
  const packed = await fetch(`http://127.0.0.1:${a.port}/api/docs/asyncapi.json`, {
    headers: { 'accept-encoding': 'gzip' },
  })
  expect(packed.headers.get('content-encoding')).toBe('gzip')
  expect(await packed.text()).toBe(asyncapi.toString())
})
