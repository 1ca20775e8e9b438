import { expect, test } from 'vitest'
import type { MessageEvent } from '../../src/protocol/events.ts'
import { HISTORY_TYPE } from '../../src/protocol/dialect.ts'
import { eventually } from './deadline.ts'
import { call, createRoom, history, type Listening, roomState } from './http.ts'
import { JsonConnection } from './json-connection.ts'
import { Member } from './member.ts'
import { inBothModesAtAnyRate } from './modes.ts'
import { talk } from './talk.ts'

const seqs = (messages: readonly MessageEvent[]) => messages.map(({ seq }) => seq)
const from = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at)

/** The log of a room with its seqs, by HTTP. */
const logOf = async (node: Listening, roomId: string): Promise<readonly MessageEvent[]> => {
  const headers = { accept: HISTORY_TYPE }
  const answer = await call(node, 'GET', `/api/room/${roomId}/messages`, { headers })
  const log = JSON.parse(answer.text) as MessageEvent[]
  return log.map((message) => ({ ...message, event: 'message' }))
}

inBothModesAtAnyRate('the JSON dialect', (nodes) => {
  test('plain and JSON members of one room get the same messages, in their own words', async () => {
    const roomId = await createRoom(nodes.a)
    const plain = await Member.join(nodes.b, roomId)
    const json = await JsonConnection.join(nodes.a, roomId)
    expect(json.room).toMatchObject({ seq: 2, memberCount: 2 })
    expect(json.room.members).toEqual(
      expect.arrayContaining([{ id: plain.id, name: plain.name }, json.room.you]),
    )
    await plain.exchange('from plain "é😀"')
    json.send(roomId, 'r-1', 'from json\n')
    const ack = await json.next('ack')
    await plain.untilChat('from json\n')
    expect(ack).toMatchObject({ roomId, ref: 'r-1', seq: 4 })
    await json.has('three messages', () => json.messagesOf(roomId).length === 3)
    const { elements } = await history(nodes.b, roomId)
    expect(json.texts.filter((text) => text.startsWith('{"event":"message"'))).toEqual(
      elements
        .slice(1)
        .map((element, at) => `{"event":"message","seq":${at + 2},${element.slice(1)}`),
    )
    expect((await logOf(nodes.b, roomId)).slice(1)).toEqual(json.messagesOf(roomId))
  })

  test('G4: after any seq, on any node, comes exactly the rest, also while others talk', async () => {
    const roomId = await createRoom(nodes.a)
    const [ada, bob] = await Member.joinInTurn([nodes.a, nodes.b], roomId, 2)
    for (let at = 0; at < 300; at += 1) ada!.say(`before ${at}`)
    await ada!.hasChats(300)
    const talking = talk(bob!, 10, 2)
    const connections = []
    for (const after of [0, 1, 2, 150, 301, 302]) {
      for (const node of [nodes.a, nodes.b]) {
        connections.push({ after, json: await JsonConnection.join(node, roomId, { after }) })
      }
    }
    await talking.stop()
    await bob!.exchange('the end')
    const last = (await logOf(nodes.a, roomId)).length
    for (const { after, json } of connections) {
      await json.untilChat('the end')
      expect(seqs(json.messagesOf(roomId))).toEqual(from(after + 1, last))
      expect(json.all('reset')).toEqual([])
      expect(json.room.memberCount).toBeGreaterThanOrEqual(3)
    }
  })

  test('G4: after beyond the end of the log says `reset`, and gives all of it', async () => {
    const roomId = await createRoom(nodes.a)
    const json = await JsonConnection.join(nodes.b, roomId, { after: 1_000 })
    expect(await json.next('reset')).toEqual({ event: 'reset', roomId, from: 1 })
    await json.has('a message', () => json.messagesOf(roomId).length === 1)
    expect(json.messagesOf(roomId)).toMatchObject([{ seq: 1, memberId: json.room.you.id }])
  })

  test('G5: twenty sends at once with one ref are one message, every one acked alike', async () => {
    const roomId = await createRoom(nodes.a)
    const watching = await Member.join(nodes.b, roomId)
    const json = await JsonConnection.join(nodes.a, roomId)
    for (let at = 0; at < 20; at += 1) json.send(roomId, 'the-ref', `text ${at}`)
    await json.has('twenty acks', () => json.all('ack').length === 20)
    const acks = json.all('ack')
    expect(new Set(acks.map(({ id, seq, ref }) => `${id} ${seq} ${ref}`)).size).toBe(1)
    json.send(roomId, 'another', 'the end')
    await watching.untilChat('the end')
    expect(watching.chats).toEqual(['text 0', 'the end'])
    const chat = (await logOf(nodes.b, roomId)).find(({ message }) => message === 'text 0')
    expect(chat).toMatchObject({ id: acks[0]!.id, seq: acks[0]!.seq })
  })

  test('a lost connection is resumed on the other node: the same member, nothing is seen of it', async () => {
    const roomId = await createRoom(nodes.a)
    const watching = await Member.join(nodes.b, roomId)
    const json = await JsonConnection.join(nodes.a, roomId)
    json.terminate()
    await watching.exchange('while away')
    const { resume, seq, you } = json.room
    const again = await JsonConnection.join(nodes.b, roomId, { after: seq, resume })
    expect(again.room).toMatchObject({ you, resume, seq: 3, memberCount: 2 })
    again.send(roomId, 'r', 'back again')
    await watching.untilChat('back again')
    await again.untilChat('back again')
    expect(again.messagesOf(roomId).map(({ message }) => message)).toEqual([
      'while away',
      'back again',
    ])
    expect(watching.frames.map(({ message }) => message.type)).toEqual([
      'joined',
      'joined',
      'chat',
      'chat',
    ])
  })

  test('the newest connection of a member stays, the older one is closed with 4001', async () => {
    const roomId = await createRoom(nodes.a)
    const first = await JsonConnection.join(nodes.a, roomId)
    const { resume, seq } = first.room
    const others = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        JsonConnection.join([nodes.a, nodes.b][at % 2]!, roomId, { after: seq, resume }),
      ),
    )
    expect((await first.closed()).code).toBe(4001)
    const open = () => others.filter(({ isOpen }) => isOpen)
    await eventually(
      'one is left',
      async () => open().length,
      (count) => count === 1,
    )
    const closed = others.filter(({ isOpen }) => !isOpen)
    const codes = await Promise.all(closed.map(async (other) => (await other.closed()).code))
    expect(new Set(codes)).toEqual(new Set([4001]))
    open()[0]!.send(roomId, 'r', 'it is me')
    expect(await open()[0]!.next('ack')).toMatchObject({ seq: 2 })
    expect((await logOf(nodes.b, roomId)).length).toBe(2)
  })

  test('`leave` and a close frame are `left` at once, and nothing of it can be resumed', async () => {
    const roomId = await createRoom(nodes.a)
    const watching = await Member.join(nodes.b, roomId)
    const [one, two] = [
      await JsonConnection.join(nodes.a, roomId),
      await JsonConnection.join(nodes.a, roomId),
    ]
    one.say({ command: 'leave', roomId })
    await watching.untilLeft(one.room.you.id)
    expect(await two.close(4321)).toEqual({ code: 4321, reason: '' })
    await watching.untilLeft(two.room.you.id)
    expect((await roomState(nodes.a, roomId)).members).toHaveLength(1)
    const again = await one.join(roomId, { after: 1, resume: one.room.resume })
    expect(again.you.id).not.toBe(one.room.you.id)
    expect(again.seq).toBe(6)
  })

  test('several rooms on one connection: a member of its own in each, and nothing in common', async () => {
    const rooms = [await createRoom(nodes.a), await createRoom(nodes.a), await createRoom(nodes.a)]
    const json = await JsonConnection.open(nodes.a)
    for (const roomId of rooms) await json.join(roomId)
    for (const roomId of rooms) json.send(roomId, 'same-ref', `hello ${roomId}`)
    await json.has('three acks', () => json.all('ack').length === 3)
    const others = new Set<string>()
    let fields = 0
    for (const roomId of rooms) {
      const seen = await JsonConnection.join(nodes.b, roomId, { after: 0 })
      await seen.has('its own joined', () => seen.messagesOf(roomId).length === 3)
      const mine = json.all('room').find((room) => room.roomId === roomId)!
      for (const text of [mine.you.id, mine.you.name]) others.add(text)
      for (const { id, memberId } of seen.messagesOf(roomId).slice(0, 2)) {
        expect(memberId).toBe(mine.you.id)
        others.add(id)
        fields += 1
      }
    }
    expect(others.size).toBe(fields + 2 * rooms.length)
  })

  test('typing is shown to JSON members on every node, not to plain ones, not to itself', async () => {
    const roomId = await createRoom(nodes.a)
    const plain = await Member.join(nodes.b, roomId)
    const [ada, bob, cleo] = [
      await JsonConnection.join(nodes.a, roomId),
      await JsonConnection.join(nodes.a, roomId),
      await JsonConnection.join(nodes.b, roomId),
    ]
    ada.say({ command: 'typing', roomId })
    const { id: memberId, name: memberName } = ada.room.you
    const typing = { event: 'typing', roomId, memberId, memberName }
    expect(await bob.next('typing')).toEqual(typing)
    expect(await cleo.next('typing')).toEqual(typing)
    ada.send(roomId, 'r', 'done')
    await plain.untilChat('done')
    await ada.untilChat('done')
    expect(ada.all('typing')).toEqual([])
    expect(plain.frames.map(({ message }) => message.type)).toEqual([
      'joined',
      'joined',
      'joined',
      'joined',
      'chat',
    ])
  })
})
