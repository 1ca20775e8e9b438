import { expect, test } from 'vitest'
import type { Change, HistoryRange, Message } from '../../../src/client/client.ts'
import { LogWindow, MAX_MESSAGES } from '../../../web/src/log-window.ts'

const messageOf = (seq: number): Message => ({
  seq,
  id: `id ${seq}`,
  roomId: 'room',
  memberId: 'member',
  memberName: 'Name',
  type: 'chat',
  message: `text ${seq}`,
  sent: '2026-01-01T00:00:00.000Z',
})

/** A room's log of so many messages, as a server gives it. */
const serverOf = (length: number) => {
  const server = {
    length,
    fails: false,
    asked: 0,
    history: async ({ before, after, limit = 100 }: HistoryRange): Promise<readonly Message[]> => {
      server.asked += 1
      if (server.fails) throw new Error('no answer')
      const end = Math.min(before ?? server.length + 1, server.length + 1)
      const first = after === undefined ? Math.max(end - limit, 1) : after + 1
      const count = Math.min(limit, end - first)
      return Array.from({ length: count }, (_, at) => messageOf(first + at))
    },
  }
  return server
}

const held = ({ messages }: LogWindow): string =>
  messages.length === 0 ? 'nothing' : `${messages[0]!.seq} to ${messages.at(-1)!.seq}`

/** What holds whatever was done. */
const expectWhole = ({ messages }: LogWindow): void => {
  expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, at) => messages[0]!.seq + at))
}

test('it begins at the end, and goes back page by page to the first message', async () => {
  const { history } = serverOf(120)
  const log = new LogWindow(history)
  log.begin(120)
  log.add(messageOf(121), true)
  const steps: string[] = []
  while (!log.atStart) {
    await log.older()
    steps.push(held(log))
  }
  expect(steps).toEqual(['71 to 121', '21 to 121', '1 to 121'])
  expectWhole(log)
})

test('however far it goes it holds a bounded run, and comes back to the end', async () => {
  const server = serverOf(2_000)
  const log = new LogWindow(server.history)
  log.begin(2_000)
  while (!log.atStart) {
    await log.older()
    expect(log.messages.length).toBeLessThanOrEqual(MAX_MESSAGES)
    expectWhole(log)
  }
  expect(held(log)).toBe(`1 to ${MAX_MESSAGES}`)
  server.length = 2_001
  log.add(messageOf(2_001), false)
  expect([log.atEnd, held(log)]).toEqual([false, `1 to ${MAX_MESSAGES}`])
  while (!log.atEnd) await log.newer()
  expect(held(log)).toBe(`${2_002 - MAX_MESSAGES} to 2001`)
  expectWhole(log)
})

test('what comes while nobody follows moves nothing, and is there later', () => {
  const log = new LogWindow(serverOf(0).history)
  log.begin(0)
  for (let seq = 1; seq <= 1_000; seq += 1) log.add(messageOf(seq), false)
  expect(log.messages[0]?.seq).toBe(1)
  expect([log.atEnd, log.lastSeq]).toEqual([false, 1_000])
})

test('followed, it lets the oldest go', () => {
  const log = new LogWindow(serverOf(0).history)
  log.begin(0)
  for (let seq = 1; seq <= 1_000; seq += 1) log.add(messageOf(seq), true)
  expect(log.messages.at(-1)?.seq).toBe(1_000)
  expect(log.messages.length).toBeLessThan(MAX_MESSAGES + 60)
  expectWhole(log)
})

test('the ends are a jump away', async () => {
  const log = new LogWindow(serverOf(5_000).history)
  log.begin(5_000)
  await log.toStart()
  expect([log.atStart, held(log)]).toEqual([true, '1 to 100'])
  await log.toEnd()
  expect([log.atEnd, held(log)]).toEqual([true, '4901 to 5000'])
})

test('any place is a jump away, with what is around it, and from there the log goes on both ways', async () => {
  const server = serverOf(5_000)
  const log = new LogWindow(server.history)
  log.begin(5_000)
  await log.toSeq(2_000)
  expect([held(log), log.atStart, log.atEnd]).toEqual(['1950 to 2049', false, false])
  await log.older()
  await log.newer()
  expect(held(log)).toBe('1900 to 2099')
  await log.toSeq(2_080)
  expect([held(log), server.asked]).toEqual(['1900 to 2099', 3])
  await log.toSeq(20)
  expect([held(log), log.atStart]).toEqual(['1 to 100', true])
  await log.toSeq(4_990)
  expect([held(log), log.atEnd]).toEqual(['4940 to 5000', true])
  expectWhole(log)
})

