import { BINARY, CLOSE, closeFrame, PING, PONG, rawFrame, TEXT } from '../raw-socket.ts'
import {
  chopped,
  closeWith,
  CONTINUATION,
  declared,
  type FrameCase,
  fragments,
  glued,
  NOT_UTF8,
  pieces,
  POLICY,
  PROTOCOL_ERROR,
  TOO_BIG,
} from './frame-cases.ts'
import { INVALID_UTF8, VALID_UTF8 } from './utf8.ts'

const LARGEST = 16_384
const long = (length: number): string => '*'.repeat(length)

const FRAMING: readonly FrameCase[] = [
  ...[TEXT, BINARY].flatMap((opcode, kind): FrameCase[] => [
    { title: `1.${kind + 1}.1 empty`, writes: [rawFrame(opcode, '')] },
    ...[1, 125, 126, 127, 128, LARGEST].map((length, at) => ({
      title: `1.${kind + 1}.${at + 2} ${length} bytes`,
      writes: [rawFrame(opcode, long(length))],
      said: [long(length)],
    })),
    ...[LARGEST + 1, 65_535, 65_536].map((length, at) => ({
      title: `1.${kind + 1}.${at + 8} ${length} bytes are refused`,
      writes: [rawFrame(opcode, long(length))],
      failed: 1,
    })),
    {
      title: `1.${kind + 1}.11 16 KiB in writes of 997 bytes`,
      writes: pieces(rawFrame(opcode, long(LARGEST)), 997),
      said: [long(LARGEST)],
    },
  ]),
]

const PINGS: readonly FrameCase[] = [
  { title: '2.1 empty', writes: [rawFrame(PING, '')], pongs: [''] },
  { title: '2.2 text', writes: [rawFrame(PING, 'Hello, world!')], pongs: ['Hello, world!'] },
  {
    title: '2.3 binary',
    writes: [rawFrame(PING, Uint8Array.of(0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff))],
    pongs: [Uint8Array.of(0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff)],
  },
  {
    title: '2.4 125 bytes',
    writes: [rawFrame(PING, new Uint8Array(125).fill(0xfe))],
    pongs: [new Uint8Array(125).fill(0xfe)],
  },
  { title: '2.5 126 bytes', writes: [rawFrame(PING, long(126))], close: PROTOCOL_ERROR },
  {
    title: '2.6 125 bytes, byte by byte',
    writes: chopped(rawFrame(PING, long(125))),
    pongs: [long(125)],
  },
  { title: '2.7 an unasked pong, empty', writes: [rawFrame(PONG, '')] },
  { title: '2.8 an unasked pong', writes: [rawFrame(PONG, 'unasked pong')] },
  {
    title: '2.9 an unasked pong and a ping',
    writes: [rawFrame(PONG, 'unasked pong'), rawFrame(PING, 'ping')],
    pongs: ['ping'],
  },
  {
    title: '2.10 ten pings',
    writes: Array.from({ length: 10 }, (_, at) => rawFrame(PING, `ping ${at}`)),
    pongs: Array.from({ length: 10 }, (_, at) => `ping ${at}`),
  },
  {
    title: '2.11 ten pings, byte by byte',
    writes: chopped(...Array.from({ length: 10 }, (_, at) => rawFrame(PING, `ping ${at}`))),
    pongs: Array.from({ length: 10 }, (_, at) => `ping ${at}`),
  },
  { title: '2.12 a pong of 126 bytes', writes: [rawFrame(PONG, long(126))], close: PROTOCOL_ERROR },
  {
    title: '2.13 a ping without mask',
    writes: [rawFrame(PING, '', { masked: false })],
    close: 1002,
  },
]

