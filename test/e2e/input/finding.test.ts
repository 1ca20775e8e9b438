import { expect, test } from 'vitest'
import { call, createOwnedRoom, history, type Listening, withSecret } from '../http.ts'
import { JsonConnection } from '../json-connection.ts'
import { inBothModesAtAnyRate } from '../modes.ts'
import { inEmbeddedMode } from './embedded.ts'
import {
  BAD_DIRECTORY_QUERIES,
  CODE_BODIES,
  NO_CODES,
  NO_TEXTS,
  SEARCHES,
} from './finding-tables.ts'
import { type RawAnswer, rawCall, request } from './raw-call.ts'
import { idFrom, NO_IDS, NOBODYS } from './resource-tables.ts'
import { expectDiscreet, expectErrorBody, expectUnharmed, roomWithBystander } from './scene.ts'

/** The answer to one request, on a connection of its own; a refusal is discreet. */
const answerTo = async (node: Listening, line: string, body?: string): Promise<RawAnswer> => {
  const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  const sent = request(`${line} HTTP/1.1`, ['Connection: close', ...length], body)
  const { answers } = await rawCall(node, { writes: [Buffer.from(sent)] })
  expect({ line, answers: answers.length }).toEqual({ line, answers: 1 })
  const [answer] = answers
  if (answer!.status >= 400) {
    expectDiscreet(answer!, sent)
    expectErrorBody(answer!)
  }
  return answer!
}

// A table has one scene, whose members hear nothing of any row; a row that fails is named.
inBothModesAtAnyRate('input, finding', (nodes) => {
  test('a search is text: it finds what has its words, or is a 400', async () => {
    const scene = await roomWithBystander(nodes)
    for (const text of ['one quick_fox, 100%', 'two']) await scene.bystander.exchange(text)
    for (const [title, query, found] of SEARCHES) {
      const path = `/api/room/${scene.roomId}/messages?${query}`
      const { status, body } = await answerTo(nodes.b, `GET ${path}`)
      const seen = status === 200 ? (JSON.parse(body) as unknown[]).length : status
      expect({ title, seen }).toEqual({ title, seen: found })
    }
    await expectUnharmed(nodes, scene)
  })

  test('what is no code is a 404 that does not count as a guess', async () => {
    const scene = await roomWithBystander(nodes)
    const made = await call(nodes.a, 'POST', `/api/room/${scene.roomId}/codes`)
    const { code } = JSON.parse(made.text) as { readonly code: string }
    for (const [title, text] of NO_CODES) {
      const { status } = await answerTo(nodes.b, `GET /api/codes/${text}`)
      expect({ title, status }).toEqual({ title, status: 404 })
    }
    expect((await call(nodes.b, 'GET', `/api/codes/${code}`)).status).toBe(200)
    await expectUnharmed(nodes, scene)
  })

  test('a text that cannot be, from who may change the message: refused, and it stays as it was', async () => {
    const { roomId, ownerToken } = await createOwnedRoom(nodes.a)
    const writer = await JsonConnection.join(nodes.a, roomId)
    writer.send(roomId, 'r-1', 'as it was')
    const { id } = await writer.next('ack')
    const path = `/api/room/${roomId}/messages/${id}`
    const headers = { authorization: `Bearer ${writer.room.resume}` }
    for (const [title, status, text] of NO_TEXTS) {
      const body = `{"message":${text}}`
      const answer = await call(nodes.b, 'PUT', path, { headers, body })
      expect({ title, status: answer.status }).toEqual({ title, status })
    }
    // Nor may its owner say something in somebody's name.
    const edit = await withSecret(nodes.b, 'PUT', path, ownerToken, { message: 'never said' })
    expect(edit.status).toBe(403)
    const { messages } = await history(nodes.b, roomId)
    expect(messages.map(({ message }) => message)).toEqual([expect.any(String), 'as it was'])
    expect(writer.all('edited')).toEqual([])
  })
})

inEmbeddedMode('input, finding', (nodes) => {
  test('a body of a new code that cannot be is a 400', async () => {
    const scene = await roomWithBystander(nodes)
    for (const body of CODE_BODIES) {
      const line = `POST /api/room/${scene.roomId}/codes`
      const { status } = await answerTo(nodes.a, line, body)
      expect({ body, status }).toEqual({ body, status: 400 })
    }
    await expectUnharmed(nodes, scene)
  })

  test('a query of the directory that cannot be is a 400', async () => {
    for (const query of BAD_DIRECTORY_QUERIES) {
      const { status } = await answerTo(nodes.a, `GET /api/rooms?${query}`)
      expect({ query, status }).toEqual({ query, status: 400 })
    }
    expect((await answerTo(nodes.a, `GET /api/rooms?after=${NOBODYS}`)).status).toBe(200)
  })

  test('a query beside info and export means nothing, and nothing can be put there', async () => {
    const scene = await roomWithBystander(nodes)
    const room = `/api/room/${scene.roomId}`
    for (const query of ['?limit=0', '?after=x&after=y', '?__proto__=x', '?%00=%zz']) {
      expect((await answerTo(nodes.a, `GET ${room}/info${query}`)).status).toBe(200)
      const { body } = await answerTo(nodes.a, `GET ${room}/export${query}`)
      expect(body).toBe(scene.bystander.frames.map(({ text }) => text).join(''))
    }
    for (const line of [`POST ${room}/info`, `PUT ${room}/export`, `DELETE ${room}/codes`])
      expect((await answerTo(nodes.a, line, '{}')).status).toBe(405)
    await expectUnharmed(nodes, scene)
  })

  test('a room that cannot be is a 404, whatever is asked of it', async () => {
    const scene = await roomWithBystander(nodes)
    for (const [title, pattern] of NO_IDS) {
      const room = `/api/room/${idFrom(pattern, scene.roomId)}`
      for (const line of [
        ...[`GET ${room}/info`, `GET ${room}/export`, `GET ${room}/messages?search=`],
        ...[`POST ${room}/codes`, `PATCH ${room}`, `PUT ${room}/messages/${NOBODYS}`],
      ]) {
        const { status } = await answerTo(nodes.a, line)
        expect({ title, line, status }).toEqual({ title, line, status: 404 })
      }
    }
    await expectUnharmed(nodes, scene)
  })
})
