import { expect, test } from 'vitest'
import { inEmbeddedMode } from './embedded.ts'
import { rawCall, request } from './raw-call.ts'
import { expectDiscreet, expectErrorBody, expectUnharmed, roomWithBystander } from './scene.ts'

/** What is sent, the statuses of the answers, and whether the server closes by itself then. */
type Row = readonly [
  title: string,
  sent: string,
  statuses: readonly number[],
  after: 'closes' | 'stays open',
]

const HEALTHZ = 'GET /api/healthz HTTP/1.1'
const CREATE = 'POST /api/room HTTP/1.1'
const CHUNKED = 'Transfer-Encoding: chunked'

const chunked = (body: string): string => request(CREATE, [CHUNKED], body)
const small = Array.from({ length: 2500 }, (_, at) => `x-small-${at}: 1`)

const ROWS: readonly Row[] = [
  ['4: one header of 9 KB', request(HEALTHZ, [`x: ${'a'.repeat(9000)}`]), [431], 'closes'],
  ['5: 2,500 small headers', request(HEALTHZ, small), [431], 'closes'],
  ['6: a target of 9 KB', request(`GET /${'a'.repeat(9000)} HTTP/1.1`), [431], 'closes'],
  [
    '7: Content-Length and Transfer-Encoding',
    request(CREATE, ['Content-Length: 2', CHUNKED], '0\r\n\r\n'),
    [400],
    'closes',
  ],
  [
    '7: Transfer-Encoding and Content-Length',
    request(CREATE, [CHUNKED, 'Content-Length: 2'], '0\r\n\r\n'),
    [400],
    'closes',
  ],
  [
    '7: both, and a request behind',
    request(CREATE, ['Content-Length: 5', CHUNKED], `0\r\n\r\n${request(CREATE)}`),
    [400],
    'closes',
  ],
  [
    '8: two different lengths',
    request(CREATE, ['Content-Length: 2', 'Content-Length: 3'], '{} '),
    [400],
    'closes',
  ],
  ...['-1', '+2', '0x2', '2, 2', '2 2', '1e1', '', '99999999999999999999999', '２'].map<Row>(
    (length) => [
      `9: Content-Length ${JSON.stringify(length)}`,
      Buffer.from(request(CREATE, [`Content-Length: ${length}`], '{}')).toString('latin1'),
      [400],
      'closes',
    ],
  ),
  ...['xchunked', 'identity', 'chunked, gzip', 'chunked chunked', '\x0bchunked'].map<Row>(
    (coding) => [
      `10: Transfer-Encoding ${JSON.stringify(coding)}`,
      request(CREATE, [`Transfer-Encoding: ${coding}`], '0\r\n\r\n'),
      [400],
      'closes',
    ],
  ),
  ['10: chunked twice', request(CREATE, [CHUNKED, CHUNKED], '0\r\n\r\n'), [400], 'closes'],
  ['10: a chunk size of letters', chunked('zz\r\n{}\r\n0\r\n\r\n'), [400], 'closes'],
  ['10: a negative chunk size', chunked('-1\r\n{}\r\n0\r\n\r\n'), [400], 'closes'],
  ['10: an endless chunk size', chunked('fffffffffffffffff\r\n{}\r\n0\r\n\r\n'), [400], 'closes'],
  ['10: a chunk without its end', chunked('2\r\n{}0\r\n\r\n'), [400], 'closes'],
  ['10: a long chunk extension', chunked(`2;${'x'.repeat(20_000)}\r\n{}\r\n0`), [400], 'closes'],
  ['10: a chunk extension', chunked('2;a=b\r\n{}\r\n0\r\n\r\n'), [200], 'stays open'],
  ['10: a trailer', chunked('2\r\n{}\r\n0\r\nx-trailer: x\r\n\r\n'), [200], 'stays open'],
  ['11: a folded header', request(HEALTHZ, ['x-folded: a\r\n bbbbbbbb']), [400], 'closes'],
  ['11: a space before the colon', request(HEALTHZ, ['x-spaced : a']), [400], 'closes'],
  ['11: a space before a header', request(HEALTHZ, [' x-spaced: a']), [400], 'closes'],
  ['11: NUL in a header', request(HEALTHZ, ['x-zero: aaaa\0bbbbbbbb']), [400], 'closes'],
  ['11: a lone CR in a header', request(HEALTHZ, ['x-return: aaaa\rbbbbbbbb']), [400], 'closes'],
  ['11: lone LFs', `${HEALTHZ}\nHost: node\n\n`, [400], 'closes'],
  ['11: no colon', request(HEALTHZ, ['x-without-colon']), [400], 'closes'],
  ['11: no name', request(HEALTHZ, [': nameless']), [400], 'closes'],
  ['12: no Host', `${HEALTHZ}\r\n\r\n`, [400], 'closes'],
  ['12: no Host, POST', `${CREATE}\r\nContent-Length: 2\r\n\r\n{}`, [400], 'closes'],
  ['12: two Hosts', request(HEALTHZ, ['Host: another.example']), [400], 'closes'],
  ['13: HTTP/9.9', request('GET /api/healthz HTTP/9.9'), [400], 'closes'],
  ['13: the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400], 'closes'],
  ['13: no version', 'GET /api/healthz \r\n\r\n', [400], 'closes'],
  [
    '13: a ClientHello of TLS',
    `\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03${'\x41'.repeat(500)}`,
    [400],
    'closes',
  ],
  ['13: garbage', `${'\xff\xfe\0\x01'.repeat(20)}\r\n\r\n`, [400], 'closes'],
  ['13: a frame of a WebSocket', '\x81\x85\x12\x34\x56\x78zzzzz', [400], 'closes'],
  ['14: HTTP/1.0', 'GET /api/healthz HTTP/1.0\r\n\r\n', [200], 'closes'],
  [
    '14: HTTP/1.0, kept open',
    'GET /api/healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
    [200],
    'stays open',
  ],
  ['14: empty lines before', `\r\n\r\n${request(HEALTHZ)}`, [200], 'stays open'],
  [
    '15: fifty at once, the first and last unlike the others',
    [
      request('GET /first HTTP/1.1'),
      ...Array.from({ length: 48 }, () => request(HEALTHZ)),
      request('PUT /api/room HTTP/1.1'),
    ].join(''),
    [404, ...Array.from({ length: 48 }, () => 200), 405],
    'stays open',
  ],
  [
    '16: Expect: bogus',
    request(CREATE, ['Expect: bogus-expectation', 'Content-Length: 2'], '{}'),
    [417],
    'closes',
  ],
  [
    '16: Expect: 100-continue',
    request(CREATE, ['Expect: 100-continue', 'Content-Length: 2'], '{}'),
    [100, 200],
    'stays open',
  ],
  ['17: a header __proto__', request(HEALTHZ, ['__proto__: polluted']), [200], 'stays open'],
  ['17: a header constructor', request(HEALTHZ, ['constructor: polluted']), [200], 'stays open'],
  [
    '18: X-HTTP-Method-Override',
    request(CREATE, ['X-HTTP-Method-Override: DELETE', 'Content-Length: 0']),
    [200],
    'stays open',
  ],
  ...['PUT', 'DELETE', 'PATCH', 'GET', 'TRACE', 'QUERY'].map<Row>((method) => [
    `20, 21, 24: ${method} of /api/room`,
    request(`${method} /api/room HTTP/1.1`, ['x-private: do-not-echo-this']),
    [405],
    'stays open',
  ]),
  ...['PROPFIND', 'LINK', 'M-SEARCH', 'PURGE'].map<Row>((method) => [
    `24: ${method}`,
    request(`${method} /api/room HTTP/1.1`, ['x-private: do-not-echo-this']),
    [404],
    'stays open',
  ]),
  ['25: CONNECT', 'CONNECT somewhere.example:80 HTTP/1.1\r\nHost: node\r\n\r\n', [], 'closes'],
  ['26: an unknown method', request('FROBNICATE /api/room HTTP/1.1'), [400], 'closes'],
  ['26: a method in lower case', request('get /api/healthz HTTP/1.1'), [400], 'closes'],
  ['27: OPTIONS', request('OPTIONS /api/room HTTP/1.1'), [204], 'stays open'],
  ['28: OPTIONS *', request('OPTIONS * HTTP/1.1'), [204], 'stays open'],
  [
    '28: an absolute target',
    request('GET http://elsewhere.example/api/healthz HTTP/1.1'),
    [200],
    'stays open',
  ],
  ['28: another scheme', request('GET javascript:alert(document) HTTP/1.1'), [400], 'closes'],
  ...['/api/room/../healthz', '//api/healthz', '/API/HEALTHZ', '/api/healthz/'].map<Row>((path) => [
    `29: ${path}`,
    request(`GET ${path} HTTP/1.1`),
    [404],
    'stays open',
  ]),
  ...['/api//healthz', '/api/healthz;a=b', '/api\\healthz', '/.git/config'].map<Row>((path) => [
    `29: ${path}`,
    request(`GET ${path} HTTP/1.1`),
    [404],
    'stays open',
  ]),
  ['29: raw bytes over 127', request('GET /api/\xc3\xa9\xc3\xa9 HTTP/1.1'), [400], 'closes'],
  [
    '29: a body where none belongs',
    request(HEALTHZ, ['Content-Length: 5'], 'hello'),
    [200],
    'stays open',
  ],
  [
    '29: a body for nothing',
    request(
      'POST /nothing HTTP/1.1',
      ['Content-Type: application/json', 'Content-Length: 5'],
      '{{{{{',
    ),
    [404],
    'stays open',
  ],
]

inEmbeddedMode('input, transport and routes', (nodes) => {
  test.for(ROWS)('row %s', async ([, sent, statuses, after]) => {
    const scene = await roomWithBystander(nodes)
    const thenLast = after === 'stays open' ? statuses.length : undefined
    const { answers } = await rawCall(nodes.a, { writes: [sent], thenLast })
    for (const answer of answers) expectDiscreet(answer, sent)
    expect(answers.map(({ status }) => status)).toEqual([
      ...statuses,
      ...(after === 'stays open' ? [200] : []),
    ])
    for (const answer of answers) if (answer.status >= 400) expectErrorBody(answer)
    await expectUnharmed(nodes, scene)
  })

  test('row 15: pipelined answers come in the order of their requests', async () => {
    const scene = await roomWithBystander(nodes)
    const paths = Array.from({ length: 50 }, (_, at) => (at % 3 === 0 ? '/' : '/api/livez'))
    const sent = paths.map((path) => request(`GET ${path} HTTP/1.1`)).join('')
    const { answers } = await rawCall(nodes.a, { writes: [sent], thenLast: 50 })
    expect(answers.map(({ body }) => body !== '')).toEqual([
      ...paths.map((path) => path === '/'),
      false,
    ])
    await expectUnharmed(nodes, scene)
  })

  test.for([
    ['20: Allow', 'PUT /api/room', 405, 'allow: POST'],
    ['21: Allow', 'GET /api/room', 405, 'allow: POST'],
    ['60: Allow', 'POST /api/healthz', 405, 'allow: GET, HEAD'],
  ] as const)('row %s of %s', async ([, line, status, header]) => {
    const { answers } = await rawCall(nodes.a, {
      writes: [request(`${line} HTTP/1.1`)],
      thenLast: 1,
    })
    expect(answers[0]).toMatchObject({ status, head: expect.stringContaining(header) })
  })

  test('rows 22, 23: HEAD is GET without a body', async () => {
    const { roomId } = await roomWithBystander(nodes)
    for (const path of [
      '/',
      '/api/healthz',
      `/api/room/${roomId}`,
      `/api/room/${roomId}/messages`,
    ]) {
      const { answers } = await rawCall(nodes.a, {
        writes: [request(`HEAD ${path} HTTP/1.1`)],
        thenLast: 1,
        bodiless: true,
      })
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
    }
  })

  test('row 27: OPTIONS allows no origin that did not ask, row 24: TRACE echoes nothing', async () => {
    const { answers } = await rawCall(nodes.a, {
      writes: [request('OPTIONS /api/room HTTP/1.1')],
      thenLast: 1,
    })
    expect(answers[0]?.body).toBe('')
    expect(answers[0]?.head).not.toContain('node')
  })

  test('a request that ends with its side of TCP is answered', async () => {
    const { answers } = await rawCall(nodes.a, { writes: [request(HEALTHZ)], end: 'fin' })
    expect(answers.map(({ status }) => status)).toEqual([200])
  })

  test.for([
    'G',
    'GET /api/healthz HTT',
    `${HEALTHZ}\r\nHost: no`,
    request(CREATE, ['Content-Length: 9'], '{'),
  ])('half a request and the end of TCP: %j', async (sent) => {
    const scene = await roomWithBystander(nodes)
    const { answers } = await rawCall(nodes.a, { writes: [sent], end: 'fin' })
    expect(answers.filter(({ status }) => status !== 400)).toEqual([])
    await expectUnharmed(nodes, scene)
  })

  test('rows 1, 2, 3: who sends nothing, or slowly, is sent away in time', async () => {
    const scene = await roomWithBystander(nodes)
    const drip = (text: string): string[] => text.split('')
    const slowHeaders = Array.from({ length: 100 }, (_, at) => `x-slow-${at}: 1\r\n`)
    const rows = await Promise.all([
      rawCall(nodes.a, { writes: [] }),
      rawCall(nodes.a, { writes: ['GET /api/he'] }),
      rawCall(nodes.a, { writes: [`${HEALTHZ}\r\nHost: node\r\n`, ...slowHeaders], pauseMs: 300 }),
      rawCall(nodes.a, {
        writes: [request(CREATE, ['Content-Length: 100']), ...drip(' '.repeat(100))],
        pauseMs: 300,
      }),
      rawCall(nodes.a, { writes: [chunked(''), ...drip('1\r\n \r\n'.repeat(100))], pauseMs: 300 }),
    ])
    expect(rows.map(({ answers }) => answers.map(({ status }) => status))).toEqual(
      rows.map(() => [408]),
    )
    for (const { answers, ms } of rows) {
      answers.forEach(expectErrorBody)
      expect(ms).toBeLessThan(7_000)
    }
    await expectUnharmed(nodes, scene)
  })
})
