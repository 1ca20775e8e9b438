import { expect, test } from 'vitest'
import { SystemClock } from '../../src/adapters/system/clock.ts'
import { Bucket, Buckets } from '../../src/domain/bucket.ts'
import { Pace } from '../../src/domain/pace.ts'
import type { ServerParts } from '../../src/adapters/http/server.ts'
import { clientFrame, HANDSHAKE, RawClient, request, until } from './http-clients.ts'
import { fixture, listen, SETTINGS } from './http-fixture.ts'
import { ManualClock } from './manual-clock.ts'

const PING = 9
const PONG = 10

const limitsOn = (clock: Pick<ManualClock, 'now'>, burst = 2): ServerParts['limits'] => ({
  joins: new Buckets({ perSecond: 0.5, burst }, clock),
  rooms: new Buckets({ perSecond: 0.1, burst }, clock),
  changes: new Buckets({ perSecond: 0.5, burst }, clock),
  connections: new Buckets({ perSecond: 0.5, burst }, clock),
  pace: () =>
    new Pace(
      { messages: { perSecond: 1, burst: 5 }, messageBytes: { perSecond: 1_000, burst: 10_000 } },
      clock.now(),
    ),
  bucket: (rate) => new Bucket(rate, clock.now()),
})

const setUp = (parts: Partial<ServerParts> = {}, trustProxy: readonly string[] = []) => {
  const clock = new ManualClock()
  const settings = { ...SETTINGS, trustProxy }
  const set = fixture({ limits: limitsOn(clock), settings, ...parts })
  const post = async (remoteAddress: string, forwarded?: string) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
    const answer = await set.app.inject({
      method: 'POST',
      url: '/api/room',
      remoteAddress,
      headers,
    })
    return answer
  }
  const statuses = async (...calls: Parameters<typeof post>[]) => {
    const all: number[] = []
    for (const call of calls) all.push((await post(...call)).statusCode)
    return all
  }
  return { ...set, clock, post, statuses }
}

test('rooms over the rate of an address: 429 with Retry-After, nothing is made, it recovers', async () => {
  const { clock, controller, post, statuses } = setUp()
  expect(await statuses(['192.0.2.1'], ['192.0.2.1'], ['192.0.2.1'])).toEqual([200, 200, 429])
  const refused = await post('::ffff:192.0.2.1')
  expect(refused.statusCode).toBe(429)
  expect(refused.headers).toMatchObject({ 'retry-after': '10', 'cache-control': 'no-store' })
  expect(refused.json()).toEqual({
    error: {
      code: 'rate_limited',
      message: 'Too many requests from your address, wait a little.',
    },
  })
  expect(await statuses(['192.0.2.2'])).toEqual([200])
  expect(controller.calls).toBe(3)
  clock.pass(10_000)
  expect(await statuses(['192.0.2.1'], ['192.0.2.1'])).toEqual([200, 429])
})

test('a request that is refused for what it is costs nothing', async () => {
  const { app, statuses } = setUp()
  for (let count = 0; count < 5; count += 1) {
    await app.inject({ method: 'POST', url: '/api/room', body: 'x', remoteAddress: '192.0.2.1' })
    await app.inject({ method: 'PUT', url: '/api/room', remoteAddress: '192.0.2.1' })
  }
  expect(await statuses(['192.0.2.1'])).toEqual([200])
})

test('IPv6 addresses of one network of 64 bits are one', async () => {
  const { statuses } = setUp()
  expect(
    await statuses(
      ['2001:db8:0:1::1'],
      ['2001:db8:0:1:ffff::'],
      ['2001:db8:0:1:a:b:c:d'],
      ['2001:db8:0:2::1'],
    ),
  ).toEqual([200, 200, 429, 200])
})

test('X-Forwarded-For counts from a trusted proxy only', async () => {
  const { statuses } = setUp()
  expect(
    await statuses(
      ['192.0.2.1', '198.51.100.1'],
      ['192.0.2.1', '198.51.100.2'],
      ['192.0.2.1', '198.51.100.3'],
    ),
  ).toEqual([200, 200, 429])
})

