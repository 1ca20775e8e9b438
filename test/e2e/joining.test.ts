import { expect, test } from 'vitest'
import { eventually } from './deadline.ts'
import { call, createRoom, expectError, history, roomState, upgrade } from './http.ts'
import { expectWholeTailOf, Member } from './member.ts'
import { inBothModes } from './modes.ts'
import { closeFrame, handshake, RawSocket, rawFrame, TEXT } from './raw-socket.ts'
import { expectMessage, TITLE_CASE, type WireMessage } from './wire.ts'

const namesOf = (members: readonly { readonly name: string }[]): Set<string> =>
  new Set(members.map(({ name }) => name.toLowerCase()))

/** Every joined has its left, in this order, but for those who are still there. */
const balanced = (messages: readonly WireMessage[], present: readonly string[]): boolean => {
  const inside = new Set<string>()
  for (const { type, memberId } of messages) {
    if (type === 'joined') inside.add(memberId)
    if (type === 'left' && !inside.delete(memberId)) return false
  }
  return inside.size === present.length && present.every((id) => inside.has(id))
}

inBothModes('joining', (nodes) => {
  test('contract 2: the first frame is the own joined and everyone gets it', async () => {
    const roomId = await createRoom(nodes.a)
    const members = await Member.joinInTurn([nodes.a, nodes.b], roomId, 4)
    for (const [at, member] of members.entries()) {
      expect(member.name).toMatch(TITLE_CASE)
      expect(member.joined).toMatchObject({
        roomId,
        type: 'joined',
        message: `${member.name} joined the room.`,
      })
      await member.hasFrames(members.length - at)
    }
    const { elements } = await history(nodes.b, roomId)
    expect(elements.length).toBe(4)
    for (const member of members) expectWholeTailOf(elements, member)
  })

  test('contract 1: when the 101 is there, member and joined are stored', async () => {
    const roomId = await createRoom(nodes.a)
    await RawSocket.upgraded(nodes.a, `/api/serve/${roomId}`)
    expect((await roomState(nodes.b, roomId)).members.length).toBe(1)
    expect((await history(nodes.b, roomId)).messages.map(({ type }) => type)).toEqual(['joined'])
  })

  test('contract 2: frames glued to the handshake are kept after the own joined', async () => {
    const roomId = await createRoom(nodes.a)
    const socket = new RawSocket(nodes.a)
    socket.send(
      handshake(`/api/serve/${roomId}`),
      rawFrame(TEXT, 'glued first'),
      rawFrame(TEXT, 'glued second\n'),
    )
    expect((await socket.head()).status).toBe(101)
    const frames: WireMessage[] = []
    for (let at = 0; at < 3; at += 1) {
      frames.push(expectMessage((await socket.frameOf(TEXT)).toString('utf8').trimEnd()))
    }
    expect(frames.map(({ type }) => type)).toEqual(['joined', 'chat', 'chat'])
    expect(frames.map(({ message }) => message).slice(1)).toEqual(['glued first', 'glued second'])
  })

  test('contract 2: text and close glued to the handshake: joined, chat, left', async () => {
    const roomId = await createRoom(nodes.a)
    const other = await Member.join(nodes.b, roomId)
    const socket = new RawSocket(nodes.a)
    socket.send(handshake(`/api/serve/${roomId}`), rawFrame(TEXT, 'in passing'), closeFrame(1000))
    expect((await socket.head()).status).toBe(101)
    expect(await socket.closeCode()).toBe(1000)
    await socket.ended()
    const { message: joined } = await other.next()
    expect((await other.next()).message.message).toBe('in passing')
    await other.untilLeft(joined.memberId)
    expect(other.frames.map(({ message }) => message.type)).toEqual([
      'joined',
      'joined',
      'chat',
      'left',
    ])
  })

  test('contract 1: a socket that is gone before its 101 leaves no member behind', async () => {
    const roomId = await createRoom(nodes.a)
    const other = await Member.join(nodes.b, roomId)
    for (let at = 0; at < 10; at += 1) {
      const socket = new RawSocket(nodes.a)
      await socket.flushed(handshake(`/api/serve/${roomId}`))
      if (at % 2 === 0) socket.reset()
      else socket.end()
    }
    const last = await Member.join(nodes.a, roomId)
    await eventually(
      'only those who are there',
      async () => (await roomState(nodes.a, roomId)).members.map(({ id }) => id),
      (ids) => ids.length === 2 && ids[0] === other.id && ids[1] === last.id,
    )
    await eventually(
      'a left for every joined',
      async () => (await history(nodes.b, roomId)).messages,
      (messages) => balanced(messages, [other.id, last.id]),
    )
  })

  test('a broken handshake is refused and leaves no member behind', async () => {
    const roomId = await createRoom(nodes.a)
    const path = `/api/serve/${roomId}`
    for (const headers of [
      { 'sec-websocket-key': undefined },
      { 'sec-websocket-key': 'short' },
      { 'sec-websocket-version': undefined },
      { 'sec-websocket-version': '7' },
      { upgrade: 'h2c' },
    ]) {
      const socket = new RawSocket(nodes.a)
      socket.send(handshake(path, headers))
      const { status, text } = await socket.head()
      expect({ headers, status, text }).toEqual({
        headers,
        status: expect.toSatisfy((code: number) => code >= 400 && code < 500),
        text: expect.any(String),
      })
    }
    await eventually(
      'nobody',
      async () => (await roomState(nodes.b, roomId)).members,
      (members) => members.length === 0,
    )
    await eventually(
      'a left for every joined',
      async () => (await history(nodes.b, roomId)).messages,
      (messages) => balanced(messages, []),
    )
  })

  test('GET /api/serve/<id> without upgrade: 426', async () => {
    const roomId = await createRoom(nodes.a)
    const answer = await call(nodes.a, 'GET', `/api/serve/${roomId}`)
    expectError(answer, 426)
    expect(answer.headers.upgrade?.toLowerCase()).toBe('websocket')
    expect((await history(nodes.a, roomId)).elements).toEqual([])
  })

  test('an upgrade on any other route is refused', async () => {
    const roomId = await createRoom(nodes.a)
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/api/healthz'],
      ['GET', '/api/livez'],
      ['GET', `/api/room/${roomId}`],
      ['GET', `/api/room/${roomId}/messages`],
      ['GET', '/api/serve'],
      ['GET', '/nothing'],
      ['POST', '/api/room'],
      ['POST', `/api/serve/${roomId}`],
    ] as const) {
      const { status } = await upgrade(nodes.a, path, {}, method)
      expect({ method, path, status }).toEqual({
        method,
        path,
        status: expect.toSatisfy((code: number) => code >= 400 && code < 500),
      })
    }
    expect((await history(nodes.a, roomId)).elements).toEqual([])
  })

  test('contract 6: twenty join a cold room at once; every name is its own', async () => {
    const roomId = await createRoom(nodes.a)
    const members = await Promise.all(
      Array.from({ length: 20 }, (_, at) => Member.join([nodes.a, nodes.b][at % 2]!, roomId)),
    )
    expect(namesOf(members).size).toBe(20)
    const state = await roomState(nodes.b, roomId)
    expect(state.members.map(({ id }) => id).sort()).toEqual(members.map(({ id }) => id).sort())
    expect(namesOf(state.members)).toEqual(namesOf(members))

    await members[0]!.exchange('all there')
    await Promise.all(members.slice(1).map((member) => member.untilChat('all there')))
    const { elements } = await history(nodes.a, roomId)
    expect(elements.length).toBe(21)
    for (const member of members) expectWholeTailOf(elements, member)
  })

  test('contract 4: who reconnects is a new member', async () => {
    const roomId = await createRoom(nodes.a)
    const first = await Member.join(nodes.a, roomId)
    await first.close(1000)
    const again = await Member.join(nodes.a, roomId)
    expect(again.id).not.toBe(first.id)
    expect(again.joined.id).not.toBe(first.joined.id)
  })

  test('two connections from one place are two members', async () => {
    const roomId = await createRoom(nodes.a)
    const members = await Member.joinInTurn([nodes.a], roomId, 2)
    expect(new Set(members.map(({ id }) => id)).size).toBe(2)
  })
})
