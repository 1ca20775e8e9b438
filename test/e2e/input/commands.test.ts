import { describe, expect, test } from 'vitest'
import { CONNECT_PATH, SUBPROTOCOL } from '../../../src/protocol/dialect.ts'
import type { Event, RoomEvent } from '../../../src/protocol/events.ts'
import { createRoom, history } from '../http.ts'
import { JsonConnection } from '../json-connection.ts'
import { Member } from '../member.ts'
import type { Nodes } from '../modes.ts'
import { BINARY, RawSocket, rawFrame, TEXT } from '../raw-socket.ts'
import { type CommandCase, MARK, REFUSED_COMMANDS, type Where } from './command-tables.ts'
import { inEmbeddedMode } from './embedded.ts'
import { fragments, NOT_UTF8, PROTOCOL_ERROR, TOO_BIG } from './frame-cases.ts'
import { AS_SENT } from './texts.ts'

/** A connection that is in one room, and somebody who is in both. */
const scene = async (nodes: Nodes) => {
  const where: Where = { roomId: await createRoom(nodes.a), other: await createRoom(nodes.a) }
  const bystanders = [
    await Member.join(nodes.b, where.roomId),
    await Member.join(nodes.b, where.other),
  ]
  const json = await JsonConnection.join(nodes.a, where.roomId)
  await json.next('message')
  /** Nobody has heard of anybody else than these. */
  const unharmed = async (...ids: readonly string[]): Promise<void> => {
    nodes.a.mustBeUp()
    expect(nodes.a.output).not.toMatch(/^\{"level":"(?:error|fatal)",.*$/m)
    for (const bystander of bystanders) {
      const heard = await bystander.settle()
      expect(
        heard.filter(({ memberId }) => ![json.room.you.id, ...ids].includes(memberId)),
      ).toEqual([])
    }
  }
  return { where, json, unharmed }
}

/** A connection on which a test decides about every byte, after its welcome. */
const opened = async (nodes: Nodes) => {
  const headers = { 'sec-websocket-protocol': SUBPROTOCOL }
  const socket = await RawSocket.upgraded(nodes.a, CONNECT_PATH, headers)
  const event = async () => JSON.parse((await socket.frameOf(TEXT)).toString()) as Event
  expect(await event()).toMatchObject({ event: 'welcome' })
  return { socket, event }
}

/** The connection goes on: what it says next is stored, with the place that comes next. */
const expectGoesOn = async (json: JsonConnection, { roomId }: Where, seq: number) => {
  json.send(roomId, 'the-next', 'and on it goes')
  expect([await json.any(), await json.any()]).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ event: 'ack', ref: 'the-next', seq }),
      expect.objectContaining({ event: 'message', message: 'and on it goes', seq }),
    ]),
  )
}