/** A text, a frame with reserved bits, and a ping that is not answered any more. */
const RESERVED: readonly FrameCase[] = [
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((reserved): FrameCase[] => {
    const frames = [
      rawFrame(TEXT, 'before the bits'),
      rawFrame(TEXT, 'with the bits', { reserved }),
      rawFrame(PING, ''),
    ]
    const rest = { said: ['before the bits'], close: PROTOCOL_ERROR }
    return [
      { title: `3.${reserved} text, frame by frame`, writes: frames, ...rest },
      { title: `3.${reserved} text, at once`, writes: glued(...frames), ...rest },
      { title: `3.${reserved} text, byte by byte`, writes: chopped(...frames), ...rest },
    ]
  }),
  ...[BINARY, PING, PONG, CLOSE].map((opcode) => ({
    title: `3 all reserved bits, opcode ${opcode}`,
    writes: [rawFrame(opcode, '', { reserved: 7 })],
    close: PROTOCOL_ERROR,
  })),
  {
    title: '3, row 85 a compressed text that nobody agreed on',
    writes: [rawFrame(TEXT, Uint8Array.of(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 7, 0), { reserved: 4 })],
    close: PROTOCOL_ERROR,
  },
  {
    title: '3 a reserved bit in a continuation',
    writes: [
      rawFrame(TEXT, 'begun', { fin: false }),
      rawFrame(CONTINUATION, 'ended', { reserved: 4 }),
    ],
    close: PROTOCOL_ERROR,
  },
]

const OPCODES: readonly FrameCase[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
  { title: `4 opcode ${opcode}, empty`, writes: [rawFrame(opcode, '')], close: PROTOCOL_ERROR },
  {
    title: `4 opcode ${opcode} behind a text and before a ping`,
    writes: glued(rawFrame(TEXT, 'before'), rawFrame(opcode, 'what'), rawFrame(PING, '')),
    said: ['before'],
    close: PROTOCOL_ERROR,
  },
  {
    title: `4 opcode ${opcode}, byte by byte, not final`,
    writes: chopped(rawFrame(TEXT, 'before'), rawFrame(opcode, 'what', { fin: false })),
    said: ['before'],
    close: PROTOCOL_ERROR,
  },
])

const [BEGUN, ENDED] = fragments(TEXT, ['first part, ', 'last part']) as [Buffer, Buffer]
const BOTH = 'first part, last part'
const STRAY = rawFrame(CONTINUATION, 'of nothing')
const STRAY_BEGUN = rawFrame(CONTINUATION, 'of nothing', { fin: false })

/** A case whole, frame by frame, and byte by byte. */
const inThreeWays = (
  title: string,
  frames: readonly Uint8Array[],
  rest: Omit<FrameCase, 'title' | 'writes'>,
): readonly FrameCase[] => [
  { title: `${title}, at once`, writes: glued(...frames), ...rest },
  { title: `${title}, frame by frame`, writes: frames, ...rest },
  { title: `${title}, byte by byte`, writes: chopped(...frames), ...rest },
]

const FRAGMENTATION: readonly FrameCase[] = [
  ...inThreeWays('5.1 a ping in fragments', fragments(PING, ['a', 'b']), { close: 1002 }),
  ...inThreeWays('5.2 a pong in fragments', fragments(PONG, ['a', 'b']), { close: 1002 }),
  ...inThreeWays('5.3-5 a text in two', [BEGUN, ENDED], { said: [BOTH] }),
  ...inThreeWays('5.6-8 a ping inside', [BEGUN, rawFrame(PING, 'inside'), ENDED], {
    said: [BOTH],
    pongs: ['inside'],
  }),
  ...inThreeWays('5.9-11 a continuation of nothing', [STRAY, rawFrame(TEXT, 'behind')], {
    close: PROTOCOL_ERROR,
  }),
  ...inThreeWays('5.12-14 more of nothing', [STRAY_BEGUN, rawFrame(TEXT, 'behind')], {
    close: PROTOCOL_ERROR,
  }),
  ...inThreeWays('5.15 a continuation of what has ended', [BEGUN, ENDED, STRAY_BEGUN, ENDED], {
    said: [BOTH],
    close: PROTOCOL_ERROR,
  }),
  ...inThreeWays('5.16 nothing, twice', [STRAY_BEGUN, rawFrame(TEXT, 'a'), STRAY], { close: 1002 }),
  ...inThreeWays('5.18 two beginnings', [BEGUN, rawFrame(TEXT, 'again')], { close: 1002 }),
  ...inThreeWays('5.18 a binary inside a text', [BEGUN, rawFrame(BINARY, 'again')], {
    close: 1002,
  }),
  ...inThreeWays(
    '5.19-20 pings between five fragments',
    ['a', 'b', 'c', 'd', 'e'].flatMap((letter, at) => [
      rawFrame(at === 0 ? TEXT : CONTINUATION, letter, { fin: at === 4 }),
      rawFrame(PING, `behind ${letter}`),
    ]),
    { said: ['abcde'], pongs: ['a', 'b', 'c', 'd', 'e'].map((letter) => `behind ${letter}`) },
  ),
  ...inThreeWays('5.21 a binary in two', fragments(BINARY, ['bin', 'ary']), { said: ['binary'] }),
  ...inThreeWays('5.22 a close inside', [BEGUN, closeFrame(1000), ENDED], { close: 1000 }),
  {
    title: '5.23, row 84 as many fragments as may be',
    writes: glued(
      ...fragments(
        TEXT,
        Array.from({ length: 128 }, () => 'x'),
      ),
    ),
    said: [long(128).replaceAll('*', 'x')],
  },
  {
    title: '5.24, row 84 one more',
    writes: glued(
      ...fragments(
        TEXT,
        Array.from({ length: 129 }, () => 'x'),
      ),
    ),
    close: POLICY,
  },
  {
    title: '5.25, row 84 20,000 empty fragments',
    writes: glued(BEGUN, ...Array.from({ length: 20_000 }, () => rawFrame(0, '', { fin: false }))),
    close: POLICY,
  },
]

