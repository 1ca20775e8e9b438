import { expect, test } from 'vitest'
import { call, createRoom, roomState, upgrade } from './http.ts'
import { Member } from './member.ts'
import { inBothModes } from './modes.ts'
import { closeFrame, RawSocket, rawFrame, TEXT } from './raw-socket.ts'
import { indiscreetLines, noteSecrets } from './secrets.ts'

/** Every node of every test is searched like this when it ends; here for all that makes one log. */
inBothModes('discretion', (nodes) => {
  test('2, 5: no room id, name, text or address is in the log at its most talkative', async () => {
    const roomId = await createRoom(nodes.a)
    noteSecrets((await roomState(nodes.a, roomId)).roomName)
    const [here, there] = await Member.joinInTurn([nodes.a, nodes.b], roomId, 2)
    await here!.exchange('a very private remark')
    here!.say('a private remark that is refused \0')
    here!.say('a private remark that is refused for its length'.repeat(1000))
    here!.say(Uint8Array.of(0xff))
    await here!.closed()
    await there!.untilLeft(here!.id)

    const socket = await RawSocket.upgraded(nodes.a, `/api/serve/${roomId}`)
    socket.send(rawFrame(TEXT, 'a private remark without mask', { masked: false }))
    await socket.closeCode()
    const reset = await RawSocket.upgraded(nodes.a, `/api/serve/${roomId}`)
    reset.send(rawFrame(TEXT, 'a private remark before the fall'))
    await there!.untilChat('a private remark before the fall')
    reset.reset()
    const closing = await RawSocket.upgraded(nodes.a, `/api/serve/${roomId}`)
    closing.send(closeFrame(3000))
    await closing.ended()

    const headers = { origin: 'https://private.example', 'user-agent': 'private-agent/1.0' }
    noteSecrets(...Object.values(headers))
    for (const path of [
      `/api/room/${roomId}`,
      `/api/room/${roomId}/messages?limit=0`,
      `/api/room/${roomId}/messages?before=${here!.joined.id}&after=${here!.joined.id}`,
      `/api/room/${roomId.toUpperCase()}`,
      `/api/serve/${roomId}`,
      `/${roomId}`,
      `/api/room/${roomId}%zz`,
    ]) {
      await call(nodes.a, 'GET', path, { headers })
    }
    await upgrade(nodes.a, `/api/room/${roomId}`, headers)
    await upgrade(nodes.a, `/api/serve/${roomId}`, { ...headers, 'sec-websocket-version': '7' })
    const body = '{"a very private remark":1'
    await call(nodes.a, 'POST', '/api/room', { headers, body })
    await call(nodes.a, 'POST', '/api/room', {
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    })
    await there!.exchange('the end of it all')
    noteSecrets(roomId.toUpperCase(), here!.id, there!.id)
    for (const node of nodes.each) expect(indiscreetLines(node.output, node.port)).toEqual([])
  })
})