test.each(['192.0.2.1', '::ffff:192.0.2.1'])(
  'TRUST_PROXY: behind %s the last address that is not a proxy counts',
  async (proxy) => {
    const { statuses } = setUp({}, ['192.0.2.0/24', '2001:db8::/32'])
    expect(
      await statuses(
        [proxy, '198.51.100.1'],
        [proxy, '1.2.3.4, 198.51.100.1'],
        [proxy, '4.3.2.1, ::ffff:198.51.100.1'],
        [proxy, '198.51.100.1, 192.0.2.9, 2001:db8::1'],
        [proxy, '198.51.100.1, 198.51.100.2'],
        [proxy],
      ),
    ).toEqual([200, 200, 429, 429, 200, 200])
  },
)

test('TRUST_PROXY: a proxy that forwards no address counts itself', async () => {
  const { statuses } = setUp({}, ['192.0.2.1'])
  const garbage = ['unknown', '\u00ff', '1.2.3.4:80', ' , ,', 'a,b'].map(
    (text): [string, string] => ['192.0.2.1', text],
  )
  expect(await statuses(...garbage)).toEqual([200, 200, 429, 429, 429])
})

test('TRUST_PROXY: a network of mapped addresses does not trust everybody', async () => {
  const { statuses } = setUp({}, ['10.0.0.0/8'])
  expect(
    await statuses(
      ['::ffff:192.0.2.1', '198.51.100.1'],
      ['::ffff:192.0.2.1', '198.51.100.2'],
      ['::ffff:192.0.2.1', '198.51.100.3'],
      ['::ffff:10.0.0.1', '198.51.100.4'],
    ),
  ).toEqual([200, 200, 429, 200])
})

const upgrade = async (port: number, path: string): Promise<string> => {
  const client = new RawClient(port)
  client.send(request(`GET ${path}`, HANDSHAKE))
  await until('an answer', () => client.text.includes('\r\n\r\n'))
  return client.text
}

test('joins over the rate of an address: 429 before the domain knows of it', async () => {
  const { clock, controller, roomId, ...set } = setUp()
  const port = await listen({ ...set, controller, roomId })
  const path = `/api/serve/${roomId}`
  expect(await upgrade(port, '/api/serve/none')).toMatch(/^HTTP\/1.1 404 /)
  for (const _ of [1, 2]) expect(await upgrade(port, path)).toMatch(/^HTTP\/1.1 101 /)
  const refused = await upgrade(port, path)
  expect(refused).toMatch(/^HTTP\/1.1 429 .*\r\nretry-after: 2\r\n.*"rate_limited"/s)
  expect(controller.joins).toHaveLength(2)
  expect(controller.calls).toBe(2)
  clock.pass(2_000)
  expect(await upgrade(port, path)).toMatch(/^HTTP\/1.1 101 /)
})

test('an overloaded node refuses joins and rooms for some seconds, and answers all else', async () => {
  let overloaded = true
  const { controller, roomId, ...set } = setUp({ overloaded: () => overloaded })
  const port = await listen({ ...set, controller, roomId })
  const refused = await set.post('192.0.2.1')
  expect(refused.statusCode).toBe(503)
  expect(refused.headers['retry-after']).toMatch(/^[1-5]$/)
  expect(refused.json()).toMatchObject({ error: { code: 'overloaded' } })
  expect(await upgrade(port, `/api/serve/${roomId}`)).toMatch(/^HTTP\/1.1 503 .*"overloaded"/s)
  expect(controller.calls).toBe(0)
  for (const path of [`room/${roomId}`, `room/${roomId}/messages`, 'readyz', 'healthz']) {
    expect((await set.app.inject(`/api/${path}`)).statusCode).toBe(200)
  }
  overloaded = false
  expect(await set.statuses(['192.0.2.1'], ['192.0.2.1'], ['192.0.2.1'])).toEqual([200, 200, 429])
})

test.each([PING, PONG])(
  'control frames over a generous rate end a member, opcode %i',
  async (code) => {
    const clock = Object.assign(new SystemClock(), { now: () => 0 })
    const { controller, roomId, ...set } = setUp({ clock, limits: limitsOn(clock) })
    const port = await listen({ ...set, controller, roomId })
    const client = new RawClient(port)
    client.send(request(`GET /api/serve/${roomId}`, HANDSHAKE))
    client.send(...Array.from({ length: 200 }, () => clientFrame(code)), clientFrame(1, 'a'))
    await until('the text after them', () => controller.joins[0]?.posts.length === 1)
    expect(controller.joins[0]?.left).toBe(0)
    client.send(clientFrame(code), clientFrame(1, 'b'))
    await until('the text after that', () => controller.joins[0]?.posts.length === 2)
    expect(controller.joins[0]?.left).toBe(1)
  },
)
