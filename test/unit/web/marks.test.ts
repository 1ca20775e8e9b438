import { expect, test } from 'vitest'
import { markedParts } from '../../../web/src/marks.ts'

/** The text with its marks as brackets. */
const marked = (text: string, search: string): string =>
  markedParts(text, search)
    .map((part) => (part.isMarked ? `[${part.text}]` : part.text))
    .join('')

test.each([
  ['The quick fox', 'quick', 'The [quick] fox'],
  ['QUÍCK, quicksand, uick', 'Quick', '[QUÍCK], [quicksand], uick'],
  ['Straße in Łódź', 'strasse LODZ', '[Straße] in [Łódź]'],
  ['e\u0301clair', 'éclair', '[e\u0301clair]'],
  ['one two', 'two one', '[one] [two]'],
  ['<b>quick</b> & quick', '<b>', '<[b]>quick</[b]> & quick'],
  ['我住在北京', '北京', '我住在[北][京]'],
  ['well 👍🏽 done', '👍', 'well [👍🏽] done'],
  ['a_quick-one', 'quick', 'a_[quick]-one'],
  ['quick', '!!!', 'quick'],
  ['', 'quick', ''],
])('%j searched for %j is %j', (text, search, expected) => {
  expect(marked(text, search)).toBe(expected)
})

test('a long beginning is cut before the first mark, between characters; nothing else is lost', () => {
  const text = `${'😀 '.repeat(100)}needle ${'x'.repeat(300)}`
  expect(marked(text, 'needle')).toBe(`…${'😀 '.repeat(30)}[needle] ${'x'.repeat(300)}`)
  expect(marked('x'.repeat(300), 'needle')).toBe('x'.repeat(300))
})
