import { expect, test } from 'vitest'
import {
  EMPTY_WINDOW,
  type Entry,
  type LogWindow,
  withChange,
  withNewer,
  withNewest,
  withNext,
  withOlder,
} from '../../../src/terminal/log-window.ts'

const entry = (seq: number, message = `text ${seq}`, edited?: string): Entry => ({
  seq,
  id: `id ${seq}`,
  memberId: 'ca3d',
  memberName: 'Ok Echidna',
  type: 'chat',
  message,
  sent: '2026-11-21T11:36:24.516Z',
  ...(edited === undefined ? {} : { edited }),
})
const run = (from: number, to: number): readonly Entry[] =>
  Array.from({ length: to - from + 1 }, (_, at) => entry(from + at))
const live = (log: LogWindow, from: number, to: number, pinned = false): LogWindow =>
  run(from, to).reduce((held, next) => withNext(held, next, pinned), log)
const seqs = ({ entries }: LogWindow) => [entries[0]?.seq, entries.at(-1)?.seq, entries.length]

test('however much comes, 500 messages are held, the newest', () => {
  const log = live(EMPTY_WINDOW, 1, 2_000)
  expect(seqs(log)).toEqual([1_501, 2_000, 500])
  expect(log).toMatchObject({ atStart: false, atEnd: true, lastSeq: 2_000 })
})

test('long texts are held up to half a Mi of characters', () => {
  const log = Array.from({ length: 100 }, (_, at) => entry(at + 1, 'x'.repeat(16_384))).reduce(
    (held, next) => withNext(held, next, false),
    EMPTY_WINDOW,
  )
  expect(seqs(log)).toEqual([69, 100, 32])
})

test('a message that comes again is not held twice', () => {
  expect(seqs(live(live(EMPTY_WINDOW, 1, 5), 3, 6))).toEqual([1, 6, 6])
})

test('while old messages are read they stay, and what comes is fetched later', () => {
  const full = live(EMPTY_WINDOW, 1, 500)
  const log = live(full, 501, 700, true)
  expect(seqs(log)).toEqual([1, 500, 500])
  expect(log).toMatchObject({ atEnd: false, lastSeq: 700 })
  const more = withNewer(log, run(501, 600))
  expect(seqs(more)).toEqual([101, 600, 500])
  expect(more.atEnd).toBe(false)
  const all = withNewer(more, run(601, 700))
  expect(all.atEnd).toBe(true)
  expect(seqs(live(all, 701, 701))).toEqual([202, 701, 500])
})

test('older pages come before; the newest messages make place for them', () => {
  const log = live(EMPTY_WINDOW, 301, 700)
  const once = withOlder(log, run(201, 300))
  expect(seqs(once)).toEqual([201, 700, 500])
  expect(once).toMatchObject({ atStart: false, atEnd: true })
  const twice = withOlder(once, run(101, 200))
  expect(seqs(twice)).toEqual([101, 600, 500])
  expect(twice).toMatchObject({ atEnd: false, lastSeq: 700 })
  expect(withOlder(twice, run(1, 100))).toMatchObject({ atStart: true })
  expect(withOlder(log, [])).toMatchObject({ atStart: true, atEnd: true })
})

test('from old messages to the newest without those between', () => {
  const log = withOlder(live(EMPTY_WINDOW, 301, 700), run(1, 300))
  expect(seqs(withNewest(log, run(601, 700)))).toEqual([601, 700, 100])
  expect(withNewest(log, run(601, 700))).toMatchObject({ atStart: false, atEnd: true })
})

const T1 = '2026-11-21T11:40:00.000Z'
const T2 = '2026-11-21T11:41:00.000Z'

test('a message that is held becomes what it was changed to, by the latest change', () => {
  const log = live(EMPTY_WINDOW, 1, 3)
  const edited = withChange(log, { target: 2, message: 'new', edited: T2 })
  expect(edited.entries).toEqual([log.entries[0], entry(2, 'new', T2), log.entries[2]])
  expect(withChange(edited, { target: 2, message: 'older', edited: T1 })).toEqual(edited)
  expect(withChange(log, { target: 9, message: 'elsewhere', edited: T1 })).toBe(log)
  expect(edited.lastSeq).toBe(3)
})

test('a deleted message has no text, whatever comes after', () => {
  const log = withChange(live(EMPTY_WINDOW, 1, 2), { target: 1, deleted: T1 })
  expect(log.entries[0]).toEqual({ ...entry(1, ''), deleted: T1 })
  expect(withChange(log, { target: 1, message: 'back', edited: T2 })).toBe(log)
  // The edit of what was deleted since comes without a text.
  const told = withChange(live(EMPTY_WINDOW, 1, 2), { target: 1, message: '', edited: T1 })
  expect(told).toEqual(log)
})
