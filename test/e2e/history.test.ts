import { expect, test } from 'vitest'
import { eventually } from './deadline.ts'
import { call, createRoom, expectError, history, walk } from './http.ts'
import { expectStretchOf, Member } from './member.ts'
import { inBothModesAtAnyRate, type Nodes } from './modes.ts'
import { expectMessage } from './wire.ts'

/** More than the rows of two pages of the server, so that reading has to go on behind each. */
const CHATS = 1100

interface Log {
  readonly roomId: string
  readonly elements: readonly string[]
  readonly ids: readonly string[]
}

/** Two joined, the chats, two left: written once, read by many tests. */
const writeLog = async (nodes: Nodes): Promise<Log> => {
  const roomId = await createRoom(nodes.a)
  const writer = await Member.join(nodes.a, roomId)
  const reader = await Member.join(nodes.b, roomId)
  for (let at = 0; at < CHATS; at += 1) writer.say(`line ${at} ${'.'.repeat(at % 700)}`)
  await reader.hasChats(CHATS)
  await writer.close()
  await reader.untilLeft(writer.id)
  await reader.close()
  const { elements, messages } = await eventually(
    'a whole log',
    () => history(nodes.b, roomId),
    (read) => read.messages.at(-1)?.memberId === reader.id,
  )
  expectStretchOf(elements, reader)
  return { roomId, elements, ids: messages.map(({ id }) => id) }
}

const TEXTS = [
  'plain words',
  'quotes " and \\ and / and \'',
  'controls \u0001\u0008\t\u001b\u007f',
  'a line\nbreak inside',
  '</script><!-- & \u2028\u2029',
  'ünïcödé e\u0301 \u{1f468}\u200d\u{1f469}\u200d\u{1f467} \ufeff \uffff',
  '{"type":"left","message":"not me"}',
  '%s %d ${x} $1 \\u0041 \\x41',
  "'; DROP TABLE messages; --",
]

