import { expect, test } from 'vitest'
import type { Message, Room } from '../../../src/client/api.ts'
import type { FakeClock } from '../../fake-clock.ts'
import { eventually } from '../../eventually.ts'
import { message, openClient, room, ROOM_ID, without } from './scripted-node.ts'

/** A log as long as wanted, and the history of it that a node gives. */
const openLog = (length: number) => {
  const log = Array.from({ length }, (_, at) => message(at + 1))
  const page = (url: URL): readonly Message[] => {
    const { after, limit } = Object.fromEntries(url.searchParams)
    return log.slice(Number(after), Number(after) + Number(limit)).map(without)
  }
  return { log, page }
}

/** In the room from the beginning of a log, with all of it told. */
const replay = async (length: number) => {
  const { log, page } = openLog(length)
  const failing = { times: 0 }
  const opened = openClient({
    page: (url) => {
      failing.times -= 1
      if (failing.times >= 0) throw new Error('no answer')
      return page(url)
    },
  })
  const { last, client, clock } = opened
  last().welcome()
  const joining = client.join(ROOM_ID, { after: 0 })
  last().tell(room({ seq: length }))
  const there = await joining
  await clock.advance(0)
  last().tell(...log)
  return { ...opened, log, there, failing }
}

const readTo = async (
  messages: AsyncIterable<Message>,
  end: number,
): Promise<readonly Message[]> => {
  const read: Message[] = []
  for await (const each of messages) {
    read.push(each)
    if (each.seq === end) break
  }
  return read
}

const moving = async <T>(clock: FakeClock, promise: Promise<T>): Promise<T> => {
  let isDone = false
  void promise.finally(() => (isDone = true)).catch(() => {})
  while (!isDone) await clock.advance(100)
  return promise
}

test('every iterator gives all messages from where the join began, each by itself', async () => {
  const { there, log, last } = await replay(500)
  const all = log.map(without)
  expect(await readTo(there, 500)).toEqual(all)
  const [fast, slow] = [there[Symbol.asyncIterator](), there[Symbol.asyncIterator]()]
  const slowly: unknown[] = []
  for (let seq = 1; seq <= 500; seq += 1) {
    expect((await fast.next()).value).toEqual(all[seq - 1])
    slowly.push(...(seq % 5 === 0 ? [(await slow.next()).value] : []))
  }
  expect(slowly).toEqual(all.slice(0, 100))
  const waiting = fast.next()
  const next = message(501)
  last().tell(next)
  expect(await waiting).toEqual({ done: false, value: without(next) })
})

test('messages(after) begins elsewhere: in the past, now, or in the future', async () => {
  const { there, last, log } = await replay(20)
  expect((await readTo(there.messages(5), 20)).map(({ seq }) => seq)).toEqual(
    Array.from({ length: 15 }, (_, at) => at + 6),
  )
  const [now, later] = [there.messages(there.seq).next(), there.messages(22).next()]
  last().tell(message(21), message(22), message(23))
  expect([(await now).value?.seq, (await later).value?.seq]).toEqual([21, 23])
  expect(log).toHaveLength(20)
})

test('a reader far behind reads history, page by page, and nothing is held for it', async () => {
  const { there, log, asked } = await replay(5_000)
  expect(await readTo(there, 5_000)).toEqual(log.map(without))
  // 4,000 in pages of 200; the last 1,000 are held.
  expect(asked.map((url) => `${url.pathname}${url.search}`)).toEqual(
    Array.from(
      { length: 20 },
      (_, at) => `/api/room/${ROOM_ID}/messages?limit=200&after=${at * 200}`,
    ),
  )
})

test('large messages are held by their size, not their number', async () => {
  const { there, last, asked } = await replay(0)
  for (let seq = 1; seq <= 100; seq += 1) last().tell(message(seq, { message: 'x'.repeat(16_384) }))
  void there.messages(30).next()
  await eventually('a page', () => asked.length === 1)
  expect((await there.messages(40).next()).value?.seq).toBe(41)
})

test('history that cannot be had now is asked for again', async () => {
  const { there, failing, clock, asked } = await replay(1_500)
  failing.times = 3
  const read = await moving(clock, readTo(there, 1_500))
  expect([read.length, asked.length]).toEqual([1_500, 3 + 3])
})

test('leaving ends every iterator, also one that waits, pauses or is far behind', async () => {
  const { there, failing, clock } = await replay(1_500)
  const ended = async (each: AsyncIterator<Message>) => {
    while (!(await each.next()).done);
    return 'ended'
  }
  const waiting = ended(there.messages(there.seq))
  const behind = there.messages(0)
  await behind.next()
  failing.times = 1_000
  const pausing = ended(there.messages(0))
  await clock.advance(10)
  await there.leave()
  expect(await Promise.all([waiting, ended(behind), pausing])).toEqual(['ended', 'ended', 'ended'])
  expect(await ended(there[Symbol.asyncIterator]())).toBe('ended')
  expect(clock.pending).toBeLessThanOrEqual(1)
})

