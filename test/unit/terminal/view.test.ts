import { afterAll, expect, test } from 'vitest'
import { Frames } from '../../../src/terminal/frames.ts'
import type { Size } from '../../../src/terminal/layout.ts'
import {
  currentPane,
  scrolledLines,
  type State,
  typed,
  withChange,
  withFacts,
  withLoading,
  withMessage,
  withPage,
  withPanel,
  withTyping,
  withUnconfirmed,
} from '../../../src/terminal/state.ts'
import { cursorOf } from '../../../src/terminal/view.tsx'
import { inTwoRooms, OTHER, picture, said, YOU } from './scene.ts'

const frames = new Frames()
afterAll(() => frames.end())

const talk = (size: Size): State =>
  [
    said(1, 'hello, is anybody here? I have brought emoji 👩\u200d🚀 and שלום'),
    said(2, 'yes', YOU),
    said(3, '\u001b[2J\u001b[31mred\u202e'),
  ].reduce(
    (state, entry) => withMessage(state, 'a', entry),
    withMessage(inTwoRooms(size), 'b', said(1, 'psst')),
  )

test('80 × 12: rooms with unread marks and members at the side', () => {
  const state = withTyping(typed(talk({ columns: 80, rows: 12 }), 'hi'), 'a', OTHER, 0)
  expect(picture(frames, state)).toEqual([
    'Rooms                    Precious Corner · 2 members                       live',
    ' Precious Corner',
    ' Imperfect Seat     1',
    '',
    'Members 2',
    ' Ok Echidna (you)',
    ' Fantastic Wildfowl     11:36 Fantastic Wildfowl: hello, is anybody here? I have',
    '                          brought emoji 👩\u200d🚀 and שלום',
    '                        11:36 Ok Echidna: yes',
    '                        11:36 Fantastic Wildfowl: red',
    'Fantastic Wildfowl is typing…',
    '> hi',
  ])
  expect(cursorOf(state)).toEqual({ row: 11, column: 4 })
})

test('40 × 12: everything has its place, unread texts of other rooms too', () => {
  const state = withUnconfirmed(talk({ columns: 40, rows: 12 }), 'a', 1, 'on its way')
  expect(picture(frames, state)).toEqual([
    ' Precious Corner · 2 members [2:1] live',
    '',
    '',
    '',
    '',
    'Fantastic Wildfowl: hello, is anybody',
    '  here? I have brought emoji 👩\u200d🚀 and שלום',
    'Ok Echidna: yes',
    'Fantastic Wildfowl: red',
    '… on its way',
    '/help tells what there is',
    '>',
  ])
})

test('no size is too small', () => {
  for (const columns of [1, 2, 3, 5, 8, 10, 13, 20, 40]) {
    for (const rows of [1, 2, 3, 4, 5, 6, 12]) {
      const state = typed(talk({ columns, rows }), 'a long line that does not fit anywhere 日本')
      const lines = picture(frames, state)
      expect(lines.length).toBe(rows)
      const { row, column } = cursorOf(state)
      expect([row, column < columns]).toEqual([rows - 1, true])
      expect(picture(frames, withPanel(state, 'help'))).toHaveLength(rows)
      expect(picture(frames, scrolledLines(state, -1))).toHaveLength(rows)
    }
  }
})

test('10 × 3 shows the room, the last line and what is written', () => {
  const state = typed(talk({ columns: 10, rows: 3 }), 'hi')
  expect(picture(frames, state)).toEqual([expect.stringMatching(/live$/), '  red', '> hi'])
})

test('it says how things stand, not how they were', () => {
  const live = talk({ columns: 40, rows: 5 })
  const title = (state: State) => picture(frames, state)[0]
  expect(title({ ...live, connection: 'offline' })).toMatch(/ offline$/)
  expect(title({ ...live, connection: 'connecting' })).toMatch(/ connecting$/)
  expect(title(withFacts(live, 'a', { state: 'catching up' }))).toMatch(/ catching up$/)
  expect(title(withFacts(live, 'a', { state: 'over' }))).toMatch(/ over$/)
})

test('a member that is not listed is counted', () => {
  const state = withFacts(talk({ columns: 80, rows: 12 }), 'a', { memberCount: 300 })
  expect(
    picture(frames, state)
      .slice(4, 10)
      .map((line) => line.slice(0, 22).trimEnd()),
  ).toEqual(['Members 300', ' Ok Echidna (you)', ' Fantastic Wildfowl', ' and 298 more', '', ''])
})

test('a picture of 500 messages takes less than a frame', () => {
  let state = inTwoRooms({ columns: 120, rows: 50 })
  for (let seq = 1; seq <= 500; seq++)
    state = withMessage(state, 'a', said(seq, 'word '.repeat(40)))
  picture(frames, state)
  // Not by the clock: other tests run beside this one.
  const begin = process.cpuUsage()
  for (let at = 0; at < 20; at++) picture(frames, typed(state, 'x'.repeat(at)))
  expect(process.cpuUsage(begin).user / 1_000 / 20).toBeLessThan(50)
})

