import { expect, test } from 'vitest'
import { CONNECT_PATH, SUBPROTOCOL } from '../../src/protocol/dialect.ts'
import type { FailedEvent } from '../../src/protocol/events.ts'
import { eventually } from './deadline.ts'
import { type Answer, call, createRoom, expectError, history, UPGRADE_HEADERS } from './http.ts'
import { JsonConnection } from './json-connection.ts'
import { Member } from './member.ts'
import { inBothModes, type Nodes, startNodes } from './modes.ts'
import { noteSecrets } from './secrets.ts'
import { stutter } from './stutter.ts'

const connect = (
  node: Nodes['a'],
  from: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  call(node, 'GET', CONNECT_PATH, {
    from,
    headers: { ...UPGRADE_HEADERS, 'sec-websocket-protocol': SUBPROTOCOL, ...headers },
  })

const PAUSE_MS = 1_000

inBothModes(
  'JSON rates',
  (nodes) => {
    test('contract 5: every send over the rate is failed, with when to come back, and then passes', async () => {
      const roomId = await createRoom(nodes.a)
      const plain = await Member.join(nodes.b, roomId)
      const json = await JsonConnection.join(nodes.a, roomId)
      expect(json.all('welcome')[0]?.limits.messageRate).toEqual({ perSecond: 10, burst: 100 })
      for (let at = 0; at < 150; at += 1) json.send(roomId, `r-${at}`, `text ${at}`)
      await json.has('an answer to each', () => {
        return json.all('ack').length + json.all('failed').length === 150
      })
      const acked = json.all('ack').length
      expect(acked).toBeGreaterThanOrEqual(100)
      expect(acked).toBeLessThan(115)
      const refused = json.all('failed')
      for (const failed of refused) {
        expect(failed).toMatchObject({ roomId, code: 'rate_limited' })
        expect(failed.retryAfterMs).toBeGreaterThan(0)
        expect(failed.retryAfterMs).toBeLessThan(PAUSE_MS)
      }
      await plain.exchange('others may still talk')
      const { ref, retryAfterMs } = refused.at(-1) as Required<FailedEvent>
      const due = performance.now() + retryAfterMs
      await eventually(
        'it is time',
        async () => performance.now(),
        (now) => now >= due,
      )
      json.send(roomId, ref, 'once more')
      expect(await json.next('ack', (ack) => ack.ref === ref)).toMatchObject({ roomId })
      await plain.untilChat('once more')
      const { messages } = await history(nodes.b, roomId)
      expect(messages.filter(({ type }) => type === 'chat')).toHaveLength(acked + 2)
    })

    test('joins over the rate of an address are failed, whatever dialect, and leave no trace', async () => {
      const from = '127.0.4.1'
      noteSecrets(from)
      const roomIds = await Promise.all(Array.from({ length: 12 }, () => createRoom(nodes.a)))
      const json = await JsonConnection.open(nodes.a, from)
      for (const roomId of roomIds) json.say({ command: 'join', roomId })
      await json.has('an answer to each', () => {
        return json.all('room').length + json.all('failed').length === 12
      })
      expect(json.all('room')).toHaveLength(8)
      const [failed] = json.all('failed')
      expect(failed).toMatchObject({ event: 'failed', code: 'rate_limited' })
      expect(failed!.retryAfterMs).toBeGreaterThan(0)
      expect(failed!.retryAfterMs).toBeLessThanOrEqual(PAUSE_MS)
      const headers = UPGRADE_HEADERS
      const path = `/api/serve/${failed!.roomId}`
      expectError(await call(nodes.a, 'GET', path, { headers, from }), 429, 'rate_limited')
      expect((await history(nodes.b, failed!.roomId!)).messages).toEqual([])
      await eventually(
        'it may join',
        async () => {
          json.say({ command: 'join', roomId: failed!.roomId! })
          const answer = await json.any()
          return answer.event
        },
        (event) => event === 'room',
      )
    })

    test('connections over the rate of an address are 429, others are not', async () => {
      const [from, other] = ['127.0.4.2', '127.0.4.3']
      noteSecrets(from, other)
      for (let at = 0; at < 8; at += 1) expect((await connect(nodes.a, from)).status).toBe(101)
      const refused = await connect(nodes.a, from)
      expectError(refused, 429, 'rate_limited')
      expect(refused.headers['retry-after']).toBe('1')
      expect((await connect(nodes.a, other)).status).toBe(101)
    })

    test('what is no text of a member has a rate too: of refusals one a second is told', async () => {
      const json = await JsonConnection.open(nodes.a, '127.0.4.4')
      noteSecrets('127.0.4.4')
      for (let at = 0; at < 300; at += 1) json.sayRaw(`{"command":"${at}"}`)
      json.say({ command: 'send', roomId: crypto.randomUUID(), ref: 'the-last', message: 'x' })
      await json.next('failed', ({ ref }) => ref === 'the-last')
      const codes = json.all('failed').map(({ code }) => code)
      const invalid = codes.filter((code) => code === 'invalid').length
      expect(invalid).toBeGreaterThanOrEqual(100)
      expect(invalid).toBeLessThan(115)
      expect(codes.slice(invalid)).toEqual(['rate_limited', 'rate_limited'])
    })
  },
  { RATE_LIMIT: 'on', JOIN_RATE: '1/8' },
)

test('MAX_CONNECTION_ROOMS: one room more is `full`, a join under way counts, a leave makes room', async () => {
  const { a } = await startNodes('embedded', { RATE_LIMIT: 'off', MAX_CONNECTION_ROOMS: '3' })
  const roomIds = await Promise.all(Array.from({ length: 5 }, () => createRoom(a)))
  const json = await JsonConnection.open(a)
  expect(json.all('welcome')[0]?.limits.maxRooms).toBe(3)
  for (const roomId of roomIds) json.say({ command: 'join', roomId })
  await json.has('five answers', () => json.all('room').length + json.all('failed').length === 5)
  expect(json.all('room').map(({ roomId }) => roomId)).toEqual(roomIds.slice(0, 3))
  expect(json.all('failed')).toMatchObject(
    roomIds.slice(3).map((roomId) => ({ roomId, code: 'full' })),
  )
  json.say({ command: 'leave', roomId: roomIds[0]! })
  await json.join(roomIds[4]!)
  const another = await JsonConnection.open(a)
  for (const roomId of roomIds.slice(0, 3)) await another.join(roomId)
})

test('contract 7: ALLOWED_ORIGINS holds for the JSON dialect too', async () => {
  const allowed = 'https://chat.example'
  const { a } = await startNodes('embedded', { ALLOWED_ORIGINS: allowed })
  const from = '127.0.0.1'
  for (const headers of [{}, { origin: allowed }]) {
    const { status, headers: told } = await connect(a, from, headers)
    expect([status, told['sec-websocket-protocol']]).toEqual([101, SUBPROTOCOL])
  }
  for (const origin of ['https://elsewhere.example', 'http://chat.example', 'null']) {
    expectError(await connect(a, from, { origin }), 403, 'forbidden')
  }
})

test('an overloaded node takes no JSON connection and no join, and those who are in talk on', async () => {
  const { a } = await startNodes('embedded', { RATE_LIMIT: 'off' })
  const [roomId, another] = [await createRoom(a), await createRoom(a)]
  const json = await JsonConnection.join(a, roomId)
  await json.next('message')
  const end = stutter(a)
  const ask = () => connect(a, '127.0.0.1')
  const refused = await eventually('overload', ask, ({ status }) => status !== 101)
  expectError(refused, 503, 'overloaded')
  const join = async () => {
    json.say({ command: 'join', roomId: another })
    const answer = await json.any()
    if (answer.event === 'room') json.say({ command: 'leave', roomId: another })
    return answer
  }
  const answer = await eventually('overload', join, ({ event }) => event === 'failed')
  expect(answer).toMatchObject({ roomId: another, code: 'overloaded' })
  json.send(roomId, 'r', 'talking goes on')
  await json.next('ack')
  end()
  await eventually('a connection', ask, ({ status }) => status === 101)
  await eventually('a join', join, ({ event }) => event === 'room')
})
