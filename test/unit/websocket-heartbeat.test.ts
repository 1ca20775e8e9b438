import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { Heartbeat } from '../../src/adapters/http/heartbeat.ts'
import { clientFrame, HANDSHAKE, openWebSocket, RawClient, request, until } from './http-clients.ts'
import { fixture, listen, SETTINGS } from './http-fixture.ts'
import { ManualClock } from './manual-clock.ts'

const PONG = 10

/** A peer that answers pings, or not. Everything about it is in the test's hands. */
class Peer extends EventEmitter {
  pings = 0
  cut = false

  ping(): void {
    this.pings += 1
  }

  terminate(): void {
    this.cut = true
    this.emit('close')
  }
}

const setUp = () => {
  const clock = new ManualClock()
  const heartbeat = new Heartbeat(clock, 1_000, () => {})
  const join = () => {
    const peer = new Peer()
    heartbeat.add(peer as unknown as WebSocket)
    return peer
  }
  return { clock, heartbeat, join }
}

test.for(['pong', 'ping', 'message'])('who sends a %s in every interval stays', (event) => {
  const { clock, join } = setUp()
  const peer = join()
  for (let count = 0; count < 10; count += 1) {
    clock.pass(1_000)
    peer.emit(event)
  }
  expect([peer.cut, peer.pings]).toEqual([false, 10])
})

test('who sends nothing after a ping is cut at the next one: within two intervals', () => {
  const { clock, join } = setUp()
  const first = join()
  clock.pass(999)
  const second = join()
  clock.pass(1)
  expect([first.pings, second.pings]).toEqual([1, 1])
  first.emit('pong')
  clock.pass(999)
  expect([first.cut, second.cut]).toEqual([false, false])
  clock.pass(1)
  expect([first.cut, second.cut]).toEqual([false, true])
  clock.pass(1_000)
  expect([first.cut, second.pings]).toEqual([true, 1])
})

test('nobody is judged by a tick that comes late, and everybody by the one after', () => {
  const { clock, join } = setUp()
  const live = join()
  const dead = join()
  clock.pass(1_000)
  clock.stall(2_600)
  clock.pass(0)
  expect([live.cut, dead.cut, live.pings]).toEqual([false, false, 2])
  live.emit('pong')
  clock.pass(1_000)
  expect([live.cut, dead.cut]).toEqual([false, true])
})

test('one timer for all, none for nobody, none after stop', () => {
  const { clock, heartbeat, join } = setUp()
  expect(clock.timers).toBe(0)
  const peers = [join(), join(), join()]
  expect(clock.timers).toBe(1)
  for (const peer of peers) peer.emit('close')
  clock.pass(1_000)
  expect(clock.timers).toBe(0)
  const late = join()
  clock.pass(1_000)
  expect(late.pings).toBe(1)
  heartbeat.stop()
  clock.pass(5_000)
  expect([late.pings, late.cut]).toEqual([1, false])
})

test('a vanished peer leaves within two intervals, one that answers pings stays', async () => {
  const set = fixture({ settings: { ...SETTINGS, pingMs: 300 } })
  const port = await listen(set)
  const { ws } = await openWebSocket(port, `/api/serve/${set.roomId}`)
  const silent = new RawClient(port)
  silent.send(request(`GET /api/serve/${set.roomId}`, HANDSHAKE))
  await until('it is in', () => silent.text.includes('101'))
  const begin = Date.now()
  await until('it is out', () => set.controller.joins[1]?.left === 1)
  expect(Date.now() - begin).toBeLessThan(900)
  const busy = new RawClient(port)
  busy.send(request(`GET /api/serve/${set.roomId}`, HANDSHAKE))
  let pings = 0
  busy.socket.on('data', (text) => {
    if (!String(text).includes('\x89\0')) return
    pings += 1
    busy.send(clientFrame(PONG))
  })
  await until('four pings', () => pings === 4)
  expect(set.controller.joins.map(({ left }) => left)).toEqual([0, 1, 0])
  expect(ws.readyState).toBe(ws.OPEN)
})
