import { expect, test } from 'vitest'
import { Pace, type Verdict } from '../../src/domain/pace.ts'
import { utf8Bytes } from '../../src/domain/text.ts'
import { openWorld } from '../local-node.ts'

const RATES = {
  messages: { perSecond: 10, burst: 100 },
  messageBytes: { perSecond: 65_536, burst: 524_288 },
}

const count = (verdicts: readonly Verdict[]) => {
  const counts = { pass: 0, tell: 0, drop: 0, flood: 0 }
  for (const verdict of verdicts) counts[verdict] += 1
  return counts
}

const judge = (pace: Pace, texts: number, now: number, bytes = 10) =>
  count(Array.from({ length: texts }, () => pace.judge(bytes, now)))

test('a paste of a hundred lines passes; of what is over, the sender is told once a second', () => {
  const pace = new Pace(RATES, 0)
  expect(judge(pace, 250, 0)).toEqual({ pass: 100, tell: 1, drop: 149, flood: 0 })
  expect(judge(pace, 50, 999)).toEqual({ pass: 9, tell: 0, drop: 41, flood: 0 })
  expect(judge(pace, 50, 1_000)).toEqual({ pass: 1, tell: 1, drop: 48, flood: 0 })
})

test('bytes have a rate of their own, and a text refused for them costs no message', () => {
  const pace = new Pace(RATES, 0)
  expect(judge(pace, 40, 0, 16_384)).toEqual({ pass: 32, tell: 1, drop: 7, flood: 0 })
  expect(judge(pace, 2, 250, 16_384)).toEqual({ pass: 1, tell: 0, drop: 1, flood: 0 })
  expect(judge(pace, 200, 250, 0)).toEqual({ pass: 69, tell: 0, drop: 131, flood: 0 })
})

test('ten seconds over the rate without a pause are a flood', () => {
  const pace = new Pace(RATES, 0)
  for (let now = 0; now < 10_000; now += 20) expect(pace.judge(1, now)).not.toBe('flood')
  // The burst lasted for two seconds.
  const verdicts = []
  for (let now = 10_000; now < 14_000; now += 20) {
    verdicts.push(pace.judge(1, now))
    if (verdicts.at(-1) === 'flood') break
  }
  expect(verdicts.at(-1)).toBe('flood')
  expect(10_000 + verdicts.length * 20).toBeGreaterThan(11_900)
  expect(10_000 + verdicts.length * 20).toBeLessThan(13_000)
})

test('a second without a refused text is a pause', () => {
  const pace = new Pace(RATES, 0)
  judge(pace, 200, 0)
  for (let now = 500; now <= 9_500; now += 500) judge(pace, 20, now)
  expect(judge(pace, 20, 10_499)).toMatchObject({ flood: 11 })
  const other = new Pace(RATES, 0)
  judge(other, 200, 0)
  for (let now = 500; now <= 9_500; now += 500) judge(other, 20, now)
  for (let now = 10_500; now <= 20_000; now += 500) {
    expect(judge(other, 20, now)).toMatchObject({ flood: 0 })
  }
})

test('bytes are those of UTF-8', () => {
  for (const text of ['', 'abc', 'é', 'ÿĀ߿', 'ࠀ', '￿', '😀', 'a\u0000é→😀'.repeat(100)]) {
    expect(utf8Bytes(text)).toBe(Buffer.byteLength(text))
  }
})

const openRoom = async () => {
  const world = openWorld()
  const node = await world.startNode({ rates: RATES })
  const { id } = await node.createRoom()
  return { ...world, node, ada: await world.join(node, id), bob: await world.join(node, id), id }
}

test('a text over the rate comes back as one failed a second; others get what passed', async () => {
  const { clock, ada, bob } = await openRoom()
  for (let line = 1; line <= 130; line += 1) ada.member.post(`line ${line}`)
  await clock.advance(10)
  expect(bob.connection.texts).toEqual(Array.from({ length: 100 }, (_, at) => `line ${at + 1}`))
  expect(ada.connection.refused).toMatchObject([
    {
      code: 'rate_limited',
      failed: {
        type: 'failed',
        message: 'Not sent: you are sending too fast, wait a little. "line 101"',
        memberId: ada.member.id,
      },
    },
  ])
  await clock.advance(990)
  for (let line = 0; line < 30; line += 1) ada.member.post(`more ${line}`)
  await clock.advance(10)
  expect(bob.connection.texts).toHaveLength(110)
  expect(ada.connection.refused).toHaveLength(2)
  bob.member.post('not touched by it')
  await clock.advance(10)
  expect(ada.connection.texts.at(-1)).toBe('not touched by it')
})

test('what is not stored counts too: texts that are empty, too long or not valid', async () => {
  const { clock, ada } = await openRoom()
  for (let post = 0; post < 30; post += 1) ada.member.post('\n')
  for (let post = 0; post < 5; post += 1) ada.member.post('x'.repeat(16_385))
  for (let post = 0; post < 64; post += 1) ada.member.post('\0')
  expect(ada.connection.refused).toHaveLength(69)
  ada.member.post('the hundredth')
  ada.member.post('one more')
  for (let post = 0; post < 30; post += 1) ada.member.post('')
  await clock.advance(10)
  expect(ada.connection.texts).toEqual(['the hundredth'])
  expect(ada.connection.refused.slice(69).map(({ code }) => code)).toEqual(['rate_limited'])
})

test('a flood ends with its close reason and a stored left', async () => {
  const { clock, ada, bob, logOf, id } = await openRoom()
  for (let second = 0; second < 15 && !ada.connection.closed; second += 0.1) {
    for (let post = 0; post < 20; post += 1) ada.member.post('again')
    await clock.advance(100)
  }
  expect(ada.connection.closed).toBe('flood')
  expect(clock.now()).toBeGreaterThan(10_000)
  expect(clock.now()).toBeLessThan(12_000)
  expect(bob.connection.messages.at(-1)).toMatchObject({ type: 'left', memberId: ada.member.id })
  expect((await logOf(id)).filter(({ type }) => type === 'left')).toHaveLength(1)
  expect(ada.connection.refused.length).toBeLessThanOrEqual(11)
})

test('without rates anything passes', async () => {
  const { startNode, clock, join } = openWorld()
  const node = await startNode()
  const { id } = await node.createRoom()
  const { member, connection } = await join(node, id)
  for (let post = 0; post < 1_000; post += 1) member.post('quick')
  await clock.advance(100)
  expect(connection.texts).toHaveLength(1_000)
})
