import { expect, test } from 'vitest'
import { type Answer, call, createRoom, expectError, upgrade } from './http.ts'
import { inBothModes } from './modes.ts'

const ALLOWED = ['https://chat.example', 'http://localhost:5173']

/** None of these is on the list, however much it looks like it. */
const OTHERS = [
  'https://elsewhere.example',
  'http://chat.example',
  'https://chat.example:8443',
  'https://chat.example.elsewhere.example',
  'https://evil-chat.example',
  'https://www.chat.example',
  'http://localhost',
  'null',
  '*',
]

inBothModes(
  'ALLOWED_ORIGINS',
  (nodes) => {
    const create = (headers: Readonly<Record<string, string>>): Promise<Answer> =>
      call(nodes.a, 'POST', '/api/room', { headers })

    test('contract 7: the listed origins may create and join', async () => {
      const roomId = await createRoom(nodes.a)
      for (const origin of ALLOWED) {
        const { status, headers } = await create({ origin })
        expect([status, headers['access-control-allow-origin']]).toEqual([200, origin])
        expect((await upgrade(nodes.a, `/api/serve/${roomId}`, { origin })).status).toBe(101)
      }
    })

    test('contract 7: any other origin may neither create nor join', async () => {
      const roomId = await createRoom(nodes.a)
      for (const origin of OTHERS) {
        const refused = await create({ origin })
        expectError(refused, 403, 'forbidden')
        expect(refused.headers['access-control-allow-origin'] ?? 'none').not.toBe(origin)
        expectError(await upgrade(nodes.a, `/api/serve/${roomId}`, { origin }), 403, 'forbidden')
      }
      const { text } = await call(nodes.b, 'GET', `/api/room/${roomId}/messages`)
      expect(JSON.parse(text)).toEqual([])
    })

    test('contract 7: no Origin header is no browser and may do all', async () => {
      const { status, text } = await create({})
      expect(status).toBe(200)
      const { roomId } = JSON.parse(text) as { roomId: string }
      expect((await upgrade(nodes.a, `/api/serve/${roomId}`)).status).toBe(101)
    })

    test('contract 7: only POST and upgrade are restricted', async () => {
      const roomId = await createRoom(nodes.a)
      const headers = { origin: OTHERS[0]! }
      for (const path of ['/', '/api/healthz', `/api/room/${roomId}`]) {
        expect((await call(nodes.a, 'GET', path, { headers })).status).toBe(200)
      }
    })
  },
  { ALLOWED_ORIGINS: ALLOWED.join(',') },
)
