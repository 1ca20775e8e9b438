/** A text as it stands in a target, every byte escaped. */
const escaped = (text: string | Uint8Array): string =>
  Buffer.from(text).toString('hex').replaceAll(/../g, '%$&')

/** An id that no room has. */
export const NOBODYS = '5f0c1f6e-6d3c-4f5e-9a53-000000000000'

/** What is no id of a room, though some of it is made from one. `X` stands for a room's id. */
export const NO_IDS: readonly (readonly [title: string, id: string])[] = [
  ['30: a path upwards', '..%2f..%2fetc%2fpasswd'],
  ['30: dots', '%2e%2e'],
  ['30: an id and a path upwards', 'X%2f..%2fX'],
  ['30: escaped twice', '%252e%252e%252f'],
  ['31: NUL inside', 'a%00b'],
  ['31: an id and NUL', 'X%00'],
  ['31: NUL and an id', '%00X'],
  ['32: a broken escape', '%zz'],
  ['32: half an escape', 'X%'],
  ['32: overlong UTF-8', '%c0%af'],
  ['32: a surrogate in UTF-8', escaped(Uint8Array.of(0xed, 0xa0, 0x80))],
  ['32: a lone continuation byte', 'X%80'],
  ['33: 65 characters', 'a'.repeat(65)],
  ['33: 100 characters', 'a'.repeat(100)],
  ['33: 101 characters', 'a'.repeat(101)],
  ['33: 7 KB', 'a'.repeat(7000)],
  ['33: 101 characters with an escape', `%61${'a'.repeat(100)}`],
  ['34: SQL: or', "x'%20OR%20'1'='1"],
  ['34: SQL: an id and or', "X'%20OR%20'1'='1"],
  ['34: SQL: drop', "';%20DROP%20TABLE%20rooms;--"],
  ['34: SQL: union', escaped("' UNION SELECT id, name FROM rooms --")],
  ['34: SQL: a comment', 'X--'],
  ['34: SQL: a cast', `X::uuid`],
  ['34: SQL: a parameter', '$1'],
  ['35: a path parameter', 'X;jsession=1'],
  ['35: a comma', 'X,X'],
  ['36: __proto__', '__proto__'],
  ['36: constructor', 'constructor'],
  ['36: hasOwnProperty', 'hasOwnProperty'],
  ['36: toString', 'toString'],
  ['36: undefined', 'undefined'],
  ['36: null', 'null'],
  ['36: [object Object]', '%5Bobject%20Object%5D'],
  ['37: upper case', 'UPPER'],
  ['37: full-width digits', escaped('\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17')],
  ['37: a full-width digit in an id', `${escaped('\uff11')}REST`],
  ['37: a Cyrillic letter in an id', `${escaped('\u0430')}REST`],
  ['37: a combining mark behind an id', `X${escaped('\u0301')}`],
  ['37: a zero-width space behind an id', `X${escaped('\u200b')}`],
  ['37: a byte order mark before an id', `${escaped('\ufeff')}X`],
  ['37: braces', '%7BX%7D'],
  ['37: without hyphens', 'BARE'],
  ['37: urn', 'urn:uuid:X'],
  ['39: a line break behind', 'X%0a'],
  ['39: a header behind', 'X%0d%0aset-cookie:%20injected=1'],
  ['39: a line break before', '%0d%0aX'],
  ['39: a space behind', 'X%20'],
  ['39: a tab', '%09X'],
  ['39: an escape of a terminal', '%1b%5b2J'],
  ['40: a glob of Redis', '*'],
  ['40: a class of Redis', '%5Ba-z%5D'],
  ['40: an id and a glob', 'X*'],
  ['40: a command of Redis', 'X%0d%0aFLUSHALL%0d%0a'],
  ['38: version 1', '2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d'],
  ['38: another variant', '5f0c1f6e-6d3c-4f5e-1a53-000000000000'],
  ['38: zeros', '00000000-0000-0000-0000-000000000000'],
]

/** The text of a NO_IDS row, for a room. */
export const idFrom = (pattern: string, roomId: string): string =>
  pattern
    .replaceAll('X', roomId)
    .replace('REST', roomId.slice(1))
    .replace('UPPER', roomId.toUpperCase())
    .replace('BARE', roomId.replaceAll('-', ''))

