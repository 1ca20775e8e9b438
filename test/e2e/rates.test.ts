import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { eventually } from './deadline.ts'
import { flood, floodJson } from './flood.ts'
import {
  type Answer,
  call,
  createRoom,
  expectError,
  history,
  type Listening,
  UPGRADE_HEADERS,
} from './http.ts'
import { JsonConnection } from './json-connection.ts'
import { Member } from './member.ts'
import { inBothModes, startNodes } from './modes.ts'
import { PING, RawSocket, rawFrame, TEXT } from './raw-socket.ts'
import { noteSecrets } from './secrets.ts'
import { stutter } from './stutter.ts'
import type { WireMessage } from './wire.ts'

const post = (node: Listening, from: string): Promise<Answer> =>
  call(node, 'POST', '/api/room', { from })

/** Asks for a WebSocket from an address and lets go of it at once. */
const join = (node: Listening, roomId: string, from: string): Promise<Answer> =>
  call(node, 'GET', `/api/serve/${roomId}`, { from, headers: UPGRADE_HEADERS })

const statuses = async (count: number, ask: () => Promise<Answer>): Promise<readonly number[]> => {
  const answers: number[] = []
  for (let at = 0; at < count; at += 1) answers.push((await ask()).status)
  return answers
}

const times = (count: number, status: number): readonly number[] =>
  Array.from({ length: count }, () => status)

const expectRateLimited = (answer: Answer): void => {
  expectError(answer, 429, 'rate_limited')
  expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/)
}

const BYTES = 16_384

inBothModes(
  'rates',
  (nodes) => {
    test('a paste of twenty lines passes, and of a hundred', async () => {
      const roomId = await createRoom(nodes.a)
      const [ada, bob] = await Member.joinInTurn([nodes.a, nodes.b], roomId, 2)
      const lines = Array.from({ length: 100 }, (_, at) => `line ${at + 1} of a paste`)
      for (const line of lines) ada!.say(line)
      await ada!.hasChats(100)
      await bob!.hasChats(100)
      expect([ada!.chats, bob!.chats]).toEqual([lines, lines])
    })

    test('contract 5: a text over the rate is failed, once a second, and it recovers', async () => {
      const roomId = await createRoom(nodes.a)
      const [ada, bob] = await Member.joinInTurn([nodes.a, nodes.b], roomId, 2)
      for (let at = 1; at <= 150; at += 1) ada!.say(`text ${at} of too many`)
      const failed = await ada!.until('failed', ({ type }) => type === 'failed')
      const cut = Number(/text (\d+)/.exec(failed.message.message)?.[1])
      expect(cut).toBeGreaterThan(100)
      expect(failed.message).toMatchObject({
        memberId: ada!.id,
        memberName: ada!.name,
        message: `Not sent: you are sending too fast, wait a little. "text ${cut} of too many"`,
      })
      await bob!.exchange('others may still talk')
      await ada!.untilChat('others may still talk')
      let tries = 0
      await eventually(
        'a text that passes again',
        async () => {
          tries += 1
          ada!.say(`again ${tries}`)
          return ada!.chats
        },
        (chats) => chats.some((text) => text.startsWith('again')),
      )
      expect(ada!.frames.filter(({ message }) => message.type === 'failed').length).toBe(1)
      expect((await history(nodes.b, roomId)).messages.map(({ type }) => type)).not.toContain(
        'failed',
      )
    })

    test('bytes have a rate of their own', async () => {
      const roomId = await createRoom(nodes.a)
      const ada = await Member.join(nodes.a, roomId)
      // Four bytes a character: it is not the characters that count.
      const texts = Array.from({ length: 48 }, (_, at) => `${at + 10}`.padEnd(BYTES - 4094 * 4))
      for (const text of texts) ada.say(`${text}${'😀'.repeat(4094)}`)
      await ada.until('failed', ({ type }) => type === 'failed')
      await ada.hasChats(32)
      expect(ada.chats.length).toBeLessThan(36)
    })

    test('rooms over the rate of an address are 429, others are not, and it recovers', async () => {
      const [from, other] = ['127.0.1.1', '127.0.1.2']
      noteSecrets(from, other)
      const ask = () => post(nodes.a, from)
      expect(await statuses(8, ask)).toEqual(times(8, 200))
      expectRateLimited(await ask())
      expect((await post(nodes.a, other)).status).toBe(200)
      await eventually('a room again', ask, ({ status }) => status === 200)
    })

    test('joins over the rate of an address are 429 and leave no trace; it recovers', async () => {
      const roomId = await createRoom(nodes.a)
      const [from, other] = ['127.0.2.1', '127.0.2.2']
      noteSecrets(from, other)
      const ask = () => join(nodes.a, roomId, from)
      expect(await statuses(8, ask)).toEqual(times(8, 101))
      expectRateLimited(await ask())
      expect((await join(nodes.a, roomId, other)).status).toBe(101)
      const types = async () =>
        (await history(nodes.b, roomId)).messages.map(({ type }) => type).sort()
      const nine = [...Array<string>(9).fill('joined'), ...Array<string>(9).fill('left')]
      expect(await eventually('nine lefts', types, ({ length }) => length >= 18)).toEqual(nine)
      await eventually('a member again', ask, ({ status }) => status === 101)
    })

    test('guessing room ids is limited as joining is', async () => {
      const from = '127.0.3.1'
      noteSecrets(from)
      const guess = () => join(nodes.a, randomUUID(), from)
      expect(await statuses(8, guess)).toEqual(times(8, 404))
      expectRateLimited(await guess())
      expect((await join(nodes.a, 'malformed', from)).status).toBe(404)
    })

    test('pings over a generous rate are a flood: 1008 and a left', async () => {
      const roomId = await createRoom(nodes.a)
      const bob = await Member.join(nodes.b, roomId)
      const socket = await RawSocket.upgraded(nodes.a, `/api/serve/${roomId}`)
      const joined = JSON.parse((await socket.frameOf(TEXT)).toString('utf8')) as WireMessage
      socket.send(...Array.from({ length: 150 }, () => rawFrame(PING, 'ping')))
      socket.send(rawFrame(TEXT, 'still here after many pings'))
      await bob.untilChat('still here after many pings')
      for (let at = 0; at < 10; at += 1) {
        socket.send(...Array.from({ length: 100 }, () => rawFrame(PING, 'ping')))
      }
      expect(await socket.closeCode()).toBe(1008)
      socket.end()
      await socket.ended()
      await bob.untilLeft(joined.memberId)
    })
  },
  { RATE_LIMIT: 'on', JOIN_RATE: '1/8', ROOM_RATE: '1/8' },
)

