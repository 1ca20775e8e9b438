import { expect, test } from 'vitest'
import { createRoom, history } from './http.ts'
import { expectWholeTailOf, Member } from './member.ts'
import { inEveryMode } from './modes.ts'

const MAX_MESSAGE_BYTES = 16_384
const MAX_FRAME_BYTES = 65_536

/** What is sent, and the message that it is. */
const AS_SAID: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['a text', 'plain words', 'plain words'],
  ['one \\n is dropped', 'line\n', 'line'],
  ['one \\r\\n is dropped', 'line\r\n', 'line'],
  ['of two \\n one is dropped', 'line\n\n', 'line\n'],
  ['of two \\r\\n one is dropped', 'line\r\n\r\n', 'line\r\n'],
  ['a lone \\r stays', 'line\r', 'line\r'],
  ['\\n\\r stays', 'line\n\r', 'line\n\r'],
  ['a leading \\n stays', '\nline', '\nline'],
  ['two \\n alone are one', '\n\n', '\n'],
  ['a blank', ' ', ' '],
  ['a tab and a line break', '\t\n', '\t'],
  ['blanks around', '  wide  ', '  wide  '],
  ['U+2028 is no line break', 'line\u2028', 'line\u2028'],
  ['a byte order mark stays', '\ufeffmarked', '\ufeffmarked'],
  ['nothing is normalised', 'e\u0301 \u00e9', 'e\u0301 \u00e9'],
  ['JSON is only text', '{"command":"leave"}', '{"command":"leave"}'],
  ['a command is only text', '/quit', '/quit'],
  ['binary UTF-8 is text', Buffer.from('bïnary 😀'), 'bïnary 😀'],
  ['binary with line break', Buffer.from('binary\r\n'), 'binary'],
  ['binary with byte order mark', Buffer.from('\ufeffbinary'), '\ufeffbinary'],
  ['as many bytes as may be', 'x'.repeat(MAX_MESSAGE_BYTES), 'x'.repeat(MAX_MESSAGE_BYTES)],
  [
    'as many bytes and a line break',
    `${'y'.repeat(MAX_MESSAGE_BYTES)}\n`,
    'y'.repeat(MAX_MESSAGE_BYTES),
  ],
  [
    'as many bytes in half as many characters',
    'é'.repeat(MAX_MESSAGE_BYTES / 2),
    'é'.repeat(MAX_MESSAGE_BYTES / 2),
  ],
]

const START = 'the first forty characters are these 40:'

/** What is refused, and what the refusal says of it. */
const REFUSED: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['one byte too many', START + 'x'.repeat(MAX_MESSAGE_BYTES + 1 - START.length), START],
  ['bytes, not characters', START + 'é'.repeat(MAX_MESSAGE_BYTES / 2), START],
  ['binary', Buffer.from(START + 'x'.repeat(MAX_MESSAGE_BYTES)), START],
  ['a frame of 64 KiB', START + 'x'.repeat(MAX_FRAME_BYTES - START.length), START],
  ['a NUL', `${START} and a \0 inside`, START],
  ['a NUL at the end', `${START}\0`, START],
]

