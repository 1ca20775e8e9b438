import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cellsOf, cut, fitted, graphemesOf, wrapped } from '../../../src/terminal/cells.ts'

test.for([
  ['hello', 5],
  ['日本', 4],
  ['e\u0301', 1],
  ['👩\u200d🚀', 2],
  ['🇩🇪', 2],
  ['❤\ufe0f', 2],
  ['שלום', 4],
  ['\u200b', 0],
  ['', 0],
] as const)('a text takes the cells that a terminal gives it: %s', ([text, cells]) => {
  expect(cellsOf(text)).toBe(cells)
})

test('a text that is too long ends with an ellipsis, and never in half a character', () => {
  expect(cut('hello world', 6)).toBe('hello…')
  expect(cut('日本語', 4)).toBe('日…')
  expect(cut('hello', 5)).toBe('hello')
  expect(cut('hello', 0)).toBe('')
  expect(fitted('日本語', 4)).toBe('日… ')
})

test('lines break at spaces, words that are too long anywhere', () => {
  expect(wrapped('one two three', 8)).toEqual(['one two', 'three'])
  expect(wrapped('one two three', 8, 4, 2)).toEqual(['one', '  two', '  three'])
  expect(wrapped('abcdefgh', 3)).toEqual(['abc', 'def', 'gh'])
  expect(wrapped('日本語', 5)).toEqual(['日本', '語'])
  expect(wrapped('a\n\nb', 5, 0, 2)).toEqual(['a', '  ', '  b'])
  expect(wrapped('', 5)).toEqual([''])
})

test('no line is wider than there is room, and no character is lost', () => {
  const text = fc.array(
    fc.oneof(
      fc.constantFrom(' ', 'a', 'word', '日', '👩\u200d🚀', 'e\u0301', '\n'),
      fc.string({ unit: 'grapheme' }),
    ),
  )
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 30 }), (parts, cells) => {
      const whole = parts.join('').replaceAll(/(?!\n)\p{Cc}/gu, '')
      const lines = wrapped(whole, cells)
      const wide = lines.filter((line) => cellsOf(line) > cells && graphemesOf(line).length > 1)
      expect(wide).toEqual([])
      expect(lines.join('').replaceAll(/\s/gu, '')).toBe(whole.replaceAll(/\s/gu, ''))
    }),
  )
})
