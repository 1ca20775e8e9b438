import { fileURLToPath } from 'node:url'
import { createContext, Script } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'
import { beforeAll, expect, test } from 'vitest'

const MOST_BYTES = 6_000
const ENTRY = fileURLToPath(new URL('../../../src/client/client.ts', import.meta.url))

/** All that a browser has and the client uses. */
const BROWSER = {
  AbortController,
  AbortSignal,
  TextEncoder,
  URL,
  URLSearchParams,
  crypto: { getRandomValues: (array: Uint32Array) => crypto.getRandomValues(array) },
  performance,
  // Nothing here waits.
  setTimeout: () => 0,
  clearTimeout: () => {},
  queueMicrotask,
}

let chunk: Rolldown.OutputChunk

beforeAll(async () => {
  const [{ output }] = (await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: ENTRY, formats: ['iife'], name: 'sharechat' },
    },
  })) as [Rolldown.RolldownOutput]
  chunk = output[0]
  expect(output).toHaveLength(1)
})

test('for a browser it is less than 6 kB, minified and gzipped, and needs nothing else', () => {
  const size = gzipSync(chunk.code, { level: 9 }).length
  console.log(`sharechat/client: ${size} bytes of ${MOST_BYTES}`)
  expect(size).toBeLessThan(MOST_BYTES)
  expect([...chunk.imports, ...chunk.dynamicImports]).toEqual([])
})

test('it runs where there is nothing of Node, nor crypto.subtle', async () => {
  const sockets: string[] = []
  const context = createContext({
    ...BROWSER,
    fetch: async () => Response.json({ roomId: 'a', roomName: 'b' }),
    WebSocket: class {
      readyState = 0
      constructor(url: string) {
        sockets.push(url)
      }
      close() {
        this.readyState = 3
      }
    },
  })
  const run = (code: string): unknown => new Script(code).runInContext(context)
  run(chunk.code)
  run('const client = sharechat.connect("https://chat.example/#x")')
  expect(sockets).toEqual(['wss://chat.example/api/connect'])
  expect(run('client.state')).toBe('connecting')
  expect(await run('client.createRoom()')).toEqual({ roomId: 'a', roomName: 'b' })
  void run('client.close()')
  expect(run('client.state')).toBe('offline')
  expect(run('new sharechat.ShareChatError("full", "x").code')).toBe('full')
})

test('without a WebSocket, or with no address, it says so', () => {
  const context = createContext(BROWSER)
  const run = (code: string): unknown => new Script(code).runInContext(context)
  run(chunk.code)
  expect(() => run('sharechat.connect("http://a")')).toThrow(/There is no WebSocket here/)
  expect(() => run('sharechat.connect("a", { WebSocket: class {} })')).toThrow(/Invalid URL/)
})