const CODE_POINTS: readonly FrameCase[] = [
  { title: '6.1.1 empty', writes: [rawFrame(TEXT, '')] },
  { title: '6.1.2 three empty fragments', writes: fragments(TEXT, ['', '', '']) },
  {
    title: '6.1.3 empty, full, empty',
    writes: fragments(TEXT, ['', 'middle fragment', '']),
    said: ['middle fragment'],
  },
  ...VALID_UTF8.flatMap(([title, text]): FrameCase[] => [
    {
      title: `6 ${title}, as a text, in fragments of a byte, as a binary`,
      writes: [
        rawFrame(TEXT, text),
        ...fragments(TEXT, pieces(text, 1)),
        rawFrame(BINARY, text),
        ...chopped(rawFrame(TEXT, text)),
      ],
      said: Array.from({ length: 4 }, () => text),
    },
  ]),
  ...INVALID_UTF8.flatMap(([title, hex]): FrameCase[] => {
    const bytes = Buffer.concat([Buffer.from('κόσμε'), Buffer.from(hex.replaceAll(' ', ''), 'hex')])
    const around = Buffer.concat([bytes, Buffer.from('edited')])
    return [
      { title: `6 ${title}, at the end`, writes: [rawFrame(TEXT, bytes)], close: NOT_UTF8 },
      { title: `6 ${title}, inside a binary`, writes: [rawFrame(BINARY, around)], close: NOT_UTF8 },
      {
        title: `6 ${title}, in fragments of a byte`,
        writes: fragments(TEXT, pieces(around, 1)),
        close: NOT_UTF8,
      },
    ]
  }),
]

