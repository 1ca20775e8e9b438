import { expect, test } from 'vitest'
import { partsOf } from '../../../web/src/links.ts'

/** The text with its links in square brackets. */
const marked = (text: string): string =>
  partsOf(text)
    .map((part) => (part.href === undefined ? part.text : `[${part.text}]`))
    .join('')

test.for([
  ['see https://example.org/a?b=c#d.', 'see [https://example.org/a?b=c#d].'],
  ['(http://example.org)', '([http://example.org])'],
  ['https://example.org/a_(b) and', '[https://example.org/a_(b)] and'],
  ['HTTPS://EXAMPLE.ORG!', '[HTTPS://EXAMPLE.ORG]!'],
  ['https://a.example,https://b.example', '[https://a.example,https://b.example]'],
  ['«https://example.org/ü»', '«[https://example.org/ü»]'],
  ['http://[::1]:8080/x', '[http://[::1]:8080/x]'],
])('an address becomes a link, without the end of the sentence: %s', ([text, expected]) => {
  expect(marked(text!)).toBe(expected)
})

test.for([
  'javascript:alert(1)',
  'data:text/html,x',
  'ftp://example.org',
  'xhttps://example.org',
  'https://',
  'http://%',
  'example.org',
])('anything else is text: %s', (text) => {
  expect(partsOf(text)).toEqual([{ text }])
})

test('a link ends at a quote, and at what turns the direction of writing', () => {
  expect(marked('https://a.example/"onclick="x')).toBe('[https://a.example/]"onclick="x')
  expect(marked('http://a\u202Eb.example')).toBe('[http://a]\u202Eb.example')
})

test('no character of a text is lost or doubled', () => {
  const text = 'a https://b.example/) https://c.example... d http:// (https://e.example/(f)) '
  expect(
    partsOf(text)
      .map((part) => part.text)
      .join(''),
  ).toBe(text)
})
