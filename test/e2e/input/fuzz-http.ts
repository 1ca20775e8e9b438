import type { Random } from '../../random.ts'
import { UPGRADE_HEADERS } from '../http.ts'
import { mutated, noise } from './mutate.ts'
import { idFrom, NO_IDS } from './resource-tables.ts'

const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']
const RARE_METHODS = ['CONNECT', 'PATCH', 'QUERY', 'PROPFIND', 'FOO', 'get', 'SOURCE', '']
const PATHS = [
  ...['/', '/api/room', '/api/room/ID', '/api/room/ID/messages', '/api/serve/ID'],
  ...['/api/room/ID/info', '/api/room/ID/messages/M', '/api/room/ID/members/M'],
]
const RARE_PATHS = ['/api/healthz', '/api/readyz', '/api/livez', '/nothing', '*', '', '//', '/api/']
const VALUES = ['', '1', '0', '1000', '1001', '-1', '1e2', 'M', 'M', 'X', '%00', '%ff', "'", '[]']

const HEADERS: Readonly<Record<string, readonly string[]>> = {
  Host: ['node', '', 'a b', 'elsewhere.example:99999'],
  Connection: ['close', 'keep-alive', 'Upgrade', 'close, Upgrade', 'x'],
  Upgrade: ['websocket', 'h2c', 'websocket, h2c', ''],
  'Content-Type': ['application/json', 'text/plain', 'multipart/form-data', '', 'a/b; c="d'],
  'Content-Encoding': ['gzip', 'br', 'identity'],
  'Transfer-Encoding': ['chunked', 'gzip, chunked', 'identity', 'xchunked'],
  'Content-Length': ['0', '2', '5000', '-1', '99999999999', 'two'],
  Expect: ['100-continue', 'x'],
  Origin: ['null', 'https://elsewhere.example', '\xff'],
  'Access-Control-Request-Method': ['POST', '\xff'],
  'Access-Control-Request-Headers': ['x, y', '\xe9'],
  'X-Forwarded-For': ['1.2.3.4', '::1, garbage', ',,,,'],
  'Accept-Encoding': ['gzip', '*;q=x'],
  'Accept-Version': ['1.x', '*'],
  'If-None-Match': ['*', '"x"'],
  Range: ['bytes=0-1', 'bytes=-'],
  Authorization: ['Bearer x', 'Bearer ', 'Basic eDp5', 'Bearer \xff'],
  Cookie: ['a=b', ';;;='],
  __proto__x: ['x'],
  'Sec-WebSocket-Version': ['13', '8', 'x'],
  'Sec-WebSocket-Protocol': ['a', 'a,,b', 'a, a', ','.repeat(500)],
  'Sec-WebSocket-Extensions': ['permessage-deflate', ';;=,'],
}

const BODIES = [
  '',
  '',
  '{}',
  '{',
  '[]',
  'null',
  '{"__proto__":1}',
  '{"message":"x"}',
  '{"locked":true}',
  ' '.repeat(5000),
  '\0',
]

/** Ids that an input may name. */
export interface Known {
  readonly roomId: string
  readonly messageId: string
}

const roomId = (random: Random, known: Known): string => {
  if (random.chance(0.5)) return known.roomId
  if (random.chance(0.7)) return idFrom(random.pick(NO_IDS)[1], known.roomId)
  return mutated(random, Buffer.from(known.roomId)).toString('latin1')
}

const target = (random: Random, known: Known): string => {
  const path = random
    .pick(random.chance(0.85) ? PATHS : RARE_PATHS)
    .replace(
      'ID',
      // As a function, because an id may hold what means something in a replacement.
      () => roomId(random, known),
    )
    .replace(/M$/, () => random.pick([known.messageId, '1', '%00', "'"]))
  if (random.chance(0.6)) return path
  const pairs = Array.from({ length: 1 + random.below(3) }, () => {
    const key = random.pick(['limit', 'limit', 'before', 'after', '__proto__', 'x'])
    return `${key}=${random.pick(VALUES).replace('M', known.messageId).replace('X', known.roomId)}`
  })
  return `${path}?${pairs.join('&')}`
}

const request = (random: Random, known: Known): Buffer => {
  const method = random.pick(random.chance(0.9) ? METHODS : RARE_METHODS)
  const version = random.chance(0.95) ? 'HTTP/1.1' : random.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP'])
  const lines = [`${method} ${target(random, known)} ${version}`]
  if (random.chance(0.95)) lines.push('Host: node')
  if (random.chance(0.25)) {
    for (const [name, value] of Object.entries(UPGRADE_HEADERS)) {
      if (random.chance(0.95)) lines.push(`${name}: ${value}`)
    }
  }
  for (let count = random.below(4); count > 0; count -= 1) {
    const [name, values] = random.pick(Object.entries(HEADERS))
    lines.push(
      `${name}: ${random.chance(0.9) ? random.pick(values) : noise(random).toString('latin1')}`,
    )
  }
  let body = random.chance(0.9) ? random.pick(BODIES) : noise(random).toString('latin1')
  if (random.chance(0.3)) {
    lines.push('Transfer-Encoding: chunked')
    body = `${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
  } else if (body !== '' && random.chance(0.9)) {
    lines.push(`Content-Length: ${body.length}`)
  }
  return Buffer.from([...lines, '', body].join('\r\n'), 'latin1')
}

/** One request or a few behind each other, mostly with something wrong about them. */
export const fuzzedRequests = (random: Random, known: Known): Buffer => {
  const count = random.chance(0.8) ? 1 : 2 + random.below(3)
  const all = Buffer.concat(Array.from({ length: count }, () => request(random, known)))
  return random.chance(0.4) ? mutated(random, all) : all
}
