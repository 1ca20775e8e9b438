import { expect, onTestFinished, test } from 'vitest'
import { EventLoopGauge } from '../../src/adapters/system/event-loop.ts'
import { eventually } from '../eventually.ts'

const start = (): EventLoopGauge => {
  const gauge = new EventLoopGauge()
  gauge.start()
  onTestFinished(() => gauge.stop())
  return gauge
}

/** Holds this process up, in one piece. */
const block = (ms: number): void => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Works for some time in pieces, and tells whether the gauge ever found it too much. */
const work = async (gauge: EventLoopGauge, ms: number, piece: number): Promise<boolean> => {
  const end = performance.now() + ms
  let overloaded = false
  while (performance.now() < end) {
    block(piece)
    await turn()
    overloaded ||= gauge.overloaded
  }
  return overloaded
}

test('a loop that is late again and again is overloaded, and is not when that is over', async () => {
  const gauge = start()
  expect(gauge.overloaded).toBe(false)
  expect(await work(gauge, 4_000, 800)).toBe(true)
  await eventually('calm', () => !gauge.overloaded, 2_000)
})

test('one stall is not overload, however long', async () => {
  const gauge = start()
  expect(await work(gauge, 500, 1_700)).toBe(false)
  expect(await work(gauge, 700, 1)).toBe(false)
})

test('a loop that is always busy and never late is not overloaded', async () => {
  expect(await work(start(), 1_000, 15)).toBe(false)
  expect(await work(start(), 2_500, 250)).toBe(false)
})