inEmbeddedMode('input, commands', (nodes) => {
  describe.each(Object.entries(REFUSED_COMMANDS))('%s', (_, cases) => {
    test.for<CommandCase>(cases)(
      '$title: one `failed`, and the connection goes on',
      async (row) => {
        const { where, json, unharmed } = await scene(nodes)
        json.sayRaw(row.frame(where))
        const answer = await json.any()
        expect(answer).toEqual({
          event: 'failed',
          ...row.about?.(where),
          code: row.code,
          message: expect.stringMatching(/^[ -~]{1,100}$/),
        })
        expect(JSON.stringify(answer)).not.toContain(MARK)
        await expectGoesOn(json, where, 3)
        await unharmed()
      },
    )
  })

  test('every text that a person may send is stored as it is, and comes back so', async () => {
    const { where, json, unharmed } = await scene(nodes)
    const texts = [...AS_SENT.map(([, text]) => text), '*'.repeat(16_384), '\n', 'a\r\n', '"\\/']
    texts.forEach((text, at) => json.send(where.roomId, `r-${at}`, text))
    await json.has('all of them', () => json.messagesOf(where.roomId).length > texts.length)
    const said = json.messagesOf(where.roomId).slice(1)
    expect(said.map(({ message }) => message)).toEqual(texts)
    const { messages } = await history(nodes.a, where.roomId)
    expect(messages.slice(2).map(({ message }) => message)).toEqual(texts)
    await unharmed()
  })

  test.for<[string, (text: string, where: Where) => string | Uint8Array]>([
    ['in a binary frame', (text) => Buffer.from(text)],
    ['with white space around and between', (text) => ` \t${spaced(text)}\n`],
    ['with everything escaped', (text) => text.replaceAll(/[é😀]/gu, escaped)],
    [
      'with its fields the other way round',
      (text) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).toReversed())),
    ],
  ])('a command is taken %s', async ([, written]) => {
    const { where, json, unharmed } = await scene(nodes)
    const command = { command: 'send', roomId: where.roomId, ref: 'r-1', message: 'é {"a":1}, 😀' }
    json.sayRaw(written(JSON.stringify(command), where))
    expect(await json.next('ack')).toMatchObject({ ref: 'r-1', seq: 3 })
    await json.has('its message', () => json.messagesOf(where.roomId).length === 2)
    expect(json.messagesOf(where.roomId)[1]?.message).toBe('é {"a":1}, 😀')
    await unharmed()
  })

  test('two joins of a room and a send in one go: a member, and two refusals', async () => {
    const { where, unharmed } = await scene(nodes)
    const { other: roomId } = where
    const { socket, event } = await opened(nodes)
    const send = { command: 'send', roomId, ref: 'early', message: 'too early' }
    const join = { command: 'join', roomId }
    socket.send(...[join, join, send].map((one) => rawFrame(TEXT, JSON.stringify(one))))
    expect(await event()).toMatchObject({ event: 'failed', roomId, code: 'invalid' })
    expect(await event()).toMatchObject({ event: 'failed', ref: 'early', code: 'not_joined' })
    const room = await event()
    expect(room).toMatchObject({ event: 'room', roomId, seq: 2, memberCount: 2 })
    await unharmed((room as RoomEvent).you.id)
  })

  test('a secret that nobody has, or of another room, makes a new member', async () => {
    const { where, json, unharmed } = await scene(nodes)
    const first = await json.join(where.other, { resume: 'nobody-has-this-secret' })
    const { room } = await JsonConnection.join(nodes.a, where.other, { resume: json.room.resume })
    expect([first.seq, room.seq]).toEqual([2, 3])
    expect(new Set([first.you.id, room.you.id, json.room.you.id]).size).toBe(3)
    expect(new Set([first.resume, room.resume, json.room.resume]).size).toBe(3)
    json.send(where.roomId, 'r', 'still here')
    expect(await json.next('ack')).toMatchObject({ seq: 3 })
    await unharmed(first.you.id, room.you.id)
  })

  test.for<[string, readonly Uint8Array[], number]>([
    ['a text that is not UTF-8', [rawFrame(TEXT, Buffer.from('22eda08022', 'hex'))], NOT_UTF8],
    ['bytes that are not UTF-8', [rawFrame(BINARY, Buffer.from('22c328', 'hex'))], NOT_UTF8],
    ['a frame over 64 KiB', [rawFrame(TEXT, `"${'*'.repeat(65_535)}"`)], TOO_BIG],
    ['fragments over 64 KiB', fragments(TEXT, ['{'.repeat(40_000), '}'.repeat(40_000)]), TOO_BIG],
    ['a frame without mask', [rawFrame(TEXT, '{}', { masked: false })], PROTOCOL_ERROR],
  ])('%s closes, and what was there is detached', async ([, writes, code]) => {
    const { where, json, unharmed } = await scene(nodes)
    const { socket, event } = await opened(nodes)
    const join = JSON.stringify({ command: 'join', roomId: where.roomId })
    socket.send(...fragments(TEXT, [join.slice(0, 20), join.slice(20)]))
    const { you, resume, seq } = (await event()) as RoomEvent
    for (const write of writes) await socket.flushed(write)
    expect(await socket.closeCode()).toBe(code)
    socket.end()
    await socket.ended()
    const again = await JsonConnection.join(nodes.b, where.roomId, { after: seq, resume })
    expect(again.room).toMatchObject({ you, seq })
    expect(json.messagesOf(where.roomId).map(({ type }) => type)).toEqual(['joined', 'joined'])
    await unharmed(you.id)
  })
})

const spaced = (text: string): string => JSON.stringify(JSON.parse(text), null, '\r\n\t ')

const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')
