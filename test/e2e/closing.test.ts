import { expect, test } from 'vitest'
import { createRoom, history, roomState } from './http.ts'
import { Member } from './member.ts'
import { inBothModes, type Nodes } from './modes.ts'
import { BINARY, CLOSE, closeFrame, PING, PONG, RawSocket, rawFrame, TEXT } from './raw-socket.ts'
import type { WireMessage } from './wire.ts'

interface Pair {
  readonly roomId: string
  readonly staying: Member
  readonly socket: RawSocket
  readonly memberId: string
}

/** One who stays, on the other node, and a raw connection that is about to end. */
const pair = async (nodes: Nodes): Promise<Pair> => {
  const roomId = await createRoom(nodes.a)
  const staying = await Member.join(nodes.b, roomId)
  const socket = await RawSocket.upgraded(nodes.a, `/api/serve/${roomId}`)
  const joined = JSON.parse((await socket.frameOf(TEXT)).toString('utf8')) as WireMessage
  await staying.until('the other joined', ({ id }) => id === joined.id)
  return { roomId, staying, socket, memberId: joined.memberId }
}

/** One `left`, live and stored, and the member is no longer listed, on every node. */
const expectLeft = async (nodes: Nodes, { roomId, staying, memberId }: Pair): Promise<void> => {
  const { message, text } = await staying.untilLeft(memberId)
  expect(message.message).toBe(`${message.memberName} left the room.`)
  for (const node of nodes.each) {
    expect((await roomState(node, roomId)).members.map(({ id }) => id)).toEqual([staying.id])
    const { elements, messages } = await history(node, roomId)
    const lefts = messages.filter(({ type }) => type === 'left')
    expect(lefts.map((left) => left.memberId)).toEqual([memberId])
    expect(elements).toContain(text.trimEnd())
  }
  expect((await staying.settle()).filter(({ type }) => type !== 'chat')).toEqual([])
}

inBothModes('closing', (nodes) => {
  test.for([1000, 1001, 1003, 1011, 3000, 4001, 4999])(
    'contract 4: a close frame is answered with its code, TCP ends, a left: %i',
    async (code) => {
      const both = await pair(nodes)
      both.socket.send(closeFrame(code))
      expect(await both.socket.closeCode()).toBe(code)
      await both.socket.ended()
      await expectLeft(nodes, both)
    },
  )

  test('contract 4: an empty close frame is answered with an empty one', async () => {
    const both = await pair(nodes)
    both.socket.send(closeFrame())
    expect((await both.socket.frameOf(CLOSE)).length).toBe(0)
    await both.socket.ended()
    await expectLeft(nodes, both)
  })

  test('contract 4: an ordinary library closes clean, with and without a code', async () => {
    const roomId = await createRoom(nodes.a)
    const members = await Member.joinInTurn([nodes.a, nodes.b], roomId, 4)
    expect((await members[0]!.close()).code).toBe(1005)
    expect((await members[1]!.close(1000)).code).toBe(1000)
    expect((await members[2]!.close(3999)).code).toBe(3999)
    // Those of different nodes may be stored in any order.
    const missing = new Set(members.slice(0, 3).map(({ id }) => id))
    await members[3]!.until('all lefts', ({ type, memberId }) => {
      if (type === 'left') missing.delete(memberId)
      return missing.size === 0
    })
  })

  test('contract 4: a TCP reset is a left', async () => {
    const both = await pair(nodes)
    both.socket.reset()
    await expectLeft(nodes, both)
  })

  test('contract 4: an end of TCP without a close frame is a left', async () => {
    const both = await pair(nodes)
    both.socket.end()
    await both.socket.ended()
    await expectLeft(nodes, both)
  })

  test('contract 4: what was said before the close frame counts, what comes behind does not', async () => {
    const both = await pair(nodes)
    both.socket.send(rawFrame(TEXT, 'last words'), closeFrame(1000), rawFrame(TEXT, 'from beyond'))
    expect(await both.socket.closeCode()).toBe(1000)
    await expectLeft(nodes, both)
    expect(both.staying.chats[0]).toBe('last words')
    expect(both.staying.chats).not.toContain('from beyond')
  })

  test('contract 4: words and a reset: chat, then one left', async () => {
    const both = await pair(nodes)
    await both.socket.flushed(rawFrame(TEXT, 'before the fall'))
    await both.staying.untilChat('before the fall')
    both.socket.reset()
    await expectLeft(nodes, both)
  })

  test.for<readonly [string, number, readonly Buffer[]]>([
    ['no mask', 1002, [rawFrame(TEXT, 'bare', { masked: false })]],
    ['a reserved bit', 1002, [rawFrame(TEXT, 'bits', { reserved: 2 })]],
    ['an unknown opcode', 1002, [rawFrame(3, 'what')]],
    ['a close code that never travels', 1002, [closeFrame(1005)]],
    ['a close code of nobody', 1002, [closeFrame(999)]],
    ['a close frame of one byte', 1002, [rawFrame(CLOSE, Uint8Array.of(3))]],
    ['a continuation of nothing', 1002, [rawFrame(0, 'more')]],
    ['invalid UTF-8 in a text', 1007, [rawFrame(TEXT, Uint8Array.of(0xc3, 0x28))]],
    ['invalid UTF-8 in a binary', 1007, [rawFrame(BINARY, Uint8Array.of(0xc0, 0x80))]],
    ['invalid UTF-8 in a reason', 1007, [rawFrame(CLOSE, Uint8Array.of(3, 232, 0xff))]],
    [
      'over 64 KiB in fragments',
      1009,
      [rawFrame(TEXT, 'x'.repeat(40_000), { fin: false }), rawFrame(0, 'x'.repeat(30_000))],
    ],
  ])('close code for a wrong frame, and a left: %s', async ([, code, frames]) => {
    const both = await pair(nodes)
    both.socket.send(...frames)
    expect(await both.socket.closeCode()).toBe(code)
    both.socket.end()
    await both.socket.ended()
    await expectLeft(nodes, both)
  })

  test('a message in fragments is one message, its characters whole', async () => {
    const { staying, socket } = await pair(nodes)
    const bytes = Buffer.from('in pieces: 😀 é')
    socket.send(rawFrame(TEXT, bytes.subarray(0, 13), { fin: false }))
    socket.send(rawFrame(PING, 'between'))
    expect((await socket.frameOf(PONG)).toString()).toBe('between')
    socket.send(
      rawFrame(0, bytes.subarray(13, 14), { fin: false }),
      rawFrame(0, bytes.subarray(14)),
    )
    await staying.untilChat('in pieces: 😀 é')
  })
})

inBothModes(
  'vanishing',
  (nodes) => {
    test('G6: who answers no ping is a left; who answers stays', async () => {
      const both = await pair(nodes)
      await both.socket.frameOf(PING)
      await expectLeft(nodes, both)
      await both.socket.ended()
      await both.staying.exchange('still here after many pings')
    })

    test('G6: who answers every ping stays', async () => {
      const both = await pair(nodes)
      for (let at = 0; at < 6; at += 1) {
        both.socket.send(rawFrame(PONG, await both.socket.frameOf(PING)))
      }
      const { members } = await roomState(nodes.b, both.roomId)
      expect(members.map(({ id }) => id)).toContain(both.memberId)
    })
  },
  { PING_MS: '300' },
)
