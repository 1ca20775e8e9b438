import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cellsOf } from '../../../src/terminal/cells.ts'
import { type Edit, edit, EMPTY_LINE, insert, lineView } from '../../../src/terminal/line-editor.ts'

/** A line with the cursor where the bar is. */
const line = (text: string) => ({ text: text.replace('|', ''), cursor: text.indexOf('|') })
const shown = ({ text, cursor }: { text: string; cursor: number }): string =>
  `${text.slice(0, cursor)}|${text.slice(cursor)}`

test.for<readonly [Edit, string, string]>([
  ['left', 'a👩\u200d🚀|b', 'a|👩\u200d🚀b'],
  ['right', 'a|e\u0301b', 'ae\u0301|b'],
  ['left', '|a', '|a'],
  ['right', 'a|', 'a|'],
  ['delete left', 'a🇩🇪|b', 'a|b'],
  ['delete right', '|日本', '|本'],
  ['delete left', '|a', '|a'],
  ['delete word', 'one two  |x', 'one |x'],
  ['delete word', 'one|', '|'],
  ['word left', 'one two|', 'one |two'],
  ['word right', '|one two', 'one| two'],
  ['start', 'one|', '|one'],
  ['end', '|one', 'one|'],
  ['delete to start', 'one| two', '| two'],
  ['delete to end', 'one| two', 'one|'],
])('%s: %s becomes %s', ([how, before, after]) => {
  expect(shown(edit(line(before), how))).toBe(after)
})

test('a text goes in where the cursor is, and a paste without end is cut', () => {
  expect(shown(insert(line('a|c'), 'b'))).toBe('ab|c')
  expect(insert(EMPTY_LINE, 'x'.repeat(100_000)).text.length).toBe(65_536)
})

test('the cursor is always in view, in a cell behind what is before it', () => {
  const character = fc.constantFrom('a', '日', '👩\u200d🚀', 'e\u0301', ' ', '\n')
  fc.assert(
    fc.property(
      fc.array(character),
      fc.array(character),
      fc.integer({ min: 1, max: 20 }),
      (before, after, cells) => {
        const text = before.join('')
        const view = lineView({ text: text + after.join(''), cursor: text.length }, cells)
        expect(view.cursorCell).toBeLessThan(cells)
        expect(cellsOf(view.text)).toBeLessThan(Math.max(2, cells))
        const behind = cellsOf(text.replaceAll('\n', '⏎'))
        expect(view.cursorCell).toBe(behind < cells ? behind : view.cursorCell)
      },
    ),
  )
})