test('the end of the room is thrown once, after what had come', async () => {
  const { there, last } = await replay(10)
  const reader = there[Symbol.asyncIterator]()
  last().tell({ event: 'failed', roomId: ROOM_ID, code: 'not_found', message: 'The room is gone.' })
  for (let seq = 1; seq <= 10; seq += 1) expect((await reader.next()).value?.seq).toBe(seq)
  await expect(reader.next()).rejects.toMatchObject({ code: 'not_found' })
  expect(await reader.next()).toEqual({ done: true, value: undefined })
})

const seqsOf = async (
  reader: AsyncIterator<Message>,
  count: number,
): Promise<readonly number[]> => {
  const seqs: number[] = []
  while (seqs.length < count) seqs.push(((await reader.next()).value as Message).seq)
  return seqs
}

test('after a reset every iterator begins anew, wherever it was', async () => {
  const { there, last } = await replay(2_000)
  const [ahead, behind]: AsyncIterator<Message>[] = [there.messages(2_000), there.messages(0)]
  const waiting = seqsOf(ahead!, 3)
  expect(await seqsOf(behind!, 2)).toEqual([1, 2])
  last().end()
  last().welcome()
  last().tell(room({ seq: 3 }), { event: 'reset', roomId: ROOM_ID, from: 1 })
  last().tell(message(1), message(2), message(3))
  expect(await waiting).toEqual([1, 2, 3])
  expect(await seqsOf(behind!, 3)).toEqual([1, 2, 3])
})

test('history asks for what is wanted, and says why there is nothing', async () => {
  const asked: string[] = []
  const answers: unknown[] = []
  const { join } = openClient({
    page: (url) => {
      asked.push(url.search)
      return answers.shift() ?? []
    },
  })
  const there: Room = await join()
  await there.history()
  await there.history({ before: 10, limit: 3 })
  await there.history({ after: 0 })
  expect(asked).toEqual(['?limit=100', '?limit=3&before=10', '?limit=100&after=0'])
})

test('a change is told once, in its place; readers get what is left of a message, held or from history', async () => {
  const { there, last, clock } = await replay(4)
  const told: unknown[] = []
  there.on('change', (change) => told.push(change))
  const about = { roomId: ROOM_ID, id: message(2).id }
  const edited = { event: 'edited', seq: 5, ...about, target: 2, message: 'new' } as const
  const edit = { ...edited, edited: '2026-11-21T09:30:00.123Z' }
  const deletion = { event: 'deleted', seq: 6, ...about, target: 3, deleted: edit.edited } as const
  const settings = { topic: 'Seats', capacity: null, locked: false, public: false, slowMode: 0 }
  const renamed = {
    event: 'settings',
    seq: 7,
    roomId: ROOM_ID,
    roomName: 'B',
    ...settings,
  } as const
  last().tell(edit, deletion, renamed, edit, message(8))
  expect(told).toEqual([edit, deletion, renamed])
  expect([there.seq, there.name, there.topic, there.state]).toEqual([8, 'B', 'Seats', 'live'])
  const read = await readTo(there, 8)
  expect(read.map(({ seq, message: text }) => [seq, text])).toEqual([
    [1, message(1).message],
    [2, 'new'],
    [4, message(4).message],
    [8, message(8).message],
  ])
  last().end()
  await clock.advance(5_000)
  last().welcome()
  expect(last().take('join')).toMatchObject([{ after: 8 }])
})

test('history has holes where changes are, and what is deleted in it is not read', async () => {
  const log = Array.from({ length: 3_000 }, (_, at) => message(at + 1))
  const deleted = '2026-11-21T09:30:00.123Z'
  const isChange = (seq: number) => seq > 1 && (seq % 5 === 0 || (seq > 900 && seq < 1_600))
  const { last, client, clock } = openClient({
    page: ({ searchParams }) =>
      log
        .filter(({ seq }) => seq > Number(searchParams.get('after')) && !isChange(seq))
        .slice(0, Number(searchParams.get('limit')))
        .map(without)
        .map((each) => (each.seq === 7 ? { ...each, message: '', deleted } : each)),
  })
  last().welcome()
  const joining = client.join(ROOM_ID, { after: 0 })
  last().tell(room({ seq: 3_000 }))
  const there = await joining
  await clock.advance(0)
  const { id } = message(1)
  last().tell(
    ...log.map((each) =>
      isChange(each.seq)
        ? { event: 'deleted' as const, seq: each.seq, roomId: ROOM_ID, id, target: 7, deleted }
        : each,
    ),
  )
  const read = await moving(clock, readTo(there, 2_999))
  const wanted = log.map(({ seq }) => seq).filter((seq) => !isChange(seq) && seq !== 7)
  expect(read.map(({ seq }) => seq)).toEqual(wanted)
})
