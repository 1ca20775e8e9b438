import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { connect, type Client, type Message, type Room } from '../../src/client/client.ts'
import { Random } from '../random.ts'
import { eventually } from './deadline.ts'
import { createRoom, history, type Listening, roomState } from './http.ts'
import { Member } from './member.ts'
import { inBothModes, startNodes } from './modes.ts'
import { noteSecrets } from './secrets.ts'
import { WildProxy } from './wild-proxy.ts'

const TOP = fileURLToPath(new URL('../..', import.meta.url))
const SHORT = { LEASE_MS: '2000', RESUME_MS: '2000', RATE_LIMIT: 'off' }

const open = ({ port }: Listening): Client => {
  const client = connect(`http://127.0.0.1:${port}`, { WebSocket })
  onTestFinished(() => client.close())
  return client
}

/** In a room, with a list that grows of what it hears. */
const listen = async (client: Client, roomId: string, wish = {}) => {
  const room = await client.join(roomId, wish)
  noteSecrets(room.resume, room.you.id, room.you.name)
  const heard: Message[] = []
  room.on('message', (message) => heard.push(message))
  return { room, heard }
}

const until = (what: string, room: Room, right: () => boolean): Promise<unknown> =>
  eventually(
    what,
    async () => ({ right: right(), state: room.state, seq: room.seq }),
    (now) => now.right,
  )

inBothModes('the client', (nodes) => {
  test('talks with others on any node; history, members and typing are those of the room', async () => {
    const [a, b] = [open(nodes.a), open(nodes.b)]
    const { roomId, roomName } = await a.createRoom()
    const first = await listen(a, roomId, { after: 0 })
    const second = await listen(b, roomId, { after: 0 })
    expect([first.room.name, second.room.name]).toEqual([roomName, roomName])
    const typing: string[] = []
    first.room.on('typing', ({ name }) => typing.push(name))
    second.room.typing()
    const stored = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        (at % 2 === 0 ? first : second).room.send(`text number ${at}`),
      ),
    )
    await until('all of it', first.room, () => first.room.seq === 42 && second.room.seq === 42)
    expect(first.heard).toEqual(second.heard)
    expect(first.heard.map(({ seq }) => seq)).toEqual(Array.from({ length: 42 }, (_, at) => at + 1))
    for (const [at, { id, seq }] of stored.entries()) {
      expect(first.heard[seq - 1]).toMatchObject({ id, message: `text number ${at}` })
    }
    expect(await first.room.history({ before: 12, limit: 5 })).toEqual(first.heard.slice(6, 11))
    expect(await second.room.history({ after: 40 })).toEqual(first.heard.slice(40))
    await expect(first.room.history({ before: 1, after: 1 })).rejects.toMatchObject({
      code: 'invalid',
    })
    await until('typing', first.room, () => typing.length > 0)
    expect(typing).toEqual([second.room.you.name])
    expect(first.room.members).toHaveLength(2)
    await second.room.leave()
    await until('the left', first.room, () => first.room.memberCount === 1)
    expect(first.room.members).toEqual([first.room.you])
  })

  test('several rooms on one connection, one after the other and at once', async () => {
    const client = open(nodes.a)
    const ids = await Promise.all(Array.from({ length: 8 }, () => createRoom(nodes.b)))
    const rooms = await Promise.all(ids.map((id) => client.join(id)))
    await Promise.all(rooms.map((room, at) => room.send(`to room number ${at}`)))
    await client.close()
    for (const [at, id] of ids.entries()) {
      const { messages } = await eventually(
        'a left',
        () => history(nodes.b, id),
        (all) => all.messages.length === 3,
      )
      expect(messages.map(({ type, message }) => (type === 'chat' ? message : type))).toEqual([
        'joined',
        `to room number ${at}`,
        'left',
      ])
    }
  })

  test('a room that does not exist, and an empty text', async () => {
    const client = open(nodes.a)
    const nowhere = client.join('00000000-0000-4000-8000-000000000000')
    await expect(nowhere).rejects.toMatchObject({ name: 'ShareChatError', code: 'not_found' })
    const room = await client.join(await createRoom(nodes.a))
    await expect(room.send('')).rejects.toMatchObject({ code: 'invalid' })
  })

  test('two with one resume do not fight: the newer one stays, the older one ends as replaced', async () => {
    const roomId = await createRoom(nodes.a)
    const { room: old } = await listen(open(nodes.a), roomId)
    const read = async () => {
      for await (const { seq } of old) expect(seq).toBeGreaterThan(0)
    }
    const ended = read().catch((error: unknown) => error)
    const { room: young } = await listen(open(nodes.b), roomId, {
      after: old.seq,
      resume: old.resume,
    })
    expect(young.you).toEqual(old.you)
    expect(await ended).toMatchObject({ code: 'replaced' })
    await young.send('it is me still')
    expect((await roomState(nodes.a, roomId)).members).toEqual([young.you])
  })
})