inBothModesAtAnyRate('history', (nodes) => {
  let log: Promise<Log> | undefined
  const theLog = (): Promise<Log> => (log ??= writeLog(nodes))

  test('GET messages of a new room: a bare empty array', async () => {
    const roomId = await createRoom(nodes.a)
    expect(JSON.parse((await call(nodes.b, 'GET', `/api/room/${roomId}/messages`)).text)).toEqual(
      [],
    )
  })

  test('history elements are byte for byte the live frames without newline', async () => {
    const roomId = await createRoom(nodes.a)
    const reader = await Member.join(nodes.b, roomId)
    const writer = await Member.join(nodes.a, roomId)
    for (const text of TEXTS) writer.say(text)
    await writer.close(1000)
    await reader.untilLeft(writer.id)
    expect(reader.chats).toEqual(TEXTS)
    for (const node of nodes.each) {
      const { elements, messages } = await history(node, roomId)
      expect(elements.map((element) => `${element}\n`)).toEqual(
        reader.frames.map(({ text }) => text),
      )
      for (const element of elements) expectMessage(element)
      expect(messages.map(({ type }) => type)).toEqual([
        'joined',
        'joined',
        ...TEXTS.map(() => 'chat'),
        'left',
      ])
      expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length)
    }
  })

  test('G1: what was echoed is in the history of the other node at once', async () => {
    const roomId = await createRoom(nodes.a)
    const writer = await Member.join(nodes.a, roomId)
    for (let at = 0; at < 20; at += 1) {
      const echo = await writer.exchange(`number ${at}`)
      const { elements } = await history(nodes.b, roomId)
      expect(`${elements.at(-1)}\n`).toBe(echo.text)
    }
  })

  test('without a query: the complete history however long, oldest first, no Link', async () => {
    const { roomId, elements, ids } = await theLog()
    const whole = await history(nodes.a, roomId)
    expect(elements.length).toBe(CHATS + 4)
    expect(whole.elements).toEqual(elements)
    expect([whole.prev, whole.next]).toEqual([undefined, undefined])
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('sent has 24 characters and never goes back within a room', async () => {
    const { elements } = await theLog()
    const sent = elements.map((element) => expectMessage(element).sent)
    expect(new Set(sent.map((time) => time.length))).toEqual(new Set([24]))
    expect(sent).toEqual([...sent].sort())
  })

  test('limit, before, after: the newest, just before, just after; 100 by default there', async () => {
    const { roomId, ids } = await theLog()
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['?limit=1', ids.slice(-1)],
      ['?limit=7', ids.slice(-7)],
      ['?limit=1000', ids.slice(-1000)],
      [`?before=${ids[600]}`, ids.slice(500, 600)],
      [`?before=${ids[600]}&limit=3`, ids.slice(597, 600)],
      [`?limit=1000&before=${ids[600]}`, ids.slice(0, 600)],
      [`?before=${ids[1]}`, ids.slice(0, 1)],
      [`?before=${ids[0]}`, []],
      [`?after=${ids[600]}`, ids.slice(601, 701)],
      [`?after=${ids[600]}&limit=3`, ids.slice(601, 604)],
      [`?after=${ids[600]}&limit=1000`, ids.slice(601)],
      [`?after=${ids.at(-2)}`, ids.slice(-1)],
      [`?after=${ids.at(-1)}`, []],
    ]
    for (const [query, expected] of cases) {
      const answer = await history(nodes.b, roomId, query)
      expect({ query, ids: answer.messages.map(({ id }) => id) }).toEqual({ query, ids: expected })
    }
  })

  test('Link prev and next walk the whole log both ways and end where it ends', async () => {
    const { roomId, elements: whole } = await theLog()
    const last = await history(nodes.a, roomId, '?limit=300')
    const { back, forth } = await walk(last, [nodes.b, nodes.a])
    expect(back.flat()).toEqual(whole)
    expect(back.length).toBe(Math.ceil(whole.length / 300))

    expect(forth.flat()).toEqual(whole)
    expect(forth.length).toBe(back.length)
  })

  test('a page that is the whole log has no Link', async () => {
    const roomId = await createRoom(nodes.a)
    const writer = await Member.join(nodes.a, roomId)
    await writer.exchange('one and only')
    const { elements, prev, next } = await history(nodes.b, roomId, '?limit=2')
    expect([elements.length, prev, next]).toEqual([2, undefined, undefined])
  })

  test('both cursors, a malformed one, one of another room, any other number: 400', async () => {
    const { roomId, ids } = await theLog()
    const stranger = await Member.join(nodes.a, await createRoom(nodes.a))
    const other = (await stranger.exchange('in another room')).message.id
    const queries = [
      ...['0', '-1', '1001', '99999999999999999999', 'NaN', 'ten', '', '1.5', '1e2', '0x10'],
      ...['%205', '5%20', '+5', '%EF%BC%91', '5%00', 'null', 'Infinity', '1,2'],
    ].map((limit) => `?limit=${limit}`)
    const cursors = [
      ...['', '5', 'x', 'null', '..%2f', 'a%00b', "'%20OR%20'1'='1", `${ids[5]}0`],
      ids[5]!.toUpperCase(),
      other,
      '5f0c1f6e-6d3c-4f5e-9a53-000000000000',
      roomId,
    ].flatMap((cursor) => [`?before=${cursor}`, `?after=${cursor}`])
    for (const query of [
      ...queries,
      ...cursors,
      '?limit=5&limit=6',
      `?before=${ids[5]}&before=${ids[6]}`,
      `?before=${ids[9]}&after=${ids[5]}`,
      `?after=${ids[5]}&limit=0`,
    ]) {
      const answer = await call(nodes.a, 'GET', `/api/room/${roomId}/messages${query}`)
      expect({ query, status: answer.status }).toEqual({ query, status: 400 })
      expectError(answer, 400, 'invalid')
    }
  })

  test('rooms do not leak into each other, live or in history', async () => {
    const rooms = await Promise.all([createRoom(nodes.a), createRoom(nodes.a), createRoom(nodes.b)])
    const members = await Promise.all(
      rooms.flatMap((roomId) => [Member.join(nodes.a, roomId), Member.join(nodes.b, roomId)]),
    )
    for (let round = 0; round < 10; round += 1) {
      members.forEach((member, at) => {
        member.say(`secret ${rooms[at >> 1]} of member ${at}, round ${round}`)
      })
    }
    await Promise.all(members.map((member) => member.hasChats(20)))
    for (const [at, member] of members.entries()) {
      await member.settle()
      const roomId = rooms[at >> 1]!
      expect(new Set(member.frames.map(({ message }) => message.roomId))).toEqual(new Set([roomId]))
      expect(member.chats.filter((text) => text.startsWith('secret')).length).toBe(20)
      const { messages } = await history(nodes.b, roomId)
      expect(new Set(messages.map((message) => message.roomId))).toEqual(new Set([roomId]))
      const secrets = messages.filter(({ message }) => message.startsWith('secret'))
      expect(secrets.every(({ message }) => message.includes(roomId))).toBe(true)
      expect(secrets.length).toBe(20)
    }
  })
})
