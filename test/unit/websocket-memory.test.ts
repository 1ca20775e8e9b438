import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { HANDSHAKE, RawClient, request, until } from './http-clients.ts'
import { fixture, listen } from './http-fixture.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test('an open WebSocket keeps nothing of its handshake in memory', async () => {
  const set = fixture()
  const port = await listen(set)
  const requests: WeakRef<object>[] = []
  set.app.server.on('upgrade', (upgrade) => requests.push(new WeakRef(upgrade)))
  const clients = Array.from({ length: 20 }, () => new RawClient(port))
  for (const client of clients) client.send(request(`GET /api/serve/${set.roomId}`, HANDSHAKE))
  await until('all are in', () => clients.every(({ text }) => text.includes(' 101 ')))
  const kept = () => {
    collect()
    return requests.filter((upgrade) => upgrade.deref()).length
  }
  // The last one is still in some register or cache, whatever we do.
  await until('the requests are gone', () => kept() <= 1)
  expect(requests).toHaveLength(20)
  expect(set.app.websocketServer.clients.size).toBe(20)
})
