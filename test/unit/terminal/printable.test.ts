import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable, printableLine } from '../../../src/terminal/printable.ts'

test.for([
  ['colors', '\u001b[31mred\u001b[0m', 'red'],
  ['a cursor that moves', 'a\u001b[2;5Hb\u001b[2Jc', 'abc'],
  ['a title', '\u001b]0;owned\u0007text', 'text'],
  ['the clipboard', '\u001b]52;c;ZXZpbA==\u001b\\text', 'text'],
  ['a device string', '\u001bPq#0\u001b\\text', 'text'],
  ['C1 controls', '\u009b31mred\u009d0;owned\u009ctext', 'redtext'],
  ['a sequence of two characters', 'a\u001bcb\u001b(0c', 'abc'],
  ['a sequence that does not end', 'a\u001b]0;b', 'a0;b'],
  ['a sequence inside of a sequence', '\u001b\u001b[31m[31mred', '[31mred'],
  ['bell, backspace, delete', 'a\u0007b\u0008c\u007fd', 'abcd'],
  ['an overwritten line', 'seen\rother', 'seen\nother'],
  ['other line ends', 'a\r\nb\u2028c\u0085d', 'a\nb\nc\nd'],
  ['a tab', 'a\tb', 'a  b'],
  ['direction controls', 'a\u202eb\u2066c\u200fd\u061ce', 'abcde'],
  ['right-to-left letters stay', 'שלום', 'שלום'],
  ['emoji stay', '👩\u200d🚀❤\ufe0f', '👩\u200d🚀❤\ufe0f'],
] as const)('what a terminal would obey is taken out: %s', ([, text, shown]) => {
  expect(printable(text)).toBe(shown)
})

test('whatever a text is, no control character is left, and what is printable stays as it is', () => {
  const nasty = fc.constantFrom(
    '\u001b',
    '[',
    ']',
    '\u009b',
    '0',
    ';',
    'm',
    '\u0007',
    '\\',
    'a',
    '\u202e',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(nasty, fc.string({ unit: 'binary' }))), (parts) => {
      const shown = printable(parts.join(''))
      expect(shown).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}/u)
      expect(printable(shown)).toBe(shown)
      expect(printableLine(shown)).not.toContain('\n')
    }),
    { numRuns: 50 },
  )
})
