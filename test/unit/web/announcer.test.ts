import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Message } from '../../../src/client/client.ts'
import { Announcer } from '../../../web/src/announcer.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const said = (message: string): Message => ({
  ...{ seq: 1, id: 'id', roomId: 'room', memberId: 'member', memberName: 'Quiet Wasp' },
  ...{ type: 'chat', message, sent: '2026-01-01T00:00:00.000Z' },
})

test('one message is read out with its name, once, and not without an end', () => {
  const told: string[] = []
  const announcer = new Announcer(() => told.push(announcer.text))
  announcer.hear(said('hello'))
  vi.advanceTimersByTime(1_000)
  announcer.hear(said('x'.repeat(10_000)))
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual(['Quiet Wasp: hello', `Quiet Wasp: ${'x'.repeat(200)}`])
})

test('of many that come together it is said how many they are', () => {
  const told: string[] = []
  const announcer = new Announcer(() => told.push(announcer.text))
  for (let at = 0; at < 1_000; at += 1) announcer.hear(said('flood'))
  vi.advanceTimersByTime(1_000)
  expect(told).toEqual(['1,000 new messages'])
})

test('what is edited or deleted is not read out any more, neither before nor after', () => {
  const announcer = new Announcer(() => {})
  announcer.hear(said('at once'))
  announcer.forget('id')
  vi.advanceTimersByTime(1_000)
  expect(announcer.text).toBe('')
  announcer.hear(said('too late'))
  vi.advanceTimersByTime(1_000)
  expect(announcer.text).toBe('Quiet Wasp: too late')
  announcer.forget('another id')
  expect(announcer.text).toBe('Quiet Wasp: too late')
  announcer.forget('id')
  expect(announcer.text).toBe('')
})
