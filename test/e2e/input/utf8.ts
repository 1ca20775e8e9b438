/** Character sequences that are UTF-8, after Markus Kuhn's stress test and the Autobahn suite. */
export const VALID_UTF8: readonly (readonly [title: string, text: string])[] = [
  ['2.1 Latin', 'Hello-µ@ßöäüàá-UTF-8!!'],
  ['2.4 Greek', 'κόσμε'],
  ['5.1 Greek and a supplementary character', 'Hello-µ@ßöäüàá-UTF-8!!\u{10400}'],
  ['6 parts of a Greek word', 'κό'],
  ['7.2 the first of two bytes', '\u0080'],
  ['7.3 the first of three bytes', '\u0800'],
  ['7.4 the first of four bytes', '\u{10000}'],
  ['9.1 the last of one byte', '\u007f'],
  ['9.2 the last of two bytes', '\u07ff'],
  ['9.3 the last of three bytes', '\uffff'],
  ['9.4 the last of four bytes', '\u{10ffff}'],
  ['11.1 before the surrogates', '\ud7ff'],
  ['11.2 behind the surrogates', '\ue000'],
  ['11.3 the replacement character', '\ufffd'],
  ...Array.from({ length: 17 }, (_, plane): readonly [string, string] => [
    `22 the noncharacters of plane ${plane}`,
    String.fromCodePoint(plane * 0x1_00_00 + 0xff_fe, plane * 0x1_00_00 + 0xff_ff),
  ]),
  ['22 the noncharacters of the Arabic forms', '\ufdd0\ufdef'],
  ['23 specials', '\ufff9\ufffa\ufffb\ufffc\ufffd\ufffe\uffff'],
  ['23 a byte order mark', '\ufeff'],
  ['24 joined people', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'],
]

/** Byte sequences in hexadecimal that are not. */
export const INVALID_UTF8: readonly (readonly [title: string, hex: string])[] = [
  ['3.1 a surrogate', 'eda080'],
  ['4.1 over U+10FFFF', 'f4908080'],
  ['6.1 one byte of two', 'ce'],
  ['6.3 one byte of three', 'e1'],
  ['6.4 two bytes of three', 'e1bd'],
  ['8.1 the first of five bytes', 'f888808080'],
  ['8.2 the first of six bytes', 'fc8480808080'],
  ['10.1 the last of four bytes', 'f7bfbfbf'],
  ['10.2 the last of five bytes', 'fbbfbfbfbf'],
  ['10.3 the last of six bytes', 'fdbfbfbfbfbf'],
  ['11.5 behind U+10FFFF', 'f4908080'],
  ['12.1 a continuation, the first', '80'],
  ['12.2 a continuation, the last', 'bf'],
  ['12.3 two continuations', '80bf'],
  ['12.4 three continuations', '80bf80'],
  ['12.5 four continuations', '80bf80bf'],
  ['12.6 five continuations', '80bf80bf80'],
  ['12.7 six continuations', '80bf80bf80bf'],
  [
    '12.8 all continuations',
    Array.from({ length: 64 }, (_, at) => (0x80 + at).toString(16)).join(''),
  ],
  ...(
    [
      ['13.1 every lone start of two', 0xc0, 0xdf],
      ['13.2 every lone start of three', 0xe0, 0xef],
      ['13.3 every lone start of four', 0xf0, 0xf7],
      ['13.4 every lone start of five', 0xf8, 0xfb],
      ['13.5 every lone start of six', 0xfc, 0xfd],
    ] as const
  ).map(([title, first, last]): readonly [string, string] => [
    title,
    Array.from({ length: last - first + 1 }, (_, at) => `${(first + at).toString(16)}20`).join(''),
  ]),
  ...'c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf'
    .split(' ')
    .map((hex, at): readonly [string, string] => [`14.${at + 1} the last byte is missing`, hex]),
  ['15.1 all of those', 'c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf'],
  ['16.1 FE', 'fe'],
  ['16.2 FF', 'ff'],
  ['16.3 FE FE FF FF', 'fefeffff'],
  ...'c0af e080af f08080af f8808080af fc80808080af'
    .split(' ')
    .map((hex, at): readonly [string, string] => [`17.${at + 1} an overlong slash`, hex]),
  ...'c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf'
    .split(' ')
    .map((hex, at): readonly [string, string] => [`18.${at + 1} the longest overlong`, hex]),
  ...'c080 e08080 f0808080 f880808080 fc8080808080'
    .split(' ')
    .map((hex, at): readonly [string, string] => [`19.${at + 1} an overlong NUL`, hex]),
  ...'eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf'
    .split(' ')
    .map((hex, at): readonly [string, string] => [`20.${at + 1} a surrogate`, hex]),
  ...(
    'eda080edb080 eda080edbfbf edadbfedb080 edadbfedbfbf ' +
    'edae80edb080 edae80edbfbf edafbfedb080 edafbfedbfbf'
  )
    .split(' ')
    .map((hex, at): readonly [string, string] => [`21.${at + 1} two surrogates`, hex]),
]