describe('the client under faults', () => {
  test.each(['SIGKILL', 'SIGTERM'] as const)(
    '%s of its node: it is the same member on the other one, and nothing is lost or there twice',
    async (signal) => {
      // `goaway` may say five seconds.
      const { a, b } = await startNodes('cluster', { ...SHORT, RESUME_MS: '8000' })
      let target: Listening = a
      const proxy = await WildProxy.to(() => [target.port], new Random(1))
      onTestFinished(() => proxy.close())
      const client = open(proxy)
      const roomId = await createRoom(b)
      const watching = await Member.join(b, roomId)
      const { room, heard } = await listen(client, roomId)
      const { you } = room
      const states: string[] = []
      room.on('state', (state) => states.push(state))
      const sent = Array.from({ length: 30 }, (_, at) => room.send(`before and after ${at}`))
      await sent[0]
      target = b
      a.kill(signal)
      await watching.exchange('said meanwhile')
      sent.push(room.send('said without a node'))
      const stored = await Promise.all(sent)
      await watching.exchange('the end of it')
      await until('all of it', room, () => heard.at(-1)?.message === 'the end of it')
      expect(room.you).toEqual(you)
      expect(new Set(stored.map(({ seq }) => seq)).size).toBe(31)
      const { messages } = await history(b, roomId)
      expect(heard).toEqual(messages.slice(1).map((message, at) => ({ seq: at + 2, ...message })))
      expect(messages.filter(({ type }) => type !== 'chat')).toHaveLength(2)
      expect(states.at(-1)).toBe('live')
    },
  )

  test('who leaves without a connection does not come back, and has left when RESUME_MS is over', async () => {
    const { a } = await startNodes('embedded', SHORT)
    const proxy = await WildProxy.to(() => [a.port], new Random(1))
    onTestFinished(() => proxy.close())
    const client = open(proxy)
    const roomId = await createRoom(a)
    const watching = await Member.join(a, roomId)
    const { room } = await listen(client, roomId)
    const { room: other } = await listen(client, await createRoom(a))
    proxy.isShut = true
    proxy.cutAll()
    await until('the loss', room, () => room.state !== 'live')
    await room.leave()
    proxy.isShut = false
    await until('the return', other, () => other.state === 'live')
    await watching.untilLeft(room.you.id)
    expect(room.state).toBe('over')
  })
})

test('after close nothing keeps a process alive; without it the connection does', async () => {
  const { a } = await startNodes('embedded')
  const script = (end: string) => `
    import { WebSocket } from 'ws'
    import { connect } from '${new URL('../../dist/client/client.js', import.meta.url).href}'
    const client = connect('http://127.0.0.1:${a.port}', { WebSocket })
    const { roomId } = await client.createRoom()
    const room = await client.join(roomId, { after: 0 })
    for await (const { message } of room) if (message === 'hello') break; else await room.send('hello')
    ${end}
    console.log('said')`
  const run = (end: string, timeout: number) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script(end)], {
      cwd: TOP,
      timeout,
    }).then(
      ({ stdout }) => stdout,
      ({ signal, stdout }: { signal: string; stdout: string }) => `${stdout}${signal}`,
    )
  expect(await run('void client.close()', 8_000)).toBe('said\n')
  expect(await run('', 1_500)).toBe('said\nSIGTERM')
})

test('whoever installs the package gets its types, strictly, with and without Node and DOM', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sharechat-types-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'node_modules'))
  await symlink(TOP, join(folder, 'node_modules/sharechat'), 'junction')
  await writeFile(
    join(folder, 'bot.ts'),
    `import { connect, type Client, type Message, ShareChatError } from 'sharechat/client'
    export const run = async (WebSocket: never, client: Client): Promise<Message | undefined> => {
      const other = connect('http://localhost:8080', { WebSocket })
      const room = await other.join('x', { after: 0 })
      room.on('message', ({ seq, type }) => [seq.toFixed(), type === 'chat'])
      // @ts-expect-error There is no such state.
      if (client.state === 'sleeping') throw new ShareChatError('full', 'x')
      for await (const message of room) return message
      return undefined
    }`,
  )
  const tsc = (...options: readonly string[]) =>
    promisify(execFile)(
      process.execPath,
      [
        join(TOP, 'node_modules/typescript/bin/tsc'),
        ...['--noEmit', '--strict', '--module', 'nodenext', '--exactOptionalPropertyTypes'],
        ...options,
        join(folder, 'bot.ts'),
      ],
      { cwd: folder, timeout: 30_000 },
    ).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    )
  expect(await tsc('--types', '', '--lib', 'es2022,dom')).toBe('')
  expect(
    await tsc(
      '--types',
      'node',
      '--typeRoots',
      join(TOP, 'node_modules/@types'),
      '--lib',
      'es2022',
    ),
  ).toBe('')
})
