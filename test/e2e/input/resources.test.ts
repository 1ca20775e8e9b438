import { expect, test } from 'vitest'
import { createRoom, type Listening } from '../http.ts'
import { inBothModesAtAnyRate } from '../modes.ts'
import { handshakeHead } from './handshake.ts'
import { type RawAnswer, rawCall, request } from './raw-call.ts'
import {
  BAD_QUERIES,
  BODIES,
  CHANGES,
  GOOD_QUERIES,
  idFrom,
  NO_IDS,
  NOBODYS,
} from './resource-tables.ts'
import { expectDiscreet, expectErrorBody, expectUnharmed, roomWithBystander } from './scene.ts'

/** The answer to one request, on a connection that stays usable. */
const answerTo = async (node: Listening, sent: string): Promise<RawAnswer> => {
  const { answers } = await rawCall(node, { writes: [sent], thenLast: 1 })
  const [answer, last, ...more] = answers
  expect({ last: last?.status, more }).toEqual({ last: 200, more: [] })
  if (!answer) throw new Error('there is a first answer, if there is a last')
  expectDiscreet(answer, sent)
  if (answer.status >= 400) expectErrorBody(answer)
  return answer
}

inBothModesAtAnyRate('input, resources', (nodes) => {
  test.for(NO_IDS)('row %s: 404, without a member, on every route', async ([, pattern]) => {
    const scene = await roomWithBystander(nodes)
    const id = idFrom(pattern, scene.roomId)
    for (const sent of [
      request(`GET /api/room/${id} HTTP/1.1`),
      request(`GET /api/room/${id}/messages HTTP/1.1`),
      request(`GET /api/room/${id}/messages?limit=0 HTTP/1.1`),
      request(`GET /api/serve/${id} HTTP/1.1`),
      request(`DELETE /api/room/${id} HTTP/1.1`),
    ]) {
      expect((await answerTo(nodes.a, sent)).status).toBe(404)
    }
    const sent = handshakeHead(`/api/serve/${id}`)
    const { answers } = await rawCall(nodes.a, { writes: [sent] })
    expect(answers.map(({ status }) => status)).toEqual([404])
    for (const answer of answers) {
      expectDiscreet(answer, sent)
      expectErrorBody(answer)
    }
    await expectUnharmed(nodes, scene)
  })

  test('rows 30 to 40: a room that is not there and an id that cannot be are told alike', async () => {
    const unknown = await answerTo(nodes.a, request(`GET /api/room/${NOBODYS} HTTP/1.1`))
    const malformed = await answerTo(nodes.a, request("GET /api/room/x'--%00 HTTP/1.1"))
    const undated = ({ head }: RawAnswer): string => head.replace(/^date: .*$/im, '')
    expect(malformed.body).toBe(unknown.body)
    expect(undated(malformed)).toBe(undated(unknown))
  })

  test('row 35: a query beside an id means nothing', async () => {
    const scene = await roomWithBystander(nodes)
    const path = `/api/room/${scene.roomId}?id=1&id=2&roomId=other&__proto__=x`
    const { status, body } = await answerTo(nodes.a, request(`GET ${path} HTTP/1.1`))
    expect(status).toBe(200)
    expect(body).toContain(scene.bystander.id)
    await expectUnharmed(nodes, scene)
  })

  test.for(BAD_QUERIES)('row %s: 400', async (row) => {
    const scene = await roomWithBystander(nodes)
    const { id } = scene.bystander.joined
    const query = row
      .slice(row.indexOf(' ') + 1)
      .replaceAll('M', id)
      .replace('UPPER', id.toUpperCase())
      .replace('BARE', id.replaceAll('-', ''))
    const path = `/api/room/${scene.roomId}/messages?${query}`
    expect((await answerTo(nodes.b, request(`GET ${path} HTTP/1.1`))).status).toBe(400)
    await expectUnharmed(nodes, scene)
  })

  test.for(GOOD_QUERIES)('rows 41 to 49: messages%s gives %i of two', async ([query, length]) => {
    const scene = await roomWithBystander(nodes)
    await scene.bystander.exchange('the second message')
    const path = `/api/room/${scene.roomId}/messages${query}`
    const sent = request(`GET ${path.replace('M', scene.bystander.joined.id)} HTTP/1.1`)
    const { status, body } = await answerTo(nodes.a, sent)
    expect(status).toBe(200)
    expect(JSON.parse(body)).toHaveLength(length)
    await expectUnharmed(nodes, scene)
  })

  test('row 46: a cursor of another room is 400', async () => {
    const [here, there] = [await roomWithBystander(nodes), await roomWithBystander(nodes)]
    for (const cursor of ['after', 'before']) {
      const query = `${cursor}=${there.bystander.joined.id}`
      const path = `/api/room/${here.roomId}/messages?${query}`
      expect((await answerTo(nodes.a, request(`GET ${path} HTTP/1.1`))).status).toBe(400)
    }
    await expectUnharmed(nodes, here)
  })

  test.for(BODIES)('row %s: %i', async ([, status, headers, body]) => {
    const scene = await roomWithBystander(nodes)
    const line = 'POST /api/room HTTP/1.1'
    const length = `Content-Length: ${body.length}`
    const whole = request(line, [...headers, length], body)
    const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`
    const inChunks = request(line, [...headers, 'Transfer-Encoding: chunked'], `${chunk}0\r\n\r\n`)
    for (const sent of [whole, inChunks]) {
      // Who sends what is not understood is not listened to any longer.
      const { answers } = await rawCall(nodes.a, {
        writes: [sent],
        thenLast: status === 200 ? 1 : undefined,
      })
      for (const answer of answers) expectDiscreet(answer, sent)
      expect(answers.map((answer) => answer.status)).toEqual(status === 200 ? [200, 200] : [400])
      const keys = status === 200 ? ['roomId', 'roomName'] : ['error']
      expect(Object.keys(JSON.parse(answers[0]!.body))).toEqual(keys)
    }
    await expectUnharmed(nodes, scene)
  })

  test.for([
    ['56: 5 KB', ['Content-Length: 5000'], ' '.repeat(5000)],
    ['56: 4,097 bytes', ['Content-Length: 4097'], ' '.repeat(4097)],
    ['56: a gigabyte that is only declared', ['Content-Length: 1000000000'], '{}'],
    [
      '56: 5 KB in a chunk',
      ['Transfer-Encoding: chunked'],
      `1388\r\n${' '.repeat(5000)}\r\n0\r\n\r\n`,
    ],
  ] as const)('row %s: 413, closed', async ([, headers, body]) => {
    const scene = await roomWithBystander(nodes)
    const sent = request('POST /api/room HTTP/1.1', headers, body)
    const { answers } = await rawCall(nodes.a, { writes: [sent] })
    expect(answers.map(({ status }) => status)).toEqual([413])
    answers.forEach(expectErrorBody)
    await expectUnharmed(nodes, scene)
  })

  test.for(CHANGES)(
    'row %s: %i, and nothing is changed',
    async ([, status, line, headers, body]) => {
      const scene = await roomWithBystander(nodes)
      const { id } = await scene.bystander.exchange('it stays').then(({ message }) => message)
      const path = line
        .replace('ROOM', scene.roomId)
        .replace('MEMBER', scene.bystander.id)
        .replace('MESSAGE', id)
      const length = [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`]
      const sent = request(`${path} HTTP/1.1`, [...headers, ...length], body)
      const isUnderstood = status !== 400
      const { answers } = await rawCall(nodes.a, {
        writes: [sent],
        thenLast: isUnderstood ? 1 : undefined,
      })
      expect(answers.map((answer) => answer.status)).toEqual(isUnderstood ? [status, 200] : [400])
      expectDiscreet(answers[0]!, sent)
      expectErrorBody(answers[0]!)
      await expectUnharmed(nodes, scene)
    },
  )

  test('rows 54, 17: nothing that was sent has become a property of everything', async () => {
    const roomId = await createRoom(nodes.a)
    const { body } = await answerTo(nodes.a, request(`GET /api/room/${roomId} HTTP/1.1`))
    expect(Object.keys(JSON.parse(body))).toEqual(['roomId', 'roomName', 'members'])
    expect(body).not.toContain('indeed')
  })
})
