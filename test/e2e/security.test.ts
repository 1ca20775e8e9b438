import { expect, test } from 'vitest'
import { type Answer, call, createRoom, upgrade } from './http.ts'
import { inBothModes } from './modes.ts'
import { handshake, RawSocket } from './raw-socket.ts'

const HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
}

const expectGuarded = ({ headers }: Pick<Answer, 'headers'>): void => {
  expect(headers).toMatchObject(HEADERS)
  expect(headers).not.toHaveProperty('server')
  expect(headers).not.toHaveProperty('x-powered-by')
  expect(headers).not.toHaveProperty('set-cookie')
}

inBothModes('security', (nodes) => {
  test('8: every answer says that it is not to be kept, run, guessed at, framed or embedded', async () => {
    const roomId = await createRoom(nodes.a)
    const asked: readonly (readonly [string, string, number])[] = [
      ['GET', '/', 200],
      ['POST', '/api/room', 200],
      ['GET', `/api/room/${roomId}`, 200],
      ['HEAD', `/api/room/${roomId}`, 200],
      ['GET', `/api/room/${roomId}/messages`, 200],
      ['GET', `/api/room/${roomId}/messages?limit=0`, 400],
      ['GET', '/api/healthz', 200],
      ['GET', `/api/serve/${roomId}`, 426],
      ['GET', '/api/room/none', 404],
      ['GET', '/api/room/%zz', 404],
      ['GET', '/<script>', 404],
      ['PUT', '/api/room', 405],
    ]
    for (const [method, path, status] of asked) {
      const answer = await call(nodes.a, method, path)
      expect({ path, status: answer.status }).toEqual({ path, status })
      expectGuarded(answer)
    }
    expectGuarded(await upgrade(nodes.a, '/api/serve/none'))
    expectGuarded(await upgrade(nodes.a, '/api/serve/%zz'))
  })

  test.for([
    ['no request at all', 'hello\r\n\r\n'],
    ['headers that are too long', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(9000)}\r\n\r\n`],
  ])('8: even what is no request is answered so: %s', async ([, bytes]) => {
    const socket = new RawSocket(nodes.a)
    socket.send(Buffer.from(bytes!))
    const { text } = await socket.head()
    for (const [name, value] of Object.entries(HEADERS)) expect(text).toContain(`${name}: ${value}`)
    await socket.ended()
  })

  test('8: an upgrade tells nothing about the server', async () => {
    const socket = new RawSocket(nodes.a)
    socket.send(handshake(`/api/serve/${await createRoom(nodes.a)}`))
    const { status, text } = await socket.head()
    expect(status).toBe(101)
    const names = text
      .split('\r\n')
      .slice(1, -2)
      .map((line) => line.split(':')[0]?.toLowerCase())
    expect(new Set(names)).toEqual(new Set(['connection', 'sec-websocket-accept', 'upgrade']))
  })
})
