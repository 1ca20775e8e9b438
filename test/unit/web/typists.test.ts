import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Typists } from '../../../web/src/typists.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const OTTER = { id: 'otter', name: 'Silver Otter' }
const WASP = { id: 'wasp', name: 'Quiet Wasp' }

test('who says every two seconds that they are typing is typing, and stops when nothing comes', () => {
  let changes = 0
  const typists = new Typists(() => (changes += 1))
  typists.add(OTTER)
  vi.advanceTimersByTime(2_000)
  typists.add(OTTER)
  typists.add(WASP)
  vi.advanceTimersByTime(2_000)
  typists.add(OTTER)
  vi.advanceTimersByTime(3_000)
  expect(typists.names).toEqual([OTTER.name])
  vi.advanceTimersByTime(2_000)
  expect(typists.names).toEqual([])
  expect([changes, vi.getTimerCount()]).toEqual([6, 0])
})

test('who has said it, or left, is not typing any more; nothing of it stays', () => {
  const typists = new Typists(() => {})
  typists.add(OTTER)
  typists.add(WASP)
  typists.remove(OTTER.id)
  expect(typists.names).toEqual([WASP.name])
  typists.clear()
  expect([typists.names, vi.getTimerCount()]).toEqual([[], 0])
})
