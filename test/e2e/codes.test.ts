import { expect, test } from 'vitest'
import { type Answer, call, createRoom, expectError, type Listening, roomState } from './http.ts'
import { inBothModes } from './modes.ts'
import { noteSecrets } from './secrets.ts'

interface Made {
  readonly code: string
  readonly expiresAt: string
}

const make = async (node: Listening, roomId: string, body = ''): Promise<Made> => {
  const answer = await call(node, 'POST', `/api/room/${roomId}/codes`, { body })
  expect(answer).toMatchObject({ status: 200 })
  const made = JSON.parse(answer.text) as Made
  expect(Object.keys(made)).toEqual(['code', 'expiresAt'])
  noteSecrets(made.code)
  return made
}

const take = (node: Listening, code: string, from?: string): Promise<Answer> =>
  call(node, 'GET', `/api/codes/${code}`, from === undefined ? {} : { from })

/** Six digits that are none of these. */
const wrong = (codes: readonly string[]): string => {
  const digits = String(Math.floor(Math.random() * 1_000_000)).padStart(6, '0')
  return codes.includes(digits) ? wrong(codes) : digits
}

const count = (answers: readonly Answer[], status: number): number =>
  answers.filter((answer) => answer.status === status).length

inBothModes(
  'codes',
  (nodes) => {
    test('a code leads to its room, from every node, for ten minutes unless told otherwise', async () => {
      const roomId = await createRoom(nodes.a)
      const { roomName } = await roomState(nodes.a, roomId)
      const { code, expiresAt } = await make(nodes.a, roomId)
      expect(code).toMatch(/^\d{6}$/)
      expect(expiresAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(Math.abs(Date.parse(expiresAt) - Date.now() - 600_000)).toBeLessThan(5_000)
      for (const node of nodes.each) {
        expect(JSON.parse((await take(node, code)).text)).toEqual({ roomId, roomName })
      }
      const brief = await make(nodes.b, roomId, '{"ttl":60,"uses":2}')
      expect(brief.code).not.toBe(code)
      expect(Math.abs(Date.parse(brief.expiresAt) - Date.now() - 60_000)).toBeLessThan(5_000)
      expect([
        (await take(nodes.a, brief.code)).status,
        (await take(nodes.b, brief.code)).status,
        (await take(nodes.a, brief.code)).status,
      ]).toEqual([200, 200, 404])
    })

    test('a code is not used but by a GET, and there are none of a room that there is not', async () => {
      const roomId = await createRoom(nodes.a)
      const nowhere = '/api/room/d4d211a2-d09f-4e19-8822-8aeddcb0fdd8/codes'
      expectError(await call(nodes.a, 'POST', nowhere), 404, 'not_found')
      const { code } = await make(nodes.a, roomId, '{"uses":1}')
      for (const method of ['HEAD', 'POST', 'DELETE']) {
        expect((await call(nodes.a, method, `/api/codes/${code}`)).status).toBe(405)
      }
      expect((await take(nodes.a, code)).status).toBe(200)
    })

    test('a code of one use lets exactly one of fifty in who take it at once on both nodes', async () => {
      const roomId = await createRoom(nodes.a)
      const { code } = await make(nodes.b, roomId, '{"uses":1}')
      const takers = Array.from({ length: 50 }, (_, at) =>
        take(nodes.each[at % nodes.each.length]!, code),
      )
      const answers = await Promise.all(takers)
      expect(count(answers, 200)).toBe(1)
      expect(count(answers, 404) + count(answers, 429)).toBe(49)
      for (const answer of answers)
        if (answer.status === 429) expectError(answer, 429, 'rate_limited')
    })

    test('guesses from many addresses are all but a few not even looked up, those of a network lock out only that', async () => {
      const roomId = await createRoom(nodes.a)
      const codes: string[] = []
      for (const _ of [1, 2, 3, 4, 5]) codes.push((await make(nodes.a, roomId)).code)
      const start = performance.now()
      const guess = async (total: number, address: (at: number) => string): Promise<Answer[]> => {
        const answers: Answer[] = []
        for (let at = 0; at < total; at += 100) {
          const some = Array.from({ length: 100 }, (_, more) =>
            take(nodes.each[more % nodes.each.length]!, wrong(codes), address(at + more)),
          )
          answers.push(...(await Promise.all(some)))
        }
        return answers
      }
      const near = await guess(200, (at) => `127.7.${at}.1`)
      expect(count(near, 404) + count(near, 429)).toBe(200)
      expect(count(near, 404)).toBeLessThanOrEqual(60)
      const limited = near.find(({ status }) => status === 429)!
      expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0)

      const many = await guess(1_000, (at) => `127.${(at % 200) + 10}.${at % 250}.${(at % 99) + 1}`)
      const looked = count(near, 404) + count(many, 404)
      expect(count(many, 404) + count(many, 429)).toBe(1_000)
      // Sixty at once and one more every five seconds, over all nodes.
      expect(looked).toBeLessThanOrEqual(60 + (performance.now() - start) / 5_000 + 1)
      // Now right codes are locked, too, and the address of the room is not.
      expect((await take(nodes.a, codes[0]!, '127.250.0.1')).status).toBe(429)
      expect((await roomState(nodes.a, roomId)).roomId).toBe(roomId)
    })
  },
  {},
)