const CLOSES: readonly FrameCase[] = [
  {
    title: '7.1.1 a text and a close',
    writes: glued(rawFrame(TEXT, 'last'), closeFrame(1000)),
    said: ['last'],
    close: 1000,
  },
  { title: '7.1.2 two closes', writes: glued(closeFrame(1000), closeFrame(1001)), close: 1000 },
  {
    title: '7.1.3 a ping behind',
    writes: glued(closeFrame(1000), rawFrame(PING, '')),
    close: 1000,
  },
  {
    title: '7.1.4 a text behind',
    writes: glued(closeFrame(1000), rawFrame(TEXT, 'x')),
    close: 1000,
  },
  { title: '7.1.5 half a text before', writes: [BEGUN, closeFrame(1000), ENDED], close: 1000 },
  { title: '7.1.6 256 KB before', writes: [rawFrame(TEXT, long(262_144))], close: TOO_BIG },
  {
    title: '7.1.7 garbage behind',
    writes: glued(closeFrame(1000), Buffer.alloc(3000, 0xff)),
    close: 1000,
  },
  { title: '7.3.1 empty', writes: [closeFrame()], close: 'empty' },
  { title: '7.3.2 one byte', writes: [rawFrame(CLOSE, 'a')], close: PROTOCOL_ERROR },
  { title: '7.3.3 a code', writes: [closeFrame(1000)], close: 1000 },
  { title: '7.3.4 a reason', writes: [closeWith(1000, 'Hello World!')], close: 1000 },
  { title: '7.3.5 a reason of 123 bytes', writes: [closeWith(1000, long(123))], close: 1000 },
  { title: '7.3.6 a reason of 124 bytes', writes: [closeWith(1000, long(124))], close: 1002 },
  {
    title: '7.5.1 a reason of no UTF-8',
    writes: [closeWith(1000, Uint8Array.of(0xed, 0xa0, 0x80))],
    close: NOT_UTF8,
  },
  {
    title: '7.5.2 a reason cut short',
    writes: [closeWith(1000, Uint8Array.of(0xce))],
    close: NOT_UTF8,
  },
  ...[
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ].map((code) => ({ title: `7.7 code ${code}`, writes: [closeFrame(code)], close: code })),
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 32_768, 65_535].map(
    (code) => ({
      title: `7.9 code ${code}`,
      writes: [closeFrame(code)],
      close: PROTOCOL_ERROR,
    }),
  ),
  { title: '7.10 not final', writes: [rawFrame(CLOSE, '', { fin: false })], close: PROTOCOL_ERROR },
  {
    title: '7.11 no mask',
    writes: [rawFrame(CLOSE, '', { masked: false })],
    close: PROTOCOL_ERROR,
  },
]

const SIZES: readonly FrameCase[] = [
  ...inThreeWays('10.1.1 fragments of 1,300 bytes', fragments(TEXT, pieces(long(LARGEST), 1300)), {
    said: [long(LARGEST)],
  }),
  {
    title: '10.1.2 64 KiB in fragments of 1,300 bytes',
    writes: fragments(TEXT, pieces(long(65_536), 1300)),
    failed: 1,
  },
  { title: '10.1.3 a byte over 64 KiB', writes: [rawFrame(TEXT, long(65_537))], close: TOO_BIG },
  {
    title: '10.1.4 a byte over 64 KiB in fragments',
    writes: fragments(TEXT, pieces(long(65_537), 1300)),
    close: TOO_BIG,
  },
  ...[2n ** 17n, 2n ** 32n, 2n ** 40n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n].map(
    (length) => ({
      title: `10.2, row 83 ${length} bytes are only announced`,
      writes: [declared(TEXT, length)],
      close: TOO_BIG,
    }),
  ),
  { title: '10.3 an announced control frame', writes: [declared(PING, 2n ** 40n)], close: 1002 },
  { title: 'row 75 no mask', writes: [rawFrame(TEXT, 'bare', { masked: false })], close: 1002 },
  {
    title: 'row 75 no mask behind a text',
    writes: glued(rawFrame(TEXT, 'masked'), rawFrame(TEXT, 'bare', { masked: false })),
    said: ['masked'],
    close: PROTOCOL_ERROR,
  },
  { title: 'row 75 HTTP', writes: [Buffer.from('GET / HTTP/1.1\r\n\r\n')], close: 1002 },
  { title: 'row 75 TLS', writes: [Buffer.from([0x16, 3, 1, 2, 0])], close: 1002 },
  { title: 'row 94 NUL is refused', writes: [rawFrame(TEXT, 'a\0b')], failed: 1 },
]

/** The groups of the Autobahn test suite that concern a server without extensions. */
export const GROUPS: Readonly<Record<string, readonly FrameCase[]>> = {
  '1: framing': FRAMING,
  '2: pings and pongs': PINGS,
  '3: reserved bits': RESERVED,
  '4: opcodes': OPCODES,
  '5: fragmentation': FRAGMENTATION,
  '6: UTF-8': CODE_POINTS,
  '7: close': CLOSES,
  '10: sizes and the rest': SIZES,
}
