import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Random } from '../random.ts'
import { CLI, linkOf, urlOf } from './cli.ts'
import { eventually } from './deadline.ts'
import { createRoom, type Listening, roomState } from './http.ts'
import { Member } from './member.ts'
import { startNodes } from './modes.ts'
import { KEYS, Pty, type PtyOptions } from './pty.ts'
import { ServerNode } from './server-node.ts'
import { WildProxy } from './wild-proxy.ts'

const WIDE: PtyOptions = { columns: 80, rows: 20 }
const SMALL: PtyOptions = { columns: 40, rows: 12 }
const GIVEN_BACK = { buffer: 'normal', paste: false, wraps: true }

const open = (link: string, size: PtyOptions = SMALL): Pty => new Pty([CLI, 'join', link], size)

/** The name that the title of the terminal's own `joined` tells. */
const nameIn = async (node: Listening, roomId: string, at: number): Promise<string> =>
  (await roomState(node, roomId)).members[at]?.name ?? ''

// The pseudo-terminal comes from util-linux.
describe.runIf(process.platform === 'linux')('terminal', () => {
  let a: ServerNode
  beforeAll(async () => {
    a = (await ServerNode.start(1, { RATE_LIMIT: 'off' }))[0]!
  })
  afterAll(() => a.stop())

  test('two terminals talk; new, join, members, leave and quit do what they say', async () => {
    const one = new Pty([CLI, 'new', urlOf(a)], WIDE)
    await one.shows(/Members 1\b[^]*\s+joined\s+the\s+room\./)
    const [link = ''] = /http:\S+#[\da-f-]{36}/.exec(one.output) ?? []
    const [, roomId = ''] = link.split('#')
    const two = open(link)
    await two.shows(/ · 2\b.* live\n[^]*\s+joined\s+the\s+room\.\n[^]*\s+joined\s+the\s+room\./)
    one.type('hello 👩\u200d🚀 שלום')
    await two.shows(/ is typing…/)
    one.type(KEYS.enter)
    await two.shows(/:\s+hello 👩\u200d🚀 שלום/)
    two.type('\u001b[200~pasted\rlines\u001b[201~')
    await two.shows(/> pasted⏎lines$/)
    two.type(KEYS.enter)
    await one.shows(/:\s+pasted\n.* lines\n/)

    one.type('/new\r')
    await one.shows(/A new room\nWho has this link/)
    const [second = ''] = /http:\S+#[\da-f-]{36}/.exec(one.text()) ?? []
    two.type('psst\r')
    await two.shows(/:\s+psst/)
    one.type(KEYS.escape)
    await one.shows(/^Rooms[^]* 1 [^]*joined the room\./)
    two.type(`/join ${second}\r`)
    await two.shows(/ · 2 .*live/)
    one.type('/members\r')
    await one.shows(/^Members: 2\n[^]* \(you\)/m)
    one.type(KEYS.tab)
    await one.shows(/:\s+psst/)
    two.type('/leave\r')
    await two.shows(/:\s+psst/)
    await eventually(
      'one member in the second room',
      () => roomState(a, second.split('#')[1]!),
      ({ members }) => members.length === 1,
    )
    one.type('/quit\r')
    expect(await one.exit()).toBe(0)
    expect(one.modes).toEqual(GIVEN_BACK)
    expect(one.output.endsWith(`${second}\r\n`)).toBe(true)
    await two.shows(/\s+left\s+the\s+room\./)
    two.type(KEYS.ctrlC)
    expect(await two.exit()).toBe(0)
    expect(two.modes).toEqual(GIVEN_BACK)
    expect(two.output.lastIndexOf('\u001b[?25h')).toBeGreaterThan(
      two.output.lastIndexOf('\u001b[?25l'),
    )
    expect(await roomState(a, roomId)).toMatchObject({ members: [] })
  })

  test('what was said is changed where it stands, by its author and by the owner, and by nobody else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sharechat-owner-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'room.key')
    const one = new Pty([CLI, 'new', '--owner', file, urlOf(a)], SMALL)
    await one.shows(/ · 1\b.* live\n[^]*\s+joined\s+the\s+room\./)
    const [link = '', roomId = ''] = /http:\S+#([\da-f-]{36})/.exec(one.output) ?? []
    const two = open(link)
    await two.shows(/ · 2\b.* live\n[^]*\s+joined\s+the\s+room\.\n[^]*\s+joined\s+the\s+room\./)
    const name = await nameIn(a, roomId, 1)
    one.type('helo\r')
    await two.shows(/:\s+helo\n/)
    one.type('/edit\r')
    await one.shows(/> \/edit helo$/)
    one.type(`${KEYS.backspace}lo\r`)
    for (const each of [one, two]) await each.shows(/:\s+hello \(edited\)\n/)
    two.type('spam\rsorry\r')
    await one.shows(/:\s+spam\n[^]*:\s+sorry\n/)
    two.type('/delete\r')
    await one.shows(/:\s+spam\n[^]*:\s+\(deleted\)\n/)
    two.type('/lock\r')
    await two.shows(/\nOnly the owner can do that/)
    one.type(`/delete ${name}\r`)
    await two.shows(/:\s+\(deleted\)\n[^]*:\s+\(deleted\)\n/)
    one.type('/name Own Room\r/slow 2\r')
    await two.shows(/^ Own Room · 2 members/)
    one.type('/search hel\r')
    await one.shows(/^Found: 1 · hel\n[^]*:\s+hello\n/m)
    one.type(`/remove ${name}\r`)
    await two.shows(/ over\n[^]*\nThe owner has removed you/)
    one.type('/end now\r')
    await one.shows(/ over\n[^]*\nThis room has ended/)
    one.type('/quit\r')
    expect(await one.exit()).toBe(0)
    expect(one.output).not.toContain((await readFile(file, 'utf8')).trim())
  })

  test('a node is killed: it says so, comes back on another node and has missed nothing', async () => {
    const { a: first, b } = await startNodes('cluster')
    let up = [first.port]
    const proxy = await WildProxy.to(() => up, new Random(1))
    onTestFinished(() => proxy.close())
    const roomId = await createRoom(b)
    const near = open(linkOf(b, roomId))
    await near.shows(/\s+joined\s+the\s+room\./)
    const far = open(linkOf(proxy, roomId))
    await far.shows(/\s+joined\s+the\s+room\.\n[^]*\s+joined\s+the\s+room\./)
    const name = await nameIn(b, roomId, 1)
    up = []
    first.destroy()
    await far.shows(/ (offline|connecting)\n/)
    far.type('said in the dark\r')
    near.type('one\rtwo\r')
    await near.shows(/:\s+one\n[^]*:\s+two\n/)
    await far.shows(/… said in the dark/)
    up = [b.port]
    await far.shows(/ live\n[^]*:\s+one\n[^]*:\s+two\n[^]*:\s+said in the dark\n/, 20_000)
    await near.shows(/:\s+two\n[^]*:\s+said in the dark\n/)
    // The same member all the time.
    for (const { output } of [near, far]) expect(output).not.toContain(' left the room.')
    expect((await roomState(b, roomId)).members.map((member) => member.name)).toContain(name)
  })

  test('what others send cannot do anything to the terminal', async () => {
    const roomId = await createRoom(a)
    const terminal = open(linkOf(a, roomId))
    await terminal.shows(/\s+joined\s+the\s+room\./)
    const other = await Member.join(a, roomId)
    const from = terminal.output.length
    await other.exchange(
      '\u001b]0;owned\u0007\u001b[2J\u001b[?1049l\u001b[?25l a\rb\u202e \u009b31mc\u0007',
    )
    await terminal.shows(/ a\n {2}b c\n/)
    const came = terminal.output.slice(from)
    for (const sent of ['\u001b]', '\u001b[2J', '1049l', '\u202e', '\u009b', '\u0007']) {
      expect(came).not.toContain(sent)
    }
    expect(terminal.modes.buffer).toBe('alternate')
    await other.exchange(`${'e\u0301'.repeat(50)} ${'日本'.repeat(30)} 🇩🇪👨\u200d👩\u200d👧 end`)
    await terminal.shows(/ end\n/)
    for (const line of terminal.screen()) expect(line.length).toBeLessThanOrEqual(120)
  })

  test('it follows the size of its window, down to 10 × 3 and back', async () => {
    const roomId = await createRoom(a)
    const terminal = open(linkOf(a, roomId), { columns: 100, rows: 30 })
    // It is in the room before the other one: the lines below come in this order.
    await terminal.shows(/ joined the room\.\n/)
    const other = await Member.join(a, roomId)
    await other.exchange(`${'word '.repeat(20)}end`)
    await terminal.shows(/ end\n/)
    await terminal.resize(40, 12)
    await terminal.shows(/^ \S.{0,33}live\n[^]*\n {2}(word )*end\n.*\n>$/)
    terminal.type('abc')
    await terminal.shows(/\n> abc$/)
    expect(terminal.cursor).toEqual({ column: 5, row: 11 })
    await terminal.resize(10, 3)
    await terminal.shows(/ end\n> abc$/)
    // Nobody is there to wake it up, so it comes back by itself.
    terminal.type(KEYS.ctrlZ)
    await eventually(
      'the terminal given back and taken again',
      () => Promise.resolve(terminal.output.split('\u001b[?1049h').length),
      (times) => times === 3,
    )
    await terminal.resize(1, 1)
    await terminal.resize(72, 9)
    await terminal.shows(/^Rooms[^]*\n> abc$/)
    terminal.type(`${KEYS.backspace}é${KEYS.enter}`)
    await terminal.shows(/:\s+abé\n/)
  })

  test('scroll-back goes to the first message of a long room, a page at a time', async () => {
    const roomId = await createRoom(a)
    const other = await Member.join(a, roomId)
    for (let at = 1; at <= 640; at++) other.say(`text ${at}`)
    await eventually(
      'all texts',
      () => Promise.resolve(other.frames.length),
      (count) => count > 640,
    )
    const terminal = open(linkOf(a, roomId), { columns: 40, rows: 30 })
    await terminal.shows(/:\s+text 640\n/)
    const isAtTop = async (): Promise<boolean> => {
      terminal.type(KEYS.pageUp)
      return /\n\S[^]*\s+joined\s+the\s+room\.\n[^]*:\s+text 1\n/.test(terminal.text())
    }
    await eventually('the first message', isAtTop, (is) => is)
    other.say('the newest')
    await terminal.shows(/1 new below/)
    terminal.type(KEYS.escape)
    await terminal.shows(/:\s+text 640\n[^]*:\s+the newest\n/)
  })

  test('a room that there is not: the terminal is given back, a sentence, exit 1', async () => {
    const terminal = open(linkOf(a, 'd4d211a2-d09f-4e19-8822-8aeddcb0fdd8'))
    expect(await terminal.exit()).toBe(1)
    expect(terminal.modes).toEqual(GIVEN_BACK)
    expect(terminal.output).toMatch(/1049lThere is no such room\.\r\n$/)
  })
})
