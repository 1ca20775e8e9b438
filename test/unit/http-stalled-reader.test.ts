import { expect, test } from 'vitest'
import { ids } from './fake-controller.ts'
import { RawClient, request, until } from './http-clients.ts'
import { fixture, listen, logged } from './http-fixture.ts'

/** How a streamed array ends on the wire. */
const END = '\r\n1\r\n]\r\n0\r\n\r\n'

test(
  'a reader that takes nothing for 10 s is cut within 20 s; one that reads keeps its connection',
  { timeout: 40_000 },
  async () => {
    const set = fixture()
    // More than the kernel's buffers of a connection hold.
    const long = 'x'.repeat(16_000)
    set.logs.rooms.set(
      set.roomId,
      Array.from({ length: 2_000 }, (_, at) => logged(set.roomId, at + 1, long)),
    )
    const small = ids.roomId()
    set.logs.rooms.set(small, [logged(small, 1)])
    const port = await listen(set)
    const stalled = new RawClient(port)
    stalled.socket.pause()
    stalled.send(request(`GET /api/room/${set.roomId}/messages`))
    const quick = new RawClient(port)
    quick.send(request(`GET /api/room/${small}/messages`))
    await until('an answer', () => quick.text.endsWith(END))
    const connections = () =>
      new Promise<number>((resolve) => set.app.server.getConnections((_, count) => resolve(count)))
    const begin = Date.now()
    await until('it is cut', async () => (await connections()) === 1, 25_000)
    expect(Date.now() - begin).toBeGreaterThan(9_000)
    quick.text = ''
    quick.send(request(`GET /api/room/${small}/messages`))
    await until('a second answer on that connection', () => quick.text.startsWith('HTTP/1.1 200'))
  },
)
