import { expect, test } from 'vitest'
import { fixture } from './http-fixture.ts'
import { ManualClock } from './manual-clock.ts'

const forever = new Promise<never>(() => {})

const ticks = async () => {
  for (let count = 0; count < 20; count += 1) await new Promise(setImmediate)
}

test('livez is always 200, readyz while joins are taken; both with an empty body', async () => {
  const { app, controller } = fixture()
  expect((await app.inject('/api/readyz')).statusCode).toBe(200)
  controller.accepting = false
  const ready = await app.inject('/api/readyz')
  expect([ready.statusCode, ready.body, ready.headers['retry-after']]).toEqual([503, '', '1'])
  const live = await app.inject('/api/livez')
  expect([live.statusCode, live.body]).toEqual([200, ''])
  expect((await app.inject({ method: 'HEAD', url: '/api/livez' })).statusCode).toBe(200)
})

test.for([
  ['both answer', undefined, undefined, 200],
  ['the repository fails', new Error('no'), undefined, 503],
  ['the queue fails', undefined, new Error('no'), 503],
] as const)('healthz: %s', async ([, repository, queue, status]) => {
  const ping = (error?: Error) => () => (error ? Promise.reject(error) : Promise.resolve())
  const { app } = fixture({ pings: { repository: ping(repository), queue: ping(queue) } })
  const answer = await app.inject('/api/healthz')
  expect([answer.statusCode, answer.body]).toEqual([status, ''])
})

test('healthz answers 503 after 900 ms when a service does not answer', async () => {
  const clock = new ManualClock()
  const { app } = fixture({ clock, pings: { repository: async () => {}, queue: () => forever } })
  await app.ready()
  let status = 0
  const answered = app.inject('/api/healthz').then((answer) => {
    status = answer.statusCode
  })
  await ticks()
  clock.pass(899)
  await ticks()
  expect(status).toBe(0)
  clock.pass(1)
  await answered
  expect(status).toBe(503)
  expect(clock.timers).toBe(0)
})

test('healthz pings once for all who ask during 250 ms, then again', async () => {
  const clock = new ManualClock()
  let pings = 0
  let well = true
  const repository = async () => {
    pings += 1
    if (!well) throw new Error('no')
  }
  const { app } = fixture({ clock, pings: { repository, queue: async () => {} } })
  const ask = async () => (await app.inject('/api/healthz')).statusCode
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([200, 200, 200])
  expect(pings).toBe(1)
  well = false
  clock.pass(249)
  expect([await ask(), pings]).toEqual([200, 1])
  clock.pass(1)
  expect([await ask(), pings]).toEqual([503, 2])
  well = true
  clock.pass(250)
  expect([await ask(), pings]).toEqual([200, 3])
})
