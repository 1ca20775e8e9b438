import { expect, test } from 'vitest'
import type { Room } from '../../../src/client/api.ts'
import type { ShareChatError } from '../../../src/client/error.ts'
import { messageIdOf } from '../../../src/client/message-id.ts'
import type { SendCommand } from '../../../src/protocol/commands.ts'
import {
  type FakeSocket,
  joined,
  left,
  LIMITS,
  message,
  openClient,
  OTTER,
  room,
  ROOM_ID,
} from './scripted-node.ts'

const FOX = { id: '5b0cfe57-1f33-4c1f-8f29-2b1d3f4a5c6d', name: 'Ok Fox' }

const ack = ({ ref }: SendCommand, seq: number, memberId = OTTER.id) =>
  ({ event: 'ack', roomId: ROOM_ID, ref, id: messageIdOf(memberId, ref), seq }) as const

const echo = ({ ref, message: text }: SendCommand, seq: number, { id, name } = OTTER) =>
  message(seq, { id: messageIdOf(id, ref), memberId: id, memberName: name, message: text })

const refuse = (
  { ref }: SendCommand,
  code: 'invalid' | 'unknown' | 'rate_limited',
  retryAfterMs?: number,
) =>
  ({
    event: 'failed',
    roomId: ROOM_ID,
    ref,
    code,
    message: 'No.',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }) as const

/** What became of a send so far. */
const watch = (there: Room, text: string) => {
  const fate: { end: unknown } = { end: undefined }
  there.send(text).then(
    (stored) => (fate.end = stored),
    (error: unknown) => (fate.end = (error as ShareChatError).code),
  )
  return fate
}

const sends = (socket: FakeSocket) => socket.take('send')
const texts = (socket: FakeSocket) => sends(socket).map((send) => send.message)

test.each(['ack', 'message'])(
  'a send resolves with its id and seq, by the %s that comes first',
  async (by) => {
    const { join, last, clock } = openClient()
    const there = await join()
    const fate = watch(there, 'hello')
    const [send] = sends(last())
    expect(send).toEqual({
      command: 'send',
      roomId: ROOM_ID,
      ref: expect.any(String),
      message: 'hello',
    })
    last().tell(by === 'ack' ? ack(send!, 2) : echo(send!, 2))
    await clock.advance(0)
    expect(fate.end).toEqual({ id: messageIdOf(OTTER.id, send!.ref), seq: 2 })
    last().tell(by === 'ack' ? echo(send!, 2) : ack(send!, 2))
    expect(there.seq).toBe(2)
  },
)

test('what is refused for good rejects with the code, and nothing is sent again', async () => {
  const { join, last, clock } = openClient()
  const there = await join()
  const fates = ['', 'x'].map((text) => watch(there, text))
  const [first, second] = sends(last())
  last().tell(refuse(first!, 'invalid'), ack(second!, 2))
  await clock.advance(9_000)
  expect([fates[0]!.end, fates[1]!.end]).toMatchObject(['invalid', { seq: 2 }])
  expect(last().commands).toEqual([])
})

test('the same member sends again what has no answer, with the same refs and in order', async () => {
  const { join, last, clock } = openClient()
  const there = await join()
  const fates = ['a', 'b', 'c'].map((text) => watch(there, text))
  const before = sends(last())
  last().tell(ack(before[1]!, 2))
  last().end()
  void watch(there, 'd')
  last().welcome()
  expect(sends(last())).toEqual([])
  last().tell(room({ seq: 2 }))
  const after = sends(last())
  expect(after.map(({ message: text }) => text)).toEqual(['a', 'c', 'd'])
  expect([after[0], after[1]]).toEqual([before[0], before[2]])
  last().tell(ack(after[1]!, 4), ack(after[0]!, 3))
  await clock.advance(0)
  expect(fates.map(({ end }) => end)).toMatchObject([{ seq: 3 }, { seq: 2 }, { seq: 4 }])
})

