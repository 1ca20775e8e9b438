import { expect, test } from 'vitest'
import type { CloseReason } from '../../src/ports/connection.ts'
import { CountingMeter } from '../counting-meter.ts'
import {
  clientFrame,
  closed,
  HANDSHAKE,
  openWebSocket,
  RawClient,
  request,
  until,
} from './http-clients.ts'
import { fixture, listen, SETTINGS } from './http-fixture.ts'

const TEXT = 1
const BINARY = 2
const CLOSE = 8
const RESERVED = 3
const CONTINUED = 0

const start = async (pingMs = SETTINGS.pingMs) => {
  const meter = new CountingMeter()
  const set = fixture({ meter, settings: { ...SETTINGS, pingMs } })
  const port = await listen(set)
  const path = `/api/serve/${set.roomId}`
  /** A peer that says this, as raw frames, and what is counted of its end. */
  const endOf = async (...frames: readonly Buffer[]) => {
    const client = new RawClient(port)
    client.send(request(`GET ${path}`, HANDSHAKE), ...frames)
    await client.all()
    await until('the count', () => Object.keys(meter.counts).length > 0)
    return meter.counts
  }
  return { ...set, meter, port, path, endOf }
}

const closing = (code: number): Buffer => clientFrame(CLOSE, Buffer.from([code >> 8, code & 0xff]))

test.each([
  ['client 1000', [closing(1000)]],
  ['client 1005', [clientFrame(CLOSE)]],
  ['client 4321', [closing(4321)]],
  ['protocol 1002', [clientFrame(RESERVED, 'x')]],
  ['protocol 1007', [clientFrame(TEXT, Buffer.from([0xff]))]],
  ['protocol 1007', [clientFrame(BINARY, Buffer.from([0xff]))]],
  ['protocol 1009', [Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4])]],
  [
    'protocol 1008',
    [
      Buffer.from([TEXT, 0x80, 1, 2, 3, 4]),
      ...Array.from({ length: 200 }, () => Buffer.from([CONTINUED, 0x81, 1, 2, 3, 4, 0x60])),
    ],
  ],
] as const)('an end that its peer brought about is counted: %s', async (end, frames) => {
  const { endOf } = await start()
  expect(await endOf(...frames)).toEqual({ [`closed ${end}`]: 1 })
})

test.each([
  ['drain', 1012],
  ['slow', 1013],
  ['replaced', 4001],
] satisfies readonly [CloseReason, number][])(
  'an end for a reason of ours is counted as that: %s, whatever the peer answers',
  async (reason, code) => {
    const { meter, controller, port, path } = await start()
    const { ws } = await openWebSocket(port, path)
    controller.joins[0]!.connection.close(reason)
    await closed(ws)
    await until('the count', () => Object.keys(meter.counts).length > 0)
    expect(meter.counts).toEqual({ [`closed ${reason} ${code}`]: 1 })
  },
)

test('one that breaks and one that is silent are told apart', async () => {
  const { meter, port, path } = await start(100)
  const silent = new RawClient(port)
  silent.send(request(`GET ${path}`, HANDSHAKE))
  const { ws } = await openWebSocket(port, path)
  ws.terminate()
  await silent.all()
  await until('both', () => Object.keys(meter.counts).length === 2)
  expect(meter.counts).toEqual({ 'closed lost 1006': 1, 'closed silent 1006': 1 })
})
