import { expect, test } from 'vitest'
import type { Entry } from '../../../src/terminal/log-window.ts'
import { type Anchor, inView, isAtTop, scrolled } from '../../../src/terminal/scroll.ts'

const CELLS = 20
const ROWS = 4

const said = (seq: number, message: string): Entry => ({
  seq,
  id: `id ${seq}`,
  memberId: 'ca3d',
  memberName: 'Al',
  type: 'chat',
  message,
  sent: '2026-11-21T11:36:24.516Z',
})

const log = [
  said(1, 'one'),
  said(2, 'two is longer than one line is'),
  said(3, 'three'),
  said(4, 'four'),
  said(5, 'five'),
]

const texts = (anchor: Anchor | undefined, entries: readonly Entry[] = log): readonly string[] =>
  inView(entries, anchor, CELLS, ROWS).map((line) => line.map(({ text }) => text).join(''))

test('without an anchor the view ends with the last line', () => {
  expect(texts(undefined)).toEqual(['  than one line is', 'Al: three', 'Al: four', 'Al: five'])
})

test('one scrolls by lines, not by messages, and not beyond the first', () => {
  const up = scrolled(log, undefined, -1, CELLS, ROWS)
  expect(texts(up)).toEqual(['Al: two is longer', '  than one line is', 'Al: three', 'Al: four'])
  const top = scrolled(log, up, -100, CELLS, ROWS)
  expect(texts(top)).toEqual(['Al: one', 'Al: two is longer', '  than one line is', 'Al: three'])
  expect(isAtTop(log, top, CELLS, ROWS)).toBe(true)
  expect(isAtTop(log, up, CELLS, ROWS)).toBe(false)
  expect(scrolled(log, top, -1, CELLS, ROWS)).toEqual(top)
})

test('at the end there is no anchor, so that what comes is in view', () => {
  const up = scrolled(log, undefined, -1, CELLS, ROWS)
  expect(scrolled(log, up, 1, CELLS, ROWS)).toBeUndefined()
  expect(scrolled(log, up, 100, CELLS, ROWS)).toBeUndefined()
})

test('what comes does not move a view that is not at the end', () => {
  const up = scrolled(log, undefined, -1, CELLS, ROWS)
  expect(texts(up, [...log, said(6, 'six')])).toEqual(texts(up))
})

test('less than a screenful stays where it is', () => {
  const few = log.slice(0, 1)
  expect(scrolled(few, undefined, -5, CELLS, ROWS)).toBeUndefined()
  expect(isAtTop(few, undefined, CELLS, ROWS)).toBe(true)
  expect(texts(undefined, few)).toEqual(['Al: one'])
  expect(texts(undefined, [])).toEqual([])
  expect(scrolled([], undefined, -5, CELLS, ROWS)).toBeUndefined()
})

test('an anchor whose message is gone, or has fewer lines now, is the nearest that there is', () => {
  expect(texts({ seq: 2, line: 9 })).toEqual(['Al: one', 'Al: two is longer', '  than one line is'])
  expect(texts({ seq: 3, line: 0 }, [log[0]!, log[1]!, log[3]!]).at(-1)).toBe('  than one line is')
  expect(texts({ seq: 0, line: 0 })).toEqual(['Al: one'])
})