inEveryMode('talking', (nodes) => {
  test('a chat goes to everyone including its sender, the echo is the same frame', async () => {
    const roomId = await createRoom(nodes.a)
    const [sender, near, far] = await Promise.all([
      Member.join(nodes.a, roomId),
      Member.join(nodes.a, roomId),
      Member.join(nodes.b, roomId),
    ])
    const echo = await sender.exchange('hello everyone')
    expect(echo.message).toMatchObject({
      roomId,
      memberId: sender.id,
      memberName: sender.name,
      type: 'chat',
      message: 'hello everyone',
    })
    expect((await near.untilChat('hello everyone')).text).toBe(echo.text)
    expect((await far.untilChat('hello everyone')).text).toBe(echo.text)
  })

  test.for(AS_SAID)('contract 5, what is said: %s', async ([, said, message]) => {
    const roomId = await createRoom(nodes.a)
    const sender = await Member.join(nodes.a, roomId)
    const other = await Member.join(nodes.b, roomId)
    sender.say(said)
    await sender.exchange('the end')
    await other.untilChat('the end')
    expect(sender.chats).toEqual([message, 'the end'])
    expect(other.chats).toEqual([message, 'the end'])
    const { messages } = await history(nodes.b, roomId)
    expect(messages.slice(2).map((stored) => stored.message)).toEqual([message, 'the end'])
  })

  test('contract 5: an empty message is ignored', async () => {
    const sender = await Member.join(nodes.a, await createRoom(nodes.a))
    for (const nothing of ['', '\n', '\r\n', Buffer.alloc(0), Buffer.from('\n')])
      sender.say(nothing)
    await sender.exchange('something')
    expect(sender.frames.length).toBe(2)
  })

  test.for(REFUSED)('contract 5, failed to its sender only: %s', async ([, said, excerpt]) => {
    const roomId = await createRoom(nodes.a)
    const sender = await Member.join(nodes.a, roomId)
    const other = await Member.join(nodes.b, roomId)
    await other.exchange('before')
    await sender.untilChat('before')
    sender.say(said)
    const { message: failed } = await sender.next()
    expect(failed).toMatchObject({
      roomId,
      memberId: sender.id,
      memberName: sender.name,
      type: 'failed',
    })
    expect(failed.message).toContain(excerpt)
    expect(failed.message.length).toBeLessThan(200)
    expect(failed.message).not.toContain(Buffer.from(said).toString('utf8', 0, 41))
    const echo = await sender.exchange('still here')
    await other.untilChat('still here')
    expect(other.frames.filter(({ message }) => message.type === 'failed')).toEqual([])
    const { elements, messages } = await history(nodes.b, roomId)
    expect(messages.map(({ type }) => type)).toEqual(['joined', 'joined', 'chat', 'chat'])
    expect(messages.map(({ id }) => id)).not.toContain(failed.id)
    expect(`${elements.at(-1)}\n`).toBe(echo.text)
  })

  test('contract 5: the excerpt of a failed ends between characters', async () => {
    const sender = await Member.join(nodes.a, await createRoom(nodes.a))
    for (const shift of ['', 'x']) {
      sender.say(shift + '😀'.repeat(5000))
      const { message } = (await sender.next()).message
      expect(message).toContain(`${shift}${'😀'.repeat(19)}`)
      expect(message).not.toMatch(/\p{Surrogate}|\ufffd/u)
    }
  })

  test('contract 5: each refusal has an id of its own', async () => {
    const sender = await Member.join(nodes.a, await createRoom(nodes.a))
    for (let at = 0; at < 3; at += 1) sender.say('same\0')
    const ids = [await sender.next(), await sender.next(), await sender.next()].map(
      ({ message }) => message.id,
    )
    expect(new Set([...ids, sender.joined.id]).size).toBe(4)
  })

  test('contract 5: a frame over 64 KiB closes with 1009 and is a left', async () => {
    const roomId = await createRoom(nodes.a)
    const [sender, other] = [await Member.join(nodes.a, roomId), await Member.join(nodes.b, roomId)]
    sender.say('x'.repeat(MAX_FRAME_BYTES + 1))
    expect((await sender.closed()).code).toBe(1009)
    await other.untilLeft(sender.id)
    expect(other.chats).toEqual([])
  })

  test('contract 5: a binary frame of invalid UTF-8 closes with 1007 and is a left', async () => {
    const roomId = await createRoom(nodes.a)
    const [sender, other] = [await Member.join(nodes.a, roomId), await Member.join(nodes.b, roomId)]
    sender.say(Uint8Array.of(0x68, 0x69, 0xff))
    expect((await sender.closed()).code).toBe(1007)
    await other.untilLeft(sender.id)
    expect(other.chats).toEqual([])
  })

  test('contract 5: an UTF-8 surrogate in a binary frame is invalid', async () => {
    const sender = await Member.join(nodes.a, await createRoom(nodes.a))
    sender.say(Uint8Array.of(0xed, 0xa0, 0x80))
    expect((await sender.closed()).code).toBe(1007)
  })

  test('contract 3, G2, G3: ten members send at once, one order for all, equal to history', async () => {
    const roomId = await createRoom(nodes.a)
    const members = await Member.joinInTurn([nodes.a, nodes.b], roomId, 10)
    for (let round = 0; round < 20; round += 1) {
      members.forEach((member, at) => {
        member.say(`member ${at} in round ${round}`)
      })
    }
    await Promise.all(members.map((member) => member.hasChats(200)))
    const { elements } = await history(nodes.b, roomId)
    expect(elements.length).toBe(10 + 200)
    for (const [at, member] of members.entries()) {
      expectWholeTailOf(elements, member)
      expect(member.chats.filter((text) => text.startsWith(`member ${at} `))).toEqual(
        Array.from({ length: 20 }, (_, round) => `member ${at} in round ${round}`),
      )
    }
  })

  test('contract 3: what the other answers comes after what it answers to', async () => {
    const roomId = await createRoom(nodes.a)
    const [asking, answering, watching] = [
      await Member.join(nodes.a, roomId),
      await Member.join(nodes.b, roomId),
      await Member.join(nodes.a, roomId),
    ]
    const expected: string[] = []
    for (let at = 0; at < 15; at += 1) {
      asking.say(`question ${at}`)
      await answering.untilChat(`question ${at}`)
      answering.say(`answer to ${at}`)
      await asking.untilChat(`answer to ${at}`)
      expected.push(`question ${at}`, `answer to ${at}`)
    }
    for (const member of [asking, answering, watching]) {
      await member.hasChats(expected.length)
      expect(member.chats).toEqual(expected)
    }
  })
})
