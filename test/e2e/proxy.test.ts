import { expect, onTestFinished, test } from 'vitest'
import { call, createRoom, UPGRADE_HEADERS } from './http.ts'
import { startNodes } from './modes.ts'
import { noteSecrets } from './secrets.ts'
import { ServerNode } from './server-node.ts'

/** One join and one room for each address, and then no other for a long time. */
const STRICT = { RATE_LIMIT: 'on', ROOM_RATE: '0.001/1', JOIN_RATE: '0.001/1' }

const asking = async (settings: Readonly<Record<string, string>>) => {
  const { a } = await startNodes('embedded', { ...STRICT, ...settings })
  const room = async (forwarded: string | undefined, from = '127.0.0.1') => {
    const headers = forwarded === undefined ? undefined : { 'x-forwarded-for': forwarded }
    noteSecrets(forwarded ?? '')
    return (await call(a, 'POST', '/api/room', { from, ...(headers && { headers }) })).status
  }
  const join = async (roomId: string, forwarded: string) => {
    const headers = { ...UPGRADE_HEADERS, 'x-forwarded-for': forwarded }
    return (await call(a, 'GET', `/api/serve/${roomId}`, { headers })).status
  }
  return { a, room, join }
}

test('TRUST_PROXY: without it nobody can say to come from elsewhere', async () => {
  const { room } = await asking({})
  expect(await room('198.51.100.1')).toBe(200)
  expect(await room('198.51.100.2')).toBe(429)
  expect(await room(undefined)).toBe(429)
  expect(await room('198.51.100.1', '127.0.0.2')).toBe(200)
})

test('TRUST_PROXY: behind a proxy it is the address that the proxy saw, of rooms and joins', async () => {
  const { a, room, join } = await asking({ TRUST_PROXY: '127.0.0.1,10.0.0.0/8' })
  const roomId = await createRoom(a)
  expect(await room('198.51.100.1')).toBe(200)
  expect(await room('198.51.100.1')).toBe(429)
  expect(await room('::ffff:198.51.100.1')).toBe(429)
  expect(await room('203.0.113.7, 198.51.100.1')).toBe(429)
  expect(await room('198.51.100.1, 10.1.2.3')).toBe(429)
  expect(await room('198.51.100.2')).toBe(200)
  expect(await room('2001:db8:0:1::1')).toBe(200)
  expect(await room('2001:db8:0:1:2:3:4:5')).toBe(429)
  expect(await room('2001:db8:0:2::1')).toBe(200)
  expect(await join(roomId, '198.51.100.1')).toBe(101)
  expect(await join(roomId, '198.51.100.1')).toBe(429)
  expect(await join(roomId, '198.51.100.2')).toBe(101)
})

test('TRUST_PROXY: others than the proxy are not believed', async () => {
  const { room } = await asking({ TRUST_PROXY: '127.0.0.1' })
  expect(await room('198.51.100.1', '127.0.0.3')).toBe(200)
  expect(await room('198.51.100.2', '127.0.0.3')).toBe(429)
})

test('TRUST_PROXY: what is no address or network ends the start, and is not repeated', async () => {
  const node = new ServerNode({ TRUST_PROXY: 'every.one.example' })
  onTestFinished(() => node.destroy())
  expect(await node.exit()).toEqual({ code: 2, signal: null })
  expect(node.output).toMatch(/TRUST_PROXY must be a comma-separated list/)
  expect(node.output).not.toContain('every.one.example')
})
