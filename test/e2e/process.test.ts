import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from './deadline.ts'
import { type Answer, call, createRoom, history, roomState, upgrade } from './http.ts'
import { Member } from './member.ts'
import { clusterSettings, type Mode, startNodes } from './modes.ts'
import { KEYS, Pty } from './pty.ts'
import { CLOSE, handshake, RawSocket } from './raw-socket.ts'
import { type Exit, ServerNode, type Settings } from './server-node.ts'

/** Runs a process that is not meant to come up. */
const refusedStart = async (settings: Settings): Promise<{ exit: Exit; node: ServerNode }> => {
  const node = new ServerNode(settings)
  onTestFinished(() => {
    node.destroy()
  })
  return { exit: await node.exit(15_000), node }
}

describe.each<Mode>(['embedded', 'cluster'])('SIGTERM, %s', (mode) => {
  test('G9: members are closed with 1012, the process exits with 0', async () => {
    const { a } = await startNodes(mode)
    const rooms = await Promise.all([createRoom(a), createRoom(a)])
    const members = await Promise.all(
      rooms.flatMap((id) => [Member.join(a, id), Member.join(a, id)]),
    )
    a.kill('SIGTERM')
    for (const member of members) expect((await member.closed()).code).toBe(1012)
    expect(await a.exit(10_000)).toEqual({ code: 0, signal: null })
    await expect(call(a, 'GET', '/api/livez')).rejects.toThrow('ECONNREFUSED')
  })

  test('G9: SIGINT is the same', async () => {
    const { a } = await startNodes(mode)
    const member = await Member.join(a, await createRoom(a))
    a.kill('SIGINT')
    expect((await member.closed()).code).toBe(1012)
    expect(await a.exit(10_000)).toEqual({ code: 0, signal: null })
  })

  test('G9: one who does not answer the close frame cannot hold the process', async () => {
    const { a } = await startNodes(mode, { DRAIN_MS: '4000' })
    const socket = await RawSocket.upgraded(a, `/api/serve/${await createRoom(a)}`)
    a.kill('SIGTERM')
    expect(await socket.closeCode()).toBe(1012)
    expect(await a.exit(5000)).toEqual({ code: 0, signal: null })
  })

  test('G9: one whose upgrade was refused, and who keeps TCP open, cannot hold the process', async () => {
    const { a } = await startNodes(mode, { DRAIN_MS: '4000' })
    const paths = ['/api/serve/%zz', '/api/serve/x', '/api/room', `/api/serve/${randomUUID()}`]
    for (const path of paths) {
      const socket = connect({ host: '127.0.0.1', port: a.port, allowHalfOpen: true })
      socket.on('error', () => {})
      onTestFinished(() => {
        socket.destroy()
      })
      socket.write(handshake(path))
      const [answer] = (await once(socket, 'data')) as [Buffer]
      expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 40[04] /)
    }
    a.kill('SIGTERM')
    expect(await a.exit(3000)).toEqual({ code: 0, signal: null })
  })

  test('G9: a draining node takes no joins and says so', async () => {
    const { a } = await startNodes(mode)
    const roomId = await createRoom(a)
    const holding = await RawSocket.upgraded(a, `/api/serve/${roomId}`)
    a.kill('SIGTERM')
    await holding.frameOf(CLOSE)
    const told = ({ status, headers }: Answer): string =>
      `${status}, Retry-After ${headers['retry-after'] ?? 'missing'}`
    const refused = (): string => 'no connection'
    const join = await upgrade(a, `/api/serve/${roomId}`).then(told, refused)
    expect(join).toMatch(/^(503, Retry-After \d+|no connection)$/)
    const readiness = await call(a, 'GET', '/api/readyz').then(told, refused)
    expect(readiness).toMatch(/^(503, |no connection)/)
    holding.end()
    expect(await a.exit(10_000)).toEqual({ code: 0, signal: null })
  })

  test('a second SIGTERM, if it comes in time, ends the process at once', async () => {
    const { a } = await startNodes(mode, { DRAIN_MS: '60000' })
    const holding = await RawSocket.upgraded(a, `/api/serve/${await createRoom(a)}`)
    a.kill('SIGTERM')
    await holding.frameOf(CLOSE)
    a.kill('SIGTERM')
    const { code, signal } = await a.exit()
    expect(signal).toBe(null)
    expect([0, 1]).toContain(code)
  })
})

