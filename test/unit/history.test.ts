import { expect, test } from 'vitest'
import { History } from '../../src/domain/history.ts'
import { RoomError } from '../../src/ports/errors.ts'
import type { LoggedMessage, RoomId } from '../../src/ports/model.ts'
import { ids } from './fake-controller.ts'
import { logged, Logs } from './http-fixture.ts'
import { ManualClock } from './manual-clock.ts'

const setUp = (length: number, text?: string) => {
  const logs = new Logs()
  const clock = new ManualClock()
  const roomId = ids.roomId()
  const log = Array.from({ length }, (_, at) => logged(roomId, at + 1, text))
  logs.rooms.set(roomId, log)
  return { logs, clock, roomId, log, history: new History(logs, clock) }
}

const seqs = (messages: readonly LoggedMessage[]) => messages.map(({ seq }) => seq)

const drain = async (pages: AsyncIterable<readonly LoggedMessage[]>) => {
  const all: LoggedMessage[][] = []
  for await (const page of pages) all.push([...page])
  return all
}

const ticks = async () => {
  for (let count = 0; count < 20; count += 1) await Promise.resolve()
}

test('excerpt: the newest, those before, those after; and whether there are more', async () => {
  const { history, roomId, log } = setUp(5)
  const id = (seq: number) => log[seq - 1]!.id
  const cases = [
    [{ newest: true, limit: 2 }, [4, 5], true, false],
    [{ newest: true, limit: 5 }, [1, 2, 3, 4, 5], false, false],
    [{ newest: true, limit: 9 }, [1, 2, 3, 4, 5], false, false],
    [{ before: id(4), limit: 2 }, [2, 3], true, true],
    [{ before: id(4), limit: 3 }, [1, 2, 3], false, true],
    [{ before: id(1), limit: 3 }, [], false, false],
    [{ after: id(2), limit: 2 }, [3, 4], true, true],
    [{ after: id(2), limit: 3 }, [3, 4, 5], true, false],
    [{ after: id(5), limit: 3 }, [], false, false],
  ] as const
  for (const [range, expected, older, newer] of cases) {
    const excerpt = await history.excerpt(roomId, range)
    expect({ ...excerpt, messages: seqs(excerpt.messages) }).toEqual({
      messages: expected,
      older,
      newer,
    })
  }
})

test('an unknown room is not_found, a cursor that is not in it invalid', async () => {
  const { history, roomId } = setUp(1)
  const other = ids.roomId()
  await expect(history.all(other)).rejects.toMatchObject({ code: 'not_found' })
  await expect(history.excerpt(other, { newest: true, limit: 1 })).rejects.toMatchObject({
    code: 'not_found',
  })
  await expect(history.excerpt(roomId, { after: ids.messageId(), limit: 1 })).rejects.toMatchObject(
    { code: 'invalid' },
  )
})

test('all: pages of 500 rows, each read when it is asked for', async () => {
  const { history, logs, roomId } = setUp(1_200)
  const pages = (await history.all(roomId))[Symbol.asyncIterator]()
  expect(logs.reads.length).toBe(1)
  const lengths: number[] = []
  for (let next = await pages.next(); next.done !== true; next = await pages.next()) {
    lengths.push(next.value.length)
    expect(logs.reads.length).toBe(lengths.length)
  }
  expect(lengths).toEqual([500, 500, 200])
  expect(logs.reads).toEqual(
    [0, 500, 1_000].map((after) => ({ after, limit: 500, maxBytes: 262_144 })),
  )
})

test('all: a page of long texts ends at 256 KiB', async () => {
  const { history, roomId } = setUp(40, 'x'.repeat(16_384))
  const pages = await drain(await history.all(roomId))
  expect(pages.map(({ length }) => length)).toEqual([16, 16, 8])
  expect(seqs(pages.flat())).toEqual(Array.from({ length: 40 }, (_, at) => at + 1))
})

test('all: ends at what was the last seq when it began, however the log grows', async () => {
  const { history, logs, log, roomId } = setUp(700)
  logs.onRead = () => {
    for (let count = 0; count < 300; count += 1) log.push(logged(roomId, log.length + 1))
  }
  const pages = await drain(await history.all(roomId))
  expect(seqs(pages.flat())).toEqual(Array.from({ length: 1_000 }, (_, at) => at + 1))
})

test('all: an empty log has no pages', async () => {
  const { history, roomId } = setUp(0)
  expect(await drain(await history.all(roomId))).toEqual([])
})

test.for([
  ['the room goes away', 'not_found', (logs: Logs, roomId: RoomId) => logs.rooms.delete(roomId)],
  [
    'the log goes back',
    'unavailable',
    (logs: Logs, roomId: RoomId) => logs.rooms.get(roomId)?.splice(100),
  ],
  [
    'the repository fails',
    'unavailable',
    () => {
      throw new RoomError('unavailable', 'no')
    },
  ],
] as const)('all: throws when %s on the way', async ([, code, fault]) => {
  const { history, logs, roomId } = setUp(700)
  logs.onRead = (count) => {
    if (count === 2) fault(logs, roomId)
  }
  const pages = await history.all(roomId)
  await expect(drain(pages)).rejects.toMatchObject({ code })
})

test('four reads at a time, the others in their order', async () => {
  const { history, logs, roomId } = setUp(3)
  const begun: number[] = []
  const release: (() => void)[] = []
  logs.onRead = (count) => {
    begun.push(logs.reads[count - 1]!.limit)
    return new Promise((resolve) => release.push(resolve))
  }
  const reads = [1, 2, 3, 4, 5, 6, 7].map((limit) =>
    history.excerpt(roomId, { newest: true, limit }),
  )
  await ticks()
  expect(begun).toEqual([1, 2, 3, 4])
  release[2]!()
  await ticks()
  expect(begun).toEqual([1, 2, 3, 4, 5])
  while (release.length > 0) {
    release.shift()!()
    await ticks()
  }
  expect(begun).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect((await Promise.all(reads)).length).toBe(7)
})

test('a failed read gives its turn back', async () => {
  const { history, logs, clock, roomId } = setUp(3)
  logs.onRead = (count) => {
    if (count <= 8) throw new RoomError('unavailable', 'no')
  }
  const read = () => history.excerpt(roomId, { newest: true, limit: 1 })
  for (let count = 0; count < 8; count += 1) {
    await expect(read()).rejects.toMatchObject({ code: 'unavailable' })
  }
  expect(seqs((await read()).messages)).toEqual([3])
  expect(clock.timers).toBe(0)
})

test('who waits longer than 2 s, or as the 257th, is refused as overloaded', async () => {
  const { history, logs, clock, roomId } = setUp(3)
  const release: (() => void)[] = []
  logs.onRead = () => new Promise((resolve) => release.push(resolve))
  const read = () => history.excerpt(roomId, { newest: true, limit: 1 })
  const working = [read(), read(), read(), read()]
  await ticks()
  const waiting = Array.from({ length: 256 }, read)
  const outcomes = Promise.allSettled(waiting)
  await expect(read()).rejects.toMatchObject({ code: 'overloaded' })
  clock.pass(1_999)
  release.shift()!()
  await ticks()
  clock.pass(1)
  release.forEach((go) => go())
  await ticks()
  release.forEach((go) => go())
  const results = await outcomes
  expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(1)
  expect(results[0]!.status).toBe('fulfilled')
  expect(results[1]).toMatchObject({ reason: { code: 'overloaded' } })
  await Promise.all(working)
  logs.onRead = () => {}
  expect(seqs((await read()).messages)).toEqual([3])
  expect(clock.timers).toBe(0)
})
