import { escaped, NOBODYS } from './resource-tables.ts'

/** What is no code: 404, and not counted as a guess. */
export const NO_CODES: readonly (readonly [title: string, code: string])[] = [
  ['nothing', ''],
  ['five digits', '12345'],
  ['seven digits', '1234567'],
  ['seven thousand digits', '1'.repeat(7000)],
  ['a letter', '12345a'],
  ['a sign', '-12345'],
  ['a point', '1234.5'],
  ['an exponent', '1234e5'],
  ['sixteen', '0x1234'],
  ['five digits, escaped', escaped('12345')],
  ['six digits, escaped twice', '%2531%2532%2533%2534%2535%2536'],
  ['full-width digits', escaped('１２３４５６')],
  ['Arabic digits', escaped('١٢٣٤٥٦')],
  ['a superscript digit', escaped('12345⁶')],
  ['NUL behind it', '123456%00'],
  ['a line break behind it', '123456%0a'],
  ['a header behind it', '123456%0d%0aset-cookie:%20injected=1'],
  ['a blank before it', '%20123456'],
  ['a path behind it', '123456%2f..%2f123456'],
  ['a parameter behind it', '123456;a=b'],
  ['a broken escape', '12345%zz'],
  ['no UTF-8', '12345%ff'],
  ['a property of everything', '__proto__'],
  ['SQL', "'%20OR%201=1--"],
  ['a glob of Redis', '*'],
]

/** Bodies of a new code that are refused. */
export const CODE_BODIES: readonly string[] = [
  ...['{"ttl":0}', '{"ttl":86401}', '{"ttl":"60"}', '{"ttl":-1}', '{"ttl":1e99}'],
  ...[
    '{"ttl":null}',
    '{"ttl":[60]}',
    '{"ttl":60.5}',
    '{"uses":0}',
    '{"uses":1.5}',
    '{"uses":true}',
  ],
  ...[
    '{"uses":10001}',
    '{"uses":1,"uses":2}',
    '{"x":1}',
    '{"__proto__":{"ttl":1}}',
    '{"code":"1"}',
  ],
  ...['[]', '{', 'null', '1', '"a private remark"', '{}{}', '{}\0', '\ufeff{}', '['.repeat(2000)],
]

/** Searches in a room in which somebody said `one quick_fox, 100%` and `two`: what they find, or a status. */
export const SEARCHES: readonly (readonly [title: string, query: string, found: number])[] = [
  ['nothing', 'search=', 400],
  ['no text', 'search', 400],
  ['blanks', 'search=%20%09', 400],
  ['a line break', 'search=%0a', 400],
  ['201 characters', `search=${'x'.repeat(201)}`, 400],
  ['7 kB', `search=${'x'.repeat(7_000)}`, 400],
  ['10 kB', `search=${'x'.repeat(10_000)}`, 431],
  ['twice', 'search=one&search=two', 400],
  ['as a list', 'search[]=one', 400],
  ['as an escaped list', 'search%5B%5D=one', 400],
  ['as an object', 'search[one]=two', 400],
  ['in upper case', 'SEARCH=one', 400],
  ['with what is not known', 'search=one&sort=asc', 400],
  ['with no limit', 'search=one&limit=0', 400],
  ['with a cursor that is none', 'search=one&before=1', 400],
  ['with a cursor of nobody', `search=one&after=${NOBODYS}`, 400],
  ['with both cursors', `search=one&after=${NOBODYS}&before=${NOBODYS}`, 400],
  ['200 characters', `search=${'x'.repeat(200)}`, 0],
  ['only punctuation', 'search=%26%20%7C%20!%20(%20%25%20*%20\'%20"', 0],
  ['NUL', 'search=%00', 0],
  ['words around NUL', 'search=one%00fox', 1],
  ['no UTF-8', 'search=%ff%fe', 0],
  ['half a character', `search=${escaped(Uint8Array.of(0xed, 0xa0, 0x80))}`, 0],
  ['a broken escape', 'search=%zz', 0],
  ['only marks', `search=${escaped('\u0301\u0302')}`, 0],
  ['nothing visible', `search=${escaped('\u200b\u2060\ufeff')}`, 0],
  ['other digits', `search=${escaped('１００')}`, 1],
  ['the syntax of tsquery', `search=${escaped('quick & !two:*')}`, 0],
  ['the same of words that are there', `search=${escaped('quick & !fox:*')}`, 1],
  ['a pattern of LIKE', 'search=%25', 0],
  ['a pattern that would match', 'search=qu%25', 1],
  ['an escape of LIKE', 'search=%5C', 0],
  ['a regular expression', 'search=.*', 0],
  ['SQL', `search=${escaped("x' OR '1'='1")}`, 0],
  ['a parameter', 'search=%242', 0],
  ['a property of everything', 'search=__proto__', 0],
]

/** Queries of the directory that are refused. */
export const BAD_DIRECTORY_QUERIES: readonly string[] = [
  ...['limit=0', 'limit=1001', 'limit=-1', 'limit=1.5', 'limit=', 'limit=1e2', 'limit=%EF%BC%91'],
  ...['limit=05', 'limit=1&limit=1', 'limit[]=1', 'LIMIT=1', 'x=1', '__proto__=1', '=1'],
  ...['after=', 'after=x', 'after=0', 'after=%00', 'after=%ff', `after=${NOBODYS.toUpperCase()}`],
  ...[`after=${NOBODYS}%00`, `after=${NOBODYS}%0a`, `after=${NOBODYS}&after=${NOBODYS}`],
  ...["after='%20OR%20'1'='1", `after=%7B${NOBODYS}%7D`, `before=${NOBODYS}`],
]

/** Texts that no message can get, in JSON, with the status of the answer. */
export const NO_TEXTS: readonly (readonly [title: string, status: number, json: string])[] = [
  ['nothing', 400, '""'],
  ['null', 400, 'null'],
  ['a list', 400, '["text"]'],
  ['NUL', 400, '"a\\u0000b"'],
  ['half a character', 400, '"\\ud83d"'],
  ['both halves, the wrong way round', 400, '"\\ude00\\ud83d"'],
  ['a raw line break', 400, '"a\nb"'],
  ['16,385 bytes', 413, `"${'x'.repeat(16_385)}"`],
  ['16,386 bytes of two each', 413, `"${'\u00e9'.repeat(8_193)}"`],
  ['more than is read', 413, `"${'x'.repeat(100_000)}"`],
]