test('a new member sends again only what the replay has not shown, and not before it is through', async () => {
  const { join, last, clock } = openClient()
  const there = await join()
  const fates = ['a', 'b', 'c'].map((text) => watch(there, text))
  const before = sends(last())
  last().end()
  last().welcome()
  last().tell(room({ seq: 5, you: FOX, resume: 'secret-2' }))
  const late = watch(there, 'd')
  last().tell(message(2), echo(before[1]!, 3))
  expect(sends(last())).toEqual([])
  last().tell(left(4, OTTER))
  expect(sends(last())).toEqual([])
  last().tell(joined(5, FOX))
  const after = sends(last())
  expect(after.map(({ message: text }) => text)).toEqual(['a', 'c', 'd'])
  expect(after[0]!.ref).toBe(before[0]!.ref)
  last().tell(
    ack(after[0]!, 6, FOX.id),
    echo(after[0]!, 6, FOX),
    echo(after[1]!, 7, FOX),
    ack(after[2]!, 8, FOX.id),
  )
  await clock.advance(0)
  expect([...fates, late].map(({ end }) => end)).toEqual([
    { id: messageIdOf(FOX.id, before[0]!.ref), seq: 6 },
    { id: messageIdOf(OTTER.id, before[1]!.ref), seq: 3 },
    { id: messageIdOf(FOX.id, before[2]!.ref), seq: 7 },
    { id: messageIdOf(FOX.id, after[2]!.ref), seq: 8 },
  ])
})

test('a replay that breaks off before it is through is not enough, whoever comes back', async () => {
  const { join, last, clock } = openClient()
  const there = await join()
  const fate = watch(there, 'a')
  const [send] = sends(last())
  last().end()
  last().welcome()
  last().tell(room({ seq: 5, you: FOX, resume: 'secret-2' }), message(2))
  last().end()
  await clock.advance(1_000)
  last().welcome()
  // The same new member again, which has still not seen what the old one can have stored.
  last().tell(room({ seq: 6, you: FOX, resume: 'secret-2' }))
  expect(sends(last())).toEqual([])
  last().tell(message(3), echo(send!, 4), joined(5, FOX), message(6))
  await clock.advance(0)
  expect(fate.end).toMatchObject({ seq: 4 })
  expect(sends(last())).toEqual([])
})

test('sent by two members of ours, it is found in the replay of a third', async () => {
  const { join, last, clock } = openClient()
  const there = await join()
  const fate = watch(there, 'a')
  const [first] = sends(last())
  last().end()
  last().welcome()
  last().tell(room({ seq: 2, you: FOX, resume: 'secret-2' }), joined(2, FOX))
  // The replay has shown that the first one's is not there: what is out now is the second one's.
  expect(sends(last())).toEqual([first])
  last().end()
  await clock.advance(1_000)
  last().welcome()
  const bear = { id: crypto.randomUUID(), name: 'Shy Bear' }
  last().tell(room({ seq: 4, you: bear, resume: 'secret-3' }), echo(first!, 3, FOX))
  last().tell(joined(4, bear))
  await clock.advance(0)
  expect([fate.end, sends(last())]).toMatchObject([{ seq: 3 }, []])
})

test('`unknown` and its like are sent again after the time that was told, in order', async () => {
  const { join, last, clock } = openClient()
  const there = await join()
  const fates = ['a', 'b', 'c'].map((text) => watch(there, text))
  const first = sends(last())
  last().tell(
    refuse(first[0]!, 'unknown', 4_000),
    ack(first[1]!, 2),
    refuse(first[2]!, 'unknown', 2_000),
  )
  await clock.advance(3_999)
  expect(sends(last())).toEqual([])
  await clock.advance(1)
  expect(sends(last())).toEqual([first[0], first[2]])
  last().tell(ack(first[2]!, 4), ack(first[0]!, 3))
  await clock.advance(0)
  expect(fates.map(({ end }) => end)).toMatchObject([{ seq: 3 }, { seq: 2 }, { seq: 4 }])
})

