import { expect, test } from 'vitest'
import { createOwnedRoom, withSecret } from './http.ts'
import { JsonConnection } from './json-connection.ts'
import { asyncapi, isOfSchema } from './json-schemas.ts'
import { startNodes } from './modes.ts'

const names = (kind: 'Command' | 'Event') =>
  Object.keys(asyncapi.components.schemas)
    .filter((name) => name.endsWith(kind) && name !== kind)
    .map((name) => name.slice(0, -kind.length).toLowerCase())
    .toSorted()

test('real traffic of every command and event is as the AsyncAPI document says', async () => {
  const { a } = await startNodes('embedded')
  const { roomId, ownerToken } = await createOwnedRoom(a)
  const ada = await JsonConnection.join(a, roomId, { after: 99 })
  const bob = await JsonConnection.join(a, roomId)
  ada.send(roomId, 'r-1', 'hello')
  await ada.next('ack')
  const { id } = await bob.untilChat('hello')
  ada.say({ command: 'edit', roomId, ref: 'r-3', id, message: 'hallo' })
  ada.say({ command: 'delete', roomId, ref: 'r-4', id })
  await bob.next('edited')
  await bob.next('deleted')
  await withSecret(a, 'PATCH', `/api/room/${roomId}`, ownerToken, { topic: 'Seats' })
  await bob.next('settings')
  ada.say({ command: 'typing', roomId })
  await bob.next('typing')
  ada.send(roomId, 'r-2', '')
  await ada.next('failed')
  bob.say({ command: 'leave', roomId })
  bob.say({ command: 'leave', roomId })
  await bob.next('failed')
  a.kill('SIGTERM')
  await ada.next('goaway')
  expect((await ada.closed()).code).toBe(1012)
  const seen = new Set([...ada.events, ...bob.events].map(({ event }) => event))
  expect([...seen].toSorted()).toEqual(names('Event'))
  expect(names('Command')).toEqual(['delete', 'edit', 'join', 'leave', 'send', 'typing'])
})

test.each([
  ['Event', { event: 'ack', roomId: 'x', ref: 'r', id: 'y', seq: 0 }],
  ['Event', { event: 'goaway' }],
  ['Event', { event: 'goaway', reconnectAfterMs: 1, more: true }],
  ['Event', { event: 'shout' }],
  ['Command', { command: 'typing' }],
])('the document refuses what is not so: %s %j', (kind, value) => {
  expect(isOfSchema(kind, value)).toMatch(/./)
})