describe('SIGTERM, seen from another node', () => {
  test('G9: no acknowledged message is lost and everyone gets a left, live and stored', async () => {
    const { a, b } = await startNodes('cluster')
    const roomId = await createRoom(a)
    const watching = await Member.join(b, roomId)
    const leaving = await Member.joinInTurn([a], roomId, 3)
    for (let at = 0; at < 300; at += 1) {
      for (const member of leaving) member.say(`going on talking ${at}`)
    }
    await leaving[0]!.hasChats(100)
    let talking = true
    onTestFinished(() => {
      talking = false
    })
    const goOn = async (): Promise<void> => {
      for (let at = 0; talking; at += 1) {
        leaving[2]!.say(`and on and on ${at}`)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const gone = goOn()
    a.kill('SIGTERM')
    for (const member of leaving) expect((await member.closed()).code).toBe(1012)
    talking = false
    await gone
    expect(await a.exit(10_000)).toEqual({ code: 0, signal: null })

    const left = new Set<string>()
    while (left.size < leaving.length) {
      left.add((await watching.until('a left', ({ type }) => type === 'left')).message.memberId)
    }
    expect(left).toEqual(new Set(leaving.map(({ id }) => id)))
    const { elements, messages } = await history(b, roomId)
    const stored = new Set(elements.map((element) => `${element}\n`))
    const shown = leaving.flatMap(({ frames }) =>
      frames.filter(({ message }) => message.type !== 'failed').map(({ text }) => text),
    )
    expect(shown.filter((text) => !stored.has(text))).toEqual([])
    expect(messages.filter(({ type }) => type === 'left').length).toBe(leaving.length)
    expect((await roomState(b, roomId)).members.map(({ id }) => id)).toEqual([watching.id])
  })
})

describe('the log', () => {
  test('is lines for a person where stderr is a terminal, and JSON elsewhere', async () => {
    const { a } = await startNodes('embedded')
    expect(a.stderr).toMatch(
      /^\{"level":"info","time":"\S+Z","port":\d+,"mode":"embedded","msg":"listening"\}$/m,
    )
    const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
    const program = `process.env.HOST = '127.0.0.1'; process.env.PORT = '0'; import('${main}')`
    const pty = new Pty(['-e', program], { columns: 100, rows: 30 })
    await eventually(
      'a line for a person',
      async () => pty.output,
      (output) =>
        /^\d\d:\d\d:\d\d\.\d{3} INFO {2}listening port=\d+ mode=embedded\r$/m.test(output),
    )
    expect(pty.output).not.toContain('"level"')
    pty.type(KEYS.ctrlC)
    expect(await pty.exited).toBe(0)
  })
})

describe('settings', () => {
  test('5: all problems at once, exit 2, and no value is repeated', async () => {
    const { exit, node } = await refusedStart({
      DATABASE_URL: 'postgres://someone:hushhush@database.example/rooms',
      PORT: 'eighty',
      MAX_MESSAGE_BYTES: '21846',
      LEASE_MS: '-1',
      LOG_LEVEL: 'shouting',
    })
    expect(exit).toEqual({ code: 2, signal: null })
    for (const name of ['REDIS_URL', 'PORT', 'MAX_MESSAGE_BYTES', 'LEASE_MS', 'LOG_LEVEL']) {
      expect(node.stderr).toMatch(new RegExp(`\\b${name}\\b`))
    }
    expect(node.output).not.toMatch(/hushhush|^\s+at /m)
  })

  test('5: exactly one of DATABASE_URL and REDIS_URL is a start-up error', async () => {
    const { DATABASE_URL, REDIS_URL } = await clusterSettings()
    const [onlyDatabase, onlyRedis] = await Promise.all([
      refusedStart({ DATABASE_URL: DATABASE_URL! }),
      refusedStart({ REDIS_URL: REDIS_URL! }),
    ])
    expect([onlyDatabase.exit.code, onlyRedis.exit.code]).toEqual([2, 2])
    expect(onlyDatabase.node.stderr).toContain('REDIS_URL')
    expect(onlyRedis.node.stderr).toContain('DATABASE_URL')
  })

  test('5: a bad setting is named, exit 2', async () => {
    const cases: readonly (readonly [string, Settings])[] = [
      ['PORT', { PORT: '65536' }],
      ['PORT', { PORT: '80.5' }],
      ['MAX_MESSAGE_BYTES', { MAX_MESSAGE_BYTES: '0' }],
      ['MAX_ROOM_MEMBERS', { MAX_ROOM_MEMBERS: 'many' }],
      ['DRAIN_MS', { DRAIN_MS: '-5' }],
      ['PING_MS', { PING_MS: '1s' }],
      ['ALLOWED_ORIGINS', { ALLOWED_ORIGINS: 'chat.example' }],
      ['DATABASE_URL', { DATABASE_URL: 'nowhere', REDIS_URL: 'redis://cache.example' }],
      ['REDIS_URL', { DATABASE_URL: 'postgres://database.example/x', REDIS_URL: 'nowhere' }],
    ]
    const found = await Promise.all(
      cases.map(async ([name, settings]) => {
        const { exit, node } = await refusedStart(settings)
        return { settings, code: exit.code, named: node.stderr.includes(name) }
      }),
    )
    expect(found).toEqual(cases.map(([, settings]) => ({ settings, code: 2, named: true })))
  })

  test('5: the largest MAX_MESSAGE_BYTES is allowed and holds', async () => {
    const { a } = await startNodes('embedded', { MAX_MESSAGE_BYTES: '21845' })
    const member = await Member.join(a, await createRoom(a))
    await member.exchange('\u20ac'.repeat(7281))
    member.say('x'.repeat(21_846))
    expect((await member.next()).message.type).toBe('failed')
  })

  test('a port in use: exit 1 and a sentence, no stack', async () => {
    const taken = createServer()
    onTestFinished(() => {
      taken.close()
    })
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => {
        const address = taken.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    const settings = [{ PORT: String(port) }, { METRICS_PORT: String(port) }]
    for (const refused of await Promise.all(settings.map(refusedStart))) {
      const { exit, node } = refused
      const [name] = Object.keys(node.settings)
      expect(exit).toEqual({ code: 1, signal: null })
      expect(node.stderr).toContain(`port ${port} is in use; set ${name} to another one.`)
      expect(node.stderr).not.toMatch(/^\s+at /m)
    }
  })
})
