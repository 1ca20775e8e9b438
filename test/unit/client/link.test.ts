import { expect, test } from 'vitest'
import { readLink, roomLink, serverUrl } from '../../../src/client/link.ts'
import { ROOM_ID } from './scripted-node.ts'

test.each([
  ['http://localhost:8080', 'http://localhost:8080'],
  ['http://localhost:8080/', 'http://localhost:8080'],
  [`https://chat.example/#${ROOM_ID}`, 'https://chat.example'],
  [`https://chat.example/rooms/?a=b#${ROOM_ID}`, 'https://chat.example/rooms'],
  ['wss://chat.example/', 'https://chat.example'],
  ['ws://[::1]:9000', 'http://[::1]:9000'],
])('the server of %s is %s', (url, server) => {
  expect(serverUrl(url)).toBe(server)
  expect(serverUrl(new URL(url))).toBe(server)
})

test.each(['', 'localhost:8080', 'ftp://chat.example', 'chat.example/x', '/api'])(
  'there is no server at "%s"',
  (url) => {
    expect(() => serverUrl(url)).toThrow(TypeError)
  },
)

test('a link is read as it was made, and nothing else is a link', () => {
  const link = roomLink('http://localhost:8080/', ROOM_ID)
  expect(link).toBe(`http://localhost:8080/#${ROOM_ID}`)
  expect(readLink(link)).toEqual({ url: 'http://localhost:8080', roomId: ROOM_ID })
  for (const other of ['http://localhost:8080/', `x#${ROOM_ID}`, ROOM_ID, `ftp://a/#${ROOM_ID}`]) {
    expect(readLink(other)).toBeUndefined()
  }
})
