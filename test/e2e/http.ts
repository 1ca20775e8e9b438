import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { expect } from 'vitest'
import { expectDocumented } from './api-document.ts'
import { within } from './deadline.ts'
import { noteSecrets } from './secrets.ts'
import { elementsOf, type WireMessage } from './wire.ts'

/** Whatever listens on a port of this machine. */
export interface Listening {
  readonly port: number
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Extras {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** The address of this machine that the request comes from, such as 127.0.0.2. */
  readonly from?: string
}

const read = async (response: IncomingMessage): Promise<Answer> => {
  let text = ''
  response.setEncoding('utf8')
  for await (const part of response) text += String(part)
  return { status: response.statusCode ?? 0, headers: response.headers, text }
}

/**
 * One request on a connection of its own; the path goes out as it is, nothing is normalised. The
 * answer is one that the API's own description knows.
 */
export const call = async (
  node: Listening,
  method: string,
  path: string,
  { headers = {}, body, from = '127.0.0.1' }: Extras = {},
): Promise<Answer> => {
  const answered = new Promise<Answer>((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port: node.port,
      method,
      path,
      headers,
      agent: false,
      localAddress: from,
    })
    sent.once('error', reject)
    sent.once('response', (response) => {
      read(response).then(resolve, reject)
    })
    sent.once('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: '' })
    })
    sent.end(body)
  })
  const answer = await within(`${method} ${path}`, answered, () => 'no answer')
  expectDocumented(method, path, answer)
  return answer
}

export const UPGRADE_HEADERS = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Asks for a WebSocket and lets go of it at once if it is given. */
export const upgrade = (
  node: Listening,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Answer> => call(node, method, path, { headers: { ...UPGRADE_HEADERS, ...headers } })

export const ERROR_CODES = [
  'invalid',
  'forbidden',
  'not_found',
  'full',
  'too_large',
  'rate_limited',
  'overloaded',
  'unavailable',
  'draining',
  'unknown',
  'not_joined',
  'internal',
]

/** Contract 7: short JSON, exactly these keys, nothing of the inside. */
export const expectError = (answer: Answer, status: number, code?: string): void => {
  expect({ status: answer.status, text: answer.text }).toEqual({ status, text: expect.any(String) })
  expect(answer.headers['content-type']).toMatch(/^application\/json\b/)
  const body = JSON.parse(answer.text) as { error: { code: string; message: string } }
  expect(Object.keys(body)).toEqual(['error'])
  expect(Object.keys(body.error)).toEqual(['code', 'message'])
  if (code === undefined) expect(ERROR_CODES).toContain(body.error.code)
  else expect(body.error.code).toBe(code)
  expect(body.error.message).toMatch(/^.{1,200}$/)
  expect(body.error.message).not.toMatch(/select |insert |\bat .*:\d+:\d+|\.[jt]s\b|stack/i)
}

export interface RoomState {
  readonly roomId: string
  readonly roomName: string
  readonly members: readonly { readonly id: string; readonly name: string }[]
}

/** A new room's id. */
export const createRoom = async (node: Listening): Promise<string> => {
  const answer = await call(node, 'POST', '/api/room')
  expect(answer).toMatchObject({ status: 200 })
  const { roomId, roomName } = JSON.parse(answer.text) as RoomState
  noteSecrets(roomId, roomName)
  return roomId
}

/** A new room with an owner. */
export const createOwnedRoom = async (
  node: Listening,
  wish: object = {},
): Promise<{ readonly roomId: string; readonly ownerToken: string }> => {
  const body = JSON.stringify({ ...wish, owner: true })
  const answer = await call(node, 'POST', '/api/room', { body })
  expect(answer).toMatchObject({ status: 200 })
  const room = JSON.parse(answer.text) as RoomState & { readonly ownerToken: string }
  noteSecrets(room.roomId, room.roomName, room.ownerToken)
  return room
}

/** A call with a bearer's secret. */
export const withSecret = (
  node: Listening,
  method: string,
  path: string,
  secret: string,
  body?: object,
): Promise<Answer> =>
  call(node, method, path, {
    headers: { authorization: `Bearer ${secret}` },
    ...(body && { body: JSON.stringify(body) }),
  })

export const roomState = async (node: Listening, roomId: string): Promise<RoomState> => {
  const answer = await call(node, 'GET', `/api/room/${roomId}`)
  expect(answer).toMatchObject({ status: 200 })
  return JSON.parse(answer.text) as RoomState
}

export interface History {
  /** The elements as they came, byte for byte. */
  readonly elements: readonly string[]
  readonly messages: readonly WireMessage[]
  /** Paths of the pages that the answer leads to. */
  readonly prev: string | undefined
  readonly next: string | undefined
}

const linkTo = (answer: Answer, rel: string): string | undefined => {
  const links = String(answer.headers['link'] ?? '').matchAll(/<([^>]*)>\s*;\s*rel="([^"]*)"/g)
  const target = [...links].find((link) => link[2] === rel)?.[1]
  if (target === undefined) return undefined
  const url = new URL(target, 'http://node')
  return url.pathname + url.search
}

/** A page of history by its path. */
export const page = async (node: Listening, path: string): Promise<History> => {
  const answer = await call(node, 'GET', path)
  expect(answer).toMatchObject({ status: 200 })
  expect(answer.headers['content-type']).toMatch(/^application\/json\b/)
  const elements = elementsOf(answer.text)
  return {
    elements,
    messages: elements.map((element) => JSON.parse(element) as WireMessage),
    prev: linkTo(answer, 'prev'),
    next: linkTo(answer, 'next'),
  }
}

export const history = (node: Listening, roomId: string, query = ''): Promise<History> =>
  page(node, `/api/room/${roomId}/messages${query}`)

/**
 * Follows the links from the last page to the first and back again, from node to node by turns.
 * @returns the elements of the pages, oldest first, of both ways
 */
export const walk = async (last: History, nodes: readonly [Listening, Listening]) => {
  let turns = 0
  const follow = (path: string) => page(nodes[turns++ % 2]!, path)
  let at = last
  expect(at.next).toBe(undefined)
  const back = [at.elements]
  while (at.prev !== undefined) {
    at = await follow(at.prev)
    expect(at.next).toBeDefined()
    back.unshift(at.elements)
  }
  const forth = [at.elements]
  while (at.next !== undefined) {
    at = await follow(at.next)
    expect(at.prev).toBeDefined()
    forth.push(at.elements)
  }
  return { back, forth }
}
