import { expect, test } from 'vitest'
import { history } from '../http.ts'
import { expectWholeTailOf, Member } from '../member.ts'
import { inBothModesAtAnyRate } from '../modes.ts'
import { RawSocket, rawFrame, TEXT } from '../raw-socket.ts'
import { noteSecrets } from '../secrets.ts'
import { expectUnharmed, roomWithBystander } from './scene.ts'
import { AS_SENT, REFUSED } from './texts.ts'

inBothModesAtAnyRate('input, contents', (nodes) => {
  test.for(AS_SENT)('row %s: stored and shown as it was sent', async ([, text]) => {
    const { roomId, bystander } = await roomWithBystander(nodes)
    const sender = await Member.join(nodes.a, roomId)
    const echo = await sender.exchange(text)
    expect((await bystander.untilChat(text)).text).toBe(echo.text)
    await sender.close(1000)
    await bystander.untilLeft(sender.id)
    for (const node of nodes.each) {
      const { elements, messages } = await history(node, roomId)
      expectWholeTailOf(elements, bystander)
      expect(messages.map(({ type, memberId, message }) => [type, memberId, message])).toEqual([
        ['joined', bystander.id, bystander.joined.message],
        ['joined', sender.id, sender.joined.message],
        ['chat', sender.id, text],
        ['left', sender.id, `${sender.name} left the room.`],
      ])
    }
    await expectUnharmed(nodes, { roomId, bystander })
  })

  test.for(REFUSED)('row %s: failed, to its sender only, not stored', async ([, text]) => {
    const { roomId, bystander } = await roomWithBystander(nodes)
    const sender = await Member.join(nodes.a, roomId)
    sender.say(text)
    expect((await sender.next()).message.type).toBe('failed')
    await sender.exchange('the next message')
    await sender.close(1000)
    await bystander.untilLeft(sender.id)
    expect(bystander.chats).toEqual(['the next message'])
    expectWholeTailOf((await history(nodes.a, roomId)).elements, bystander)
    await expectUnharmed(nodes, { roomId, bystander })
  })

  test('rows 93 to 106: all of it in one write: each text as it was sent, in order', async () => {
    const { roomId, bystander } = await roomWithBystander(nodes)
    const socket = await RawSocket.upgraded(nodes.a, `/api/serve/${roomId}`)
    const texts = AS_SENT.map(([, text]) => text)
    const ignored = ['', '\n', '\r\n']
    const refused = ['\0', 'inside\0inside', 'y'.repeat(16_385)]
    noteSecrets(...texts, ...refused)
    const all = texts.flatMap((text, at) => [
      text,
      ignored[at % ignored.length]!,
      refused[at % refused.length]!,
    ])
    socket.send(...all.map((text) => rawFrame(TEXT, text)))
    await bystander.hasChats(texts.length)
    expect(bystander.chats).toEqual(texts)
    socket.reset()
    await bystander.until('a left', ({ type }) => type === 'left')
    for (const node of nodes.each)
      expectWholeTailOf((await history(node, roomId)).elements, bystander)
    await expectUnharmed(nodes, { roomId, bystander })
  })
})