test('the help can be scrolled to its end, on a screen of any size', () => {
  for (const columns of [10, 40, 80]) {
    const help = withPanel(talk({ columns, rows: 8 }), 'help')
    expect(picture(frames, help)[1]).toBe('Help')
    const end = picture(frames, scrolledLines(help, 1_000)).slice(2, 6).join('')
    expect(end.replaceAll(/\s/g, '')).toMatch(/as\/quit$/)
  }
})

test('the members in view are those of now', () => {
  const state = withPanel(talk({ columns: 40, rows: 8 }), 'members')
  expect(picture(frames, state).slice(1, 4)).toEqual([
    'Members: 2',
    'Ok Echidna (you)',
    'Fantastic Wildfowl',
  ])
  const alone = withFacts(state, 'a', { members: [YOU], memberCount: 1 })
  expect(picture(frames, alone).slice(1, 4)).toEqual(['Members: 1', 'Ok Echidna (you)', ''])
})

const LATER = '2026-11-21T12:00:00.000Z'

test('a message that is edited or deleted is redrawn in its place, and marked', () => {
  const before = talk({ columns: 60, rows: 8 })
  const edited = withChange(before, 'a', { target: 2, message: 'no', edited: LATER })
  const deleted = withChange(edited, 'a', { target: 1, deleted: LATER })
  expect(picture(frames, deleted).slice(3, 6)).toEqual([
    '11:36 Fantastic Wildfowl: (deleted)',
    '11:36 Ok Echidna: no (edited)',
    '11:36 Fantastic Wildfowl: red',
  ])
  // In what a search has found, too.
  const { entries } = currentPane(before)!.log
  const found = withPanel(before, { words: 'is', entries })
  expect(picture(frames, found)[1]).toBe('Found: 3 · is')
  // Also when the answer is older than the change.
  const late = withPanel(deleted, { words: 'is', entries })
  expect(picture(frames, late)[1]).toBe('Found: 2 · is')
  const less = withChange(found, 'a', { target: 1, deleted: LATER })
  expect(picture(frames, less).slice(1, 4)).toEqual([
    'Found: 2 · is',
    '2026-11-21 11:36 Fantastic Wildfowl: red',
    '2026-11-21 11:36 Ok Echidna: yes',
  ])
})

test('a change that comes while a page is on its way counts for the page, too', () => {
  const asked = withLoading(talk({ columns: 60, rows: 9 }), 'a', true)
  const edit = { target: 2, message: 'no', edited: LATER }
  const page = [said(1, 'as it was'), said(2, 'as it was', YOU)]
  const changed = withChange(withChange(asked, 'a', { target: 1, deleted: LATER }), 'a', edit)
  const { entries } = currentPane(withPage(changed, 'a', 'newest', page))!.log
  expect(entries.map(({ message, deleted }) => [message, deleted])).toEqual([
    ['', LATER],
    ['no', undefined],
  ])
})

test('an unread text that is deleted is not unread', () => {
  const unread = [said(2, 'two'), said(3, 'three')].reduce(
    (state, entry) => withMessage(state, 'b', entry),
    talk({ columns: 60, rows: 8 }),
  )
  const count = (state: State) => state.panes[1]?.unread
  expect(count(unread)).toBe(3)
  const one = withChange(unread, 'b', { target: 2, deleted: LATER })
  expect([one, withChange(one, 'b', { target: 2, deleted: LATER })].map(count)).toEqual([2, 2])
  expect(count(withChange(one, 'b', { target: 3, message: 'four', edited: LATER }))).toBe(2)
  expect(count(withMessage(one, 'b', { ...said(9, ''), deleted: LATER }))).toBe(2)
})

test('a notice that is longer than a line is told to its end', () => {
  const told = (rows: number) =>
    picture(frames, { ...talk({ columns: 20, rows }), notice: 'one two three four five six' })
  expect(told(8).slice(-3)).toEqual(['one two three four', 'five six', '>'])
  expect(told(5).slice(-2)).toEqual(['one two three four', '>'])
})

test('the title has the topic, as far as there is place', () => {
  const title = (columns: number) =>
    picture(
      frames,
      withFacts(talk({ columns, rows: 5 }), 'a', { topic: 'Seats, \u001b[2J new' }),
    )[0]
  expect(title(40)).toBe(' Precious Corner · 2 members [2:1] live')
  expect(title(48)).toBe(' Precious Corner: Seats… · 2 members [2:1] live')
  expect(title(60)).toBe(' Precious Corner: Seats,  new · 2 members [2:1]        live')
})
