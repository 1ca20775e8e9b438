import { describe, expect, test } from 'vitest'
import { history } from '../http.ts'
import type { Nodes } from '../modes.ts'
import { CLOSE, closeFrame, PING, PONG, RawSocket, rawFrame, TEXT } from '../raw-socket.ts'
import type { WireMessage } from '../wire.ts'
import { inEmbeddedMode } from './embedded.ts'
import type { FrameCase } from './frame-cases.ts'
import { GROUPS } from './frame-tables.ts'
import { expectUnharmed, roomWithBystander } from './scene.ts'

/** Everything that came on a connection after its own `joined`, up to the close frame. */
class Received {
  readonly chats: string[] = []
  readonly pongs: Buffer[] = []
  failed = 0
  close: number | 'empty' | undefined

  constructor(readonly socket: RawSocket) {}

  async next(): Promise<void> {
    const { opcode, body } = await this.socket.frame()
    // The server's own, which a slow run lives to see.
    if (opcode === PING) return
    if (opcode === PONG) this.pongs.push(body)
    else if (opcode === CLOSE) this.close = body.length === 0 ? 'empty' : body.readUInt16BE(0)
    else {
      expect(opcode).toBe(TEXT)
      const { type, message } = JSON.parse(body.toString()) as WireMessage
      if (type === 'failed') this.failed += 1
      else if (type === 'chat') this.chats.push(message)
    }
  }
}

const play = async (nodes: Nodes, played: FrameCase): Promise<void> => {
  const { writes, said = [], pongs = [], failed = 0, close } = played
  const { roomId, bystander } = await roomWithBystander(nodes)
  const socket = await RawSocket.upgraded(nodes.a, `/api/serve/${roomId}`)
  const { memberId } = JSON.parse((await socket.frameOf(TEXT)).toString()) as WireMessage
  for (const write of writes) await socket.flushed(write)
  const received = new Received(socket)
  if (close === undefined) {
    while (
      received.chats.length < said.length ||
      received.pongs.length < pongs.length ||
      received.failed < failed
    ) {
      await received.next()
    }
    socket.send(closeFrame(1000))
  }
  while (received.close === undefined) await received.next()
  socket.end()
  await socket.ended()

  expect(received.close).toBe(close ?? 1000)
  expect(received.pongs).toEqual(pongs.map((pong) => Buffer.from(pong)))
  expect(received.failed).toBe(failed)
  if (close === undefined) expect(received.chats).toEqual(said)
  await bystander.untilLeft(memberId)
  expect(bystander.chats).toEqual(said)
  await expectUnharmed(nodes, { roomId, bystander })
  expect((await history(nodes.b, roomId)).messages.map(({ type }) => type)).toEqual([
    'joined',
    'joined',
    ...said.map(() => 'chat'),
    'left',
    'chat',
  ])
}

inEmbeddedMode('input, frames', (nodes) => {
  describe.each(Object.entries(GROUPS))('%s', (_, cases) => {
    test.for(cases)('$title', (played) => play(nodes, played))
  })
})

inEmbeddedMode(
  'input, silence',
  (nodes) => {
    test.for([
      ['half a head', Buffer.from([0x81])],
      ['a head', rawFrame(TEXT, '*'.repeat(300)).subarray(0, 4)],
      ['a head and a mask', rawFrame(TEXT, '*'.repeat(300)).subarray(0, 8)],
      ['half a text', rawFrame(TEXT, '*'.repeat(300)).subarray(0, 100)],
      ['the first of two fragments', rawFrame(TEXT, 'begun', { fin: false })],
    ] as const)('row 90: %s and then nothing ends by the ping', async ([, bytes]) => {
      const { roomId, bystander } = await roomWithBystander(nodes)
      const socket = await RawSocket.upgraded(nodes.a, `/api/serve/${roomId}`)
      const { memberId } = JSON.parse((await socket.frameOf(TEXT)).toString()) as WireMessage
      socket.send(bytes)
      await bystander.untilLeft(memberId)
      await socket.ended()
      await expectUnharmed(nodes, { roomId, bystander })
    })
  },
  { PING_MS: '250' },
)
