import { expect, test } from 'vitest'
import { Indexer } from '../../src/domain/indexer.ts'
import type { LoggedMessage, RoomId } from '../../src/ports/model.ts'
import { SEARCH_SEGMENT } from '../../src/ports/search-index.ts'
import { FakeClock } from '../fake-clock.ts'
import { silent } from '../local-node.ts'
import { newRoomId } from '../contract/repository-scene.ts'
import { logged } from './http-fixture.ts'

const STEP_MS = 40

/** An indexer over a repository that takes its time, and has `steps` to do per room. */
const scene = (steps: number) => {
  const clock = new FakeClock()
  const done: { readonly roomId: RoomId; readonly at: number }[] = []
  const warnings: string[] = []
  let failing = 0
  const indexer = new Indexer({
    clock,
    log: { ...silent, warn: (event) => void warnings.push(event) },
    searchIndex: {
      indexWords: async (roomId) => {
        await new Promise<void>((resolve) => void clock.after(STEP_MS, resolve))
        if (failing-- > 0) throw new Error('no')
        done.push({ roomId, at: clock.now() })
        return done.filter((step) => step.roomId === roomId).length < steps
      },
    },
  })
  return { clock, done, warnings, indexer, fail: (times: number) => (failing = times) }
}

const run = (roomId: RoomId, from: number, count: number): LoggedMessage[] =>
  Array.from({ length: count }, (_, at) => logged(roomId, from + at))

test('a room is prepared when the last row of a segment was stored, until nothing is left to do', async () => {
  const { clock, done, indexer } = scene(3)
  const [room, other] = [newRoomId(), newRoomId()]
  indexer.logged(run(room, 1, SEARCH_SEGMENT - 1))
  await clock.advance(5_000)
  expect(done).toEqual([])
  indexer.logged([...run(other, SEARCH_SEGMENT + 1, 5), ...run(room, SEARCH_SEGMENT, 2)])
  await clock.advance(5_000)
  expect(done.map(({ roomId }) => roomId)).toEqual([room, room, room])
  indexer.add(other)
  await clock.advance(5_000)
  expect(done.slice(3).map(({ roomId }) => roomId)).toEqual([other, other, other])
})

test('its pauses are as long as its steps, and nineteen times as long while much is said', async () => {
  const { clock, done, indexer } = scene(20)
  const room = newRoomId()
  indexer.add(room)
  await clock.advance(100 + 5 * 2 * STEP_MS)
  expect(done).toHaveLength(5)
  const before = done.length
  for (let at = 0; at < 40; at += 1) {
    indexer.logged(run(room, 1, 100))
    await clock.advance(100)
  }
  expect(done.length - before).toBeGreaterThan(3)
  expect(done.length - before).toBeLessThan(8)
})

test('a failure is told once, and the room is forgotten until it is heard of again', async () => {
  const { clock, done, warnings, indexer, fail } = scene(1)
  const room = newRoomId()
  fail(2)
  indexer.add(room)
  await clock.advance(1_000)
  indexer.add(room)
  await clock.advance(1_000)
  expect([done, warnings]).toEqual([[], ['room not prepared for search']])
  indexer.add(room)
  await clock.advance(1_000)
  expect(done).toHaveLength(1)
  indexer.stop()
  indexer.add(room)
  await clock.advance(1_000)
  expect(done).toHaveLength(1)
})