test('a flood of ten seconds is closed with 1008 and leaves a left; nobody else notices', async () => {
  const nodes = await startNodes('cluster', { RATE_LIMIT: 'on' })
  const roomId = await createRoom(nodes.a)
  const [ada, bob] = await Member.joinInTurn([nodes.a, nodes.b], roomId, 2)
  const json = await JsonConnection.join(nodes.a, roomId)
  const idle = await JsonConnection.open(nodes.a)
  const start = performance.now()
  flood(ada!, 50)
  floodJson(json, (at) => ({ command: 'send', roomId, ref: `r-${at}`, message: `text ${at}` }))
  floodJson(idle, () => ({ command: 'typing', roomId }))
  const { code } = await ada!.closed(20_000)
  const seconds = (performance.now() - start) / 1_000
  expect(code).toBe(1008)
  expect(seconds).toBeGreaterThan(9.9)
  expect(seconds).toBeLessThan(13)
  await bob!.untilLeft(ada!.id)
  expect(await Promise.all([json.closed(), idle.closed()])).toMatchObject([
    { code: 1008 },
    { code: 1008 },
  ])
  await bob!.exchange('peace at last')

  const failed = ada!.frames.filter(({ message }) => message.type === 'failed')
  expect(failed.length).toBeGreaterThan(5)
  expect(failed.length).toBeLessThanOrEqual(13)
  const { messages } = await history(nodes.b, roomId)
  const of = (type: string, id = ada!.id) =>
    messages.filter((message) => message.type === type && message.memberId === id)
  expect(of('left').length).toBe(1)
  expect(of('chat').length).toBeGreaterThanOrEqual(100)
  expect(of('chat').length).toBeLessThanOrEqual(100 + Math.ceil(seconds * 10))

  // Of what is sent under a ref, every one is answered as long as there is a connection.
  const { id } = json.room.you
  expect(of('left', id)).toEqual([])
  const stored = of('chat', id).map((message) => message.id)
  const acked = json.all('ack').map((ack) => ack.id)
  expect(stored.slice(0, acked.length)).toEqual(acked)
  expect(stored.length - acked.length).toBeLessThan(10)
  expect(json.all('failed').length).toBeGreaterThan(3_000)
  const limited = idle.all('failed').filter((one) => one.code === 'rate_limited')
  expect(limited.length).toBeGreaterThan(5)
  expect(limited.length).toBeLessThanOrEqual(13)
})

test('RATE_LIMIT=off lifts the rates', async () => {
  const { a } = await startNodes('embedded', { RATE_LIMIT: 'off', JOIN_RATE: '1/1' })
  expect(await statuses(150, () => post(a, '127.0.0.1'))).toEqual(times(150, 200))
  const roomId = await createRoom(a)
  const members = await Member.joinInTurn([a], roomId, 5)
  for (let at = 0; at < 300; at += 1) members[0]!.say(`text ${at}`)
  await members[4]!.hasChats(300)
})

test('an overloaded node takes no joins and rooms, goes on with the rest, and recovers', async () => {
  const { a } = await startNodes('embedded')
  const roomId = await createRoom(a)
  const [ada, bob] = await Member.joinInTurn([a], roomId, 2)
  const ask = () => post(a, '127.0.0.1')
  const end = stutter(a)
  const refused = await eventually('overload', ask, ({ status }) => status !== 200)
  expectError(refused, 503, 'overloaded')
  expect(refused.headers['retry-after']).toMatch(/^[1-5]$/)
  const upgrade = await eventually(
    'overload',
    () => join(a, roomId, '127.0.0.1'),
    ({ status }) => status !== 101,
  )
  expectError(upgrade, 503, 'overloaded')
  await ada!.exchange('talking goes on')
  await bob!.untilChat('talking goes on')
  expect((await call(a, 'GET', `/api/room/${roomId}/messages`)).status).toBe(200)
  end()
  await eventually('a room', ask, ({ status }) => status === 200)
  expect((await join(a, roomId, '127.0.0.1')).status).toBe(101)
})
