import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Cli, linkOf, sharechat, urlOf } from './cli.ts'
import { eventually } from './deadline.ts'
import { call, createRoom, history, type Listening, roomState, withSecret } from './http.ts'
import { Member } from './member.ts'
import { startNodes } from './modes.ts'
import { noteSecrets } from './secrets.ts'
import { ServerNode } from './server-node.ts'

const chatsOf = async (node: Listening, roomId: string): Promise<readonly string[]> => {
  const { messages } = await history(node, roomId)
  return messages.filter(({ type }) => type === 'chat').map(({ message }) => message)
}

const MISSING = 'd4d211a2-d09f-4e19-8822-8aeddcb0fdd8'

describe('sharechat, talking', () => {
  let node: ServerNode
  beforeAll(async () => {
    const [started] = await ServerNode.start(1, { RATE_LIMIT: 'off' })
    node = started!
  })
  afterAll(() => node.stop())

  test('new prints a link and nothing else in a pipe, and whoever has it can join', async () => {
    const { code, stdout, stderr } = await sharechat(['new', urlOf(node)])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^${urlOf(node)}/#[0-9a-f-]{36}\n$`))
    const roomId = stdout.trim().split('#')[1]!
    expect(await roomState(node, roomId)).toMatchObject({ members: [] })
  })

  test('a code from new leads others to the room, and one that is wrong tells so', async () => {
    const made = await sharechat(['new', '--code', urlOf(node)])
    const [, roomId = '', code = ''] = /#([0-9a-f-]{36})\n(\d{6})\n$/.exec(made.stdout) ?? []
    const said = await sharechat(['say', '--url', urlOf(node), code], 'by code\n')
    expect(said).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await chatsOf(node, roomId)).toEqual(['by code'])
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0')
    expect(await sharechat(['join', '--url', urlOf(node), wrong])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'There is no such code, or it is used up or over.\n',
    })
  })

  test('new --owner keeps the token in a new file for this person alone; the room is as asked', async () => {
    const folder = await mkdtemp(`${tmpdir()}/sharechat-owner-`)
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = `${folder}/room.key`
    const asked = ['--name', 'Own Room', '--topic', 'Seats', '--capacity', '2', '--owner', file]
    const made = await sharechat(['new', urlOf(node), ...asked])
    expect(made).toEqual({ code: 0, stdout: expect.stringMatching(/#\S{36}\n$/), stderr: '' })
    const token = (await readFile(file, 'utf8')).trim()
    noteSecrets(token)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const path = `/api/room/${made.stdout.trim().split('#')[1]}`
    const info = await withSecret(node, 'PATCH', path, token, { locked: true })
    expect(JSON.parse(info.text)).toMatchObject({
      ...{ roomName: 'Own Room', topic: 'Seats', capacity: 2, locked: true },
    })
    const [again, refused, missing] = await Promise.all([
      sharechat(['new', urlOf(node), '--owner', file]),
      sharechat(['new', urlOf(node), '--capacity', '0', '--owner', `${folder}/other.key`]),
      sharechat(['join', linkOf(node, MISSING), '--owner', `${folder}/no.key`]),
    ])
    for (const { code, stdout } of [again, refused, missing])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(again.stderr).toMatch(/room\.key cannot be made: it is there already\.\n$/)
    expect(refused.stderr).toMatch(/^capacity is a whole number /)
    expect(missing.stderr).toMatch(/no\.key cannot be read: there is no such file or folder\.\n$/)
    expect(await readFile(file, 'utf8')).toBe(`${token}\n`)
  })

  test('search, export and rooms print lines that a terminal cannot obey, and nobody sees them', async () => {
    const body = JSON.stringify({ name: 'Café\u202e', topic: 'Seats', public: true })
    const made = await call(node, 'POST', '/api/room', { body })
    const { roomId } = JSON.parse(made.text) as { readonly roomId: string }
    const member = await Member.join(node, roomId)
    await member.exchange('an old séance \u009b2J')
    await member.exchange('other\nlines')
    const link = linkOf(node, roomId)
    const [found, none, whole, rooms] = await Promise.all([
      sharechat(['search', link, 'OLD', 'sean']),
      sharechat(['search', link, 'nothing', '--json']),
      sharechat(['export', link]),
      sharechat(['rooms', urlOf(node)]),
    ])
    for (const { code, stdout, stderr } of [found, none, whole, rooms]) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}/u)
    }
    const { name } = member
    expect(found.stdout).toMatch(
      new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d ${name}: an old séance \\n$`),
    )
    expect(none.stdout).toBe('')
    const { messages } = await history(node, roomId)
    const lines = whole.stdout.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(messages)
    expect(rooms.stdout).toContain(`${link}  1 member  Café: Seats\n`)
    expect((await roomState(node, roomId)).members).toHaveLength(1)
  })

  test('export: a reader that has had enough ends it, without a word', async () => {
    const roomId = await createRoom(node)
    const member = await Member.join(node, roomId)
    for (let at = 0; at < 60; at += 1) member.say('x'.repeat(16_000))
    await member.hasChats(60)
    const whole = new Cli(['export', linkOf(node, roomId)])
    await whole.prints(/\n/)
    whole.process.stdout?.destroy()
    expect(await whole.ended()).toMatchObject({ code: 0, stderr: '' })
  })

  test('say: each line is one message, in order, all stored when it exits with 0', async () => {
    const roomId = await createRoom(node)
    const lines = Array.from({ length: 300 }, (_, at) => `line ${at} ü 👩\u200d🚀`)
    const input = `\n${lines.join('\n')}\r\n\n last, without an end\u2028of its own`
    expect(await sharechat(['say', linkOf(node, roomId)], input)).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
    expect(await chatsOf(node, roomId)).toEqual([...lines, ' last, without an end\u2028of its own'])
    expect(await roomState(node, roomId)).toMatchObject({ members: [] })
  })

  test('say: what is refused is told with its line, the rest is sent, and the exit code is 1', async () => {
    const roomId = await createRoom(node)
    const input = `one\n${'x'.repeat(20_000)}\nnul\u0000\nfour\n`
    const { code, stderr } = await sharechat(['say', linkOf(node, roomId)], input)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^line 2: [A-Z].*\nline 3: [A-Z].*\n$/)
    expect(await chatsOf(node, roomId)).toEqual(['one', 'four'])
  })

  test('tail: what is there first if asked for, then what comes, each message one line', async () => {
    const roomId = await createRoom(node)
    const member = await Member.join(node, roomId)
    await member.exchange('before')
    const all = new Cli(['tail', '--all', linkOf(node, roomId)])
    await all.prints(/\n.*before\n.* joined the room\.\n/)
    const live = new Cli(['tail', linkOf(node, roomId)])
    await live.prints(/ joined the room\.\n/)
    await member.exchange('two\nlines \u001b[2J\u202e and colors \u001b[31m')
    const name = member.frames[0]!.message.memberName
    const said = `\\d\\d:\\d\\d ${name}: two ⏎ lines  and colors \n`
    await all.prints(new RegExp(said))
    await live.prints(new RegExp(said))
    expect(all.stdout).toMatch(
      new RegExp(`^\\d\\d:\\d\\d \\* ${name} joined the room\\.\n\\d\\d:\\d\\d ${name}: before\n`),
    )
    expect(live.stdout).not.toContain('before')
    for (const { process } of [all, live]) process.kill('SIGINT')
    expect(await all.ended()).toMatchObject({ code: 0, stderr: '' })
    expect(await live.ended()).toMatchObject({ code: 0, stderr: '' })
    await eventually(
      'a room with one member',
      () => roomState(node, roomId),
      ({ members }) => members.length === 1,
    )
  })

  test('tail --json: the fields of a message with its seq; nothing that a terminal obeys', async () => {
    const roomId = await createRoom(node)
    const member = await Member.join(node, roomId)
    const text = '\u001b]0;x\u0007 \u009b2J \u202e "quoted"\n'
    await member.exchange(`${text}.`)
    const tail = new Cli(['tail', '--json', '--after', '1', linkOf(node, roomId)])
    await tail.prints(/\n/)
    const [line = ''] = tail.stdout.split('\n')
    const { elements } = await history(node, roomId)
    expect(JSON.parse(line)).toEqual({ seq: 2, ...(JSON.parse(elements[1]!) as object) })
    expect(line).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u)
  })

  test('a reader that has had enough ends it, without a word', async () => {
    const roomId = await createRoom(node)
    const member = await Member.join(node, roomId)
    const tail = new Cli(['tail', '--all', linkOf(node, roomId)])
    await tail.prints(/\n/)
    tail.process.stdout?.destroy()
    await member.exchange('one more')
    expect(await tail.ended()).toMatchObject({ code: 0, stderr: '' })
  })

  test('join in a pipe prints what comes and sends what it reads, then leaves', async () => {
    const roomId = await createRoom(node)
    const other = await Member.join(node, roomId)
    const join = new Cli(['join', linkOf(node, roomId)])
    await join.prints(/ joined the room\.\n/)
    await other.exchange('hello')
    await join.prints(/: hello\n/)
    const { code, stdout, stderr } = await join.end('one\ntwo')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/: hello\n.*: one\n.*: two\n$/)
    expect(await chatsOf(node, roomId)).toEqual(['hello', 'one', 'two'])
  })

  test('a room by its id: the server is --url, or SHARECHAT_URL', async () => {
    const roomId = await createRoom(node)
    expect(await sharechat(['say', roomId, '--url', `${urlOf(node)}/`], 'one')).toMatchObject({
      code: 0,
    })
    const say = new Cli(['say', roomId], { SHARECHAT_URL: urlOf(node) })
    expect(await say.end('two')).toMatchObject({ code: 0 })
    expect(await chatsOf(node, roomId)).toEqual(['one', 'two'])
  })

  test.for(['say', 'tail', 'join'])('%s: a room that there is not: exit 1', async (command) => {
    expect(await sharechat([command, linkOf(node, MISSING)], 'x')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'There is no such room.\n',
    })
  })
})

describe('sharechat', () => {
  test('say waits where the rate of the server makes it', async () => {
    const { a } = await startNodes('embedded', { MESSAGE_RATE: '20/5' })
    const roomId = await createRoom(a)
    const lines = Array.from({ length: 20 }, (_, at) => `line ${at}`)
    expect(await sharechat(['say', linkOf(a, roomId)], lines.join('\n'))).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
    expect(await chatsOf(a, roomId)).toEqual(lines)
  })

  test('serve is node dist/main.js: settings, greeting, drain and exit code', async () => {
    const serve = new Cli(['serve'], { PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'silent' })
    const [, port] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(await serve.prints(/http:\S+\n/)) ?? []
    expect((await fetch(`http://127.0.0.1:${port}/api/livez`)).status).toBe(200)
    serve.process.kill('SIGTERM')
    expect(await serve.ended()).toMatchObject({ code: 0, stderr: '' })
    const wrong = await new Cli(['serve'], { PORT: 'eighty' }).ended()
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('PORT') })
  })

  test('doctor looks at what a server would need, and its exit code tells', async () => {
    const settings = { PORT: '0', HOST: '127.0.0.1' }
    const [well, ill] = await Promise.all([
      new Cli(['doctor'], settings).ended(),
      new Cli(['doctor'], { ...settings, DATA_DIR: '/dev/null/data' }).ended(),
    ])
    expect(well).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/No problems/),
      stderr: '',
    })
    expect(ill).toMatchObject({ code: 1, stdout: expect.stringMatching(/PROBLEM +DATA_DIR must/) })
  })

  test('--help of all and of each tells what there is, and exits with 0', async () => {
    const help = await sharechat(['--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    const talking = ['new', 'join', 'say', 'tail', 'search', 'export', 'rooms']
    const commands = [...talking, 'serve', 'doctor', 'stress']
    const helps = await Promise.all(commands.map((command) => sharechat([command, '--help'])))
    for (const [at, command] of commands.entries()) {
      expect(help.stdout).toMatch(new RegExp(`^ {2}sharechat ${command}\\b`, 'm'))
      const { code, stdout, stderr } = helps[at]!
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(new RegExp(`^ {2}sharechat ${command}\\b`, 'm'))
      expect(stdout).toMatch(/^Exit code: 0 /m)
    }
    expect((await sharechat(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test.for([[], ['talk'], ['tail', MISSING, '--al']])(
    'a command line that is wrong: a sentence, exit 2: %j',
    async (args) => {
      const { code, stdout, stderr } = await sharechat(args)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^[A-Z].*\. See sharechat (tail )?--help\.\n$/)
    },
  )

  test('no server: a sentence, exit 1', async () => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const url = `http://127.0.0.1:${(free.address() as AddressInfo).port}`
    free.close()
    expect(await sharechat(['new', url])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^[A-Z].*\.\n$/),
    })
  })
})