/** Queries of a room's messages that are refused. `M` stands for a message's id. */
export const BAD_QUERIES: readonly string[] = [
  ...['-1', '0', 'abc', '1.5', '', '+5', '%205', '5%20', '5%0a', '5%00', '0x10', '05', '5_0'].map(
    (limit) => `41: limit=${limit}`,
  ),
  ...['1000000000', '1001', '99999999999999999999', '1e309', 'Infinity', 'NaN'].map(
    (limit) => `42: limit=${limit}`,
  ),
  '41: limit=1#fragment',
  '43: limit=1e2',
  '43: limit=%EF%BC%91',
  '44: limit=1&limit=2',
  '44: limit=1&limit=1',
  '44: after=M&after=M',
  '45: limit[]=1',
  '45: limit%5B%5D=1',
  '45: limit[a]=1',
  '45: unknown=1',
  '45: limit=1&unknown=1',
  '45: LIMIT=1',
  '45: __proto__=1',
  '45: __proto__[limit]=1',
  '45: constructor=1',
  '45: =1',
  '45: toString',
  `45: ${Array.from({ length: 300 }, (_, at) => `k${at}=1`).join('&')}`,
  "46: after='%20OR%20'1'='1",
  '46: after=YSxiLGM%3D',
  '46: after=9999999999999999999',
  '46: after=0',
  '46: before=',
  '46: before=M0',
  '46: before=M%00',
  '46: before=M%0a',
  '46: before=%7BM%7D',
  '46: before=UPPER',
  '46: before=BARE',
  '46: before=%ff',
  `46: before=${NOBODYS}`,
  "46: before=M';%20DROP%20TABLE%20messages;--",
  '46: limit=1&before=',
  '47: after=M&before=M',
  '47: after=M&before=',
]

/** Queries that give a page or all: how many of the two messages. */
export const GOOD_QUERIES: readonly (readonly [query: string, length: number])[] = [
  ['', 2],
  ['?', 2],
  ['?&&', 2],
  ['?limit=%31', 1],
  ['?%6cimit=1', 1],
  ['?limit=1000', 2],
  ['?after=M', 1],
  ['?before=M', 0],
]

const type = (value: string): string => `Content-Type: ${value}`
const bytes = (text: string): string => Buffer.from(text).toString('latin1')

/** Bodies of POST /api/room, with the status of the answer. */
export const BODIES: readonly (readonly [
  title: string,
  status: number,
  headers: readonly string[],
  body: string,
])[] = [
  ['50: nothing', 200, [], ''],
  ['51: nothing, JSON', 200, [type('application/json')], ''],
  ['51: white space, JSON', 200, [type('application/json')], ' \t\r\n'],
  ['51: {}, JSON', 200, [type('application/json')], '{}'],
  ['51: { } in lines', 200, [type('application/json')], '\r\n{\n\t}\n'],
  ['52: {}, text', 200, [type('text/plain')], '{}'],
  ['52: {}, XML', 200, [type('text/xml')], '{}'],
  ['52: text', 400, [type('text/plain')], 'a private remark'],
  ['52: XML', 400, [type('text/xml')], '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'],
  ['53: half an object', 400, [type('application/json')], '{'],
  ['53: null', 400, [type('application/json')], 'null'],
  ['53: an array', 400, [type('application/json')], '[]'],
  ['53: a string', 400, [type('application/json')], '"a private remark"'],
  ['53: a number', 400, [type('application/json')], '123'],
  ['53: two objects', 400, [type('application/json')], '{}{}'],
  ['53: a byte order mark', 400, [type('application/json')], bytes('\ufeff{}')],
  ['53: a no-break space', 400, [type('application/json')], bytes('\u00a0{}')],
  ['53: NUL', 400, [type('application/json')], '{}\0'],
  ['53: a vertical tab', 400, [type('application/json')], '\x0b{}'],
  ['54: __proto__', 400, [type('application/json')], '{"__proto__":{"polluted":"indeed"}}'],
  ['54: constructor', 400, [], '{"constructor":{"prototype":{"polluted":"indeed"}}}'],
  ['55: 2,000 arrays', 400, [type('application/json')], '['.repeat(2000)],
  ['55: 4,000 braces', 400, [type('application/json')], '{'.repeat(4000)],
  ['55: 4,096 blanks', 200, [type('application/json')], ' '.repeat(4096)],
  ['55: 4,095 blanks and a letter', 400, [type('application/json')], `${' '.repeat(4095)}x`],
  ['57: a tab in the type', 200, [type('application/json\t; x')], '{}'],
  ['57: garbage behind the type', 200, [type('application/json garbage')], '{}'],
  ['57: an empty type', 200, [type('')], '{}'],
  ['57: bytes as a type', 200, [type('\xff\xfe/\xfd')], '{}'],
  ['57: two types', 200, [type('text/plain'), type('application/json')], '{}'],
  ['57: a type that is a property', 200, [type('__proto__')], '{}'],
  ['57: a long type', 200, [type(`a/${'b'.repeat(5000)}`)], '{}'],
  ['58: gzip', 400, ['Content-Encoding: gzip'], '\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0'],
  ['59: multipart', 400, [type('multipart/form-data; boundary=b')], '--b\r\n\r\nremark\r\n--b--'],
  ['59: a form', 400, [type('application/x-www-form-urlencoded')], '%7B%7D=private-value'],
]