test('without a connection it waits; with too many waiting it says so', async () => {
  const { join, last, clock } = openClient()
  const there = await join()
  last().end()
  const fates = Array.from({ length: 300 }, (_, at) => watch(there, `text ${at}`))
  await clock.advance(0)
  expect(fates.filter(({ end }) => end === 'overloaded')).toHaveLength(44)
  last().welcome()
  last().tell(room())
  expect(texts(last())).toEqual(Array.from({ length: 256 }, (_, at) => `text ${at}`))
})

test('a frame that the node would close for is not sent', async () => {
  const { join, last } = openClient()
  const there = await join()
  for (const text of ['x'.repeat(65_536), '\u0001'.repeat(11_000), '😀'.repeat(16_400)]) {
    await expect(there.send(text)).rejects.toMatchObject({ code: 'too_large' })
  }
  void there.send('\u0001'.repeat(10_000)).catch(() => {})
  expect(sends(last())).toHaveLength(1)
})

test('faster than the rate of the node it waits, so that nothing is refused', async () => {
  const { client, last, clock } = openClient()
  const rates = {
    messageRate: { perSecond: 10, burst: 20 },
    messageBytesRate: { perSecond: 10_000, burst: 50_000 },
  }
  last().welcome({ ...LIMITS, ...rates })
  const joining = client.join(ROOM_ID)
  last().tell(room(), joined(1))
  const there = await joining
  for (let at = 0; at < 100; at += 1) watch(there, `t${at}`)
  expect(sends(last())).toHaveLength(18)
  const begun = clock.now()
  let sent = 18
  while (sent < 100) {
    await clock.advance(50)
    sent += sends(last()).length
    const most = 20 + ((clock.now() - begun) / 1000) * 10
    expect(sent).toBeLessThanOrEqual(most)
    last().tell({ event: 'failed', code: 'not_found', message: 'Here.' })
  }
  expect(clock.now() - begun).toBeLessThan(10_000)
})

test('bytes have a rate too, and a text of more than the burst goes all the same', async () => {
  const { client, last, clock } = openClient()
  const rates = {
    messageRate: { perSecond: 1e3, burst: 1e3 },
    messageBytesRate: { perSecond: 1_000, burst: 2_500 },
  }
  last().welcome({ ...LIMITS, ...rates })
  const joining = client.join(ROOM_ID)
  last().tell(room(), joined(1))
  const there = await joining
  for (let at = 0; at < 3; at += 1) watch(there, '€'.repeat(200))
  expect(sends(last())).toHaveLength(3)
  watch(there, 'x'.repeat(4_000))
  await clock.advance(100)
  expect(sends(last())).toHaveLength(0)
  await clock.advance(2_500)
  expect(sends(last())).toHaveLength(1)
})

test('refused for its rate, it makes the pause that the node asks for, and one of a second', async () => {
  const { join, last, clock } = openClient()
  const there = await join()
  const fate = watch(there, 'a')
  const [send] = sends(last())
  last().tell(refuse(send!, 'rate_limited', 84))
  void watch(there, 'b')
  await clock.advance(1_099)
  expect(sends(last())).toEqual([])
  await clock.advance(1)
  expect(texts(last())).toEqual(['a', 'b'])
  last().tell(ack(send!, 2))
  await clock.advance(0)
  expect(fate.end).toMatchObject({ seq: 2 })
})

test('leaving rejects what was not sent as not_joined, and what perhaps was as unknown', async () => {
  const { join, last, clock } = openClient()
  const there = await join()
  const out = watch(there, 'a')
  last().end()
  const waiting = watch(there, 'b')
  await there.leave()
  await clock.advance(0)
  expect([out.end, waiting.end]).toEqual(['unknown', 'not_joined'])
})