test('a page that does not come is said, and can be asked for again', async () => {
  const server = serverOf(100)
  server.fails = true
  const log = new LogWindow(server.history)
  log.begin(100)
  await log.older()
  expect([log.hasFailed, held(log)]).toEqual([true, 'nothing'])
  server.fails = false
  await log.again()
  expect([log.hasFailed, held(log)]).toEqual([false, '51 to 100'])
})

test('what is asked for again is what did not come: at the end of the run, too', async () => {
  const server = serverOf(300)
  const log = new LogWindow(server.history)
  log.begin(300)
  await log.toStart()
  server.fails = true
  await log.newer()
  server.fails = false
  await log.again()
  expect(held(log)).toBe('1 to 150')
  await log.again()
  expect(held(log)).toBe('1 to 150')
})

test('one page at a time, and none from before a reset', async () => {
  const server = serverOf(500)
  const log = new LogWindow(server.history)
  log.begin(500)
  const older = [log.older(), log.older()]
  expect(server.asked).toBe(1)
  log.begin(0)
  await Promise.all(older)
  expect(held(log)).toBe('nothing')
  log.add(messageOf(1), true)
  expect(held(log)).toBe('1 to 1')
})

const AT = '2026-01-01T00:00:00.000Z'
const LATER = '2026-01-01T00:00:01.000Z'
const edit = (seq: number, target: number, message: string, edited = AT): Change => ({
  ...{ event: 'edited', seq, roomId: 'room', id: `id ${target}`, target, message, edited },
})
const deletion = (seq: number, target: number): Change => ({
  ...{ event: 'deleted', seq, roomId: 'room', id: `id ${target}`, target, deleted: AT },
})
const textsOf = ({ messages }: LogWindow): readonly string[] =>
  messages.map(({ message }) => message)

test('a change is shown in its message, takes a seq, and leaves no hole in the run', () => {
  const log = new LogWindow(serverOf(0).history)
  log.begin(0)
  for (let seq = 1; seq <= 3; seq += 1) log.add(messageOf(seq), true)
  log.change(edit(4, 1, 'edited'))
  log.change(deletion(5, 2))
  log.add({ ...messageOf(6), message: '', deleted: AT }, true)
  log.add(messageOf(7), true)
  expect(textsOf(log)).toEqual(['edited', 'text 3', 'text 7'])
  expect([log.messages[0]?.edited, log.atStart, log.atEnd, log.lastSeq]).toEqual([
    AT,
    true,
    true,
    7,
  ])
  // The edit of what is deleted by now, told in a replay.
  log.change(edit(8, 3, ''))
  expect(textsOf(log)).toEqual(['edited', 'text 7'])
})

test('a page tells what is left: deleted messages and changes are holes in it, and it comes to the start', async () => {
  const left = [4, 5, 6, 9].map((seq) => ({ ...messageOf(seq), ...(seq === 5 && { deleted: AT }) }))
  const log = new LogWindow(async () => left)
  log.begin(10)
  await log.older()
  expect(log.messages.map(({ seq }) => seq)).toEqual([4, 6, 9])
  expect([log.atStart, log.atEnd]).toEqual([true, true])
  log.add(messageOf(11), true)
  expect(log.messages.at(-1)?.seq).toBe(11)
})

test('a page and a change that cross end in the newer text', async () => {
  let answer = (_page: readonly Message[]): void => {}
  const log = new LogWindow(() => new Promise((resolve) => (answer = resolve)))
  log.begin(4)
  const older = log.older()
  log.change(edit(5, 1, 'edited'))
  log.change(deletion(6, 2))
  log.change(edit(7, 3, 'the first edit'))
  // Read after the second edit of the third, before everything else.
  answer([messageOf(1), messageOf(2), { ...messageOf(3), message: 'the last', edited: LATER }])
  await older
  expect(textsOf(log)).toEqual(['edited', 'the last'])
  log.change(edit(8, 3, 'the last', LATER))
  expect(textsOf(log)).toEqual(['edited', 'the last'])
})
