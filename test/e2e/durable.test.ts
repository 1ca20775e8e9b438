import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { call, createRoom, history, roomState } from './http.ts'
import { eventually } from './deadline.ts'
import { expectWholeTailOf, Member } from './member.ts'
import { areGone, descendantsOf, running, type Running } from './processes.ts'
import { ServerNode, type Settings } from './server-node.ts'

let top = ''
/** A folder that a server has used and left. */
const used = (): string => join(top, 'used')
let folders = 0

beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "sharechat durable, 'it' "))
  const [node] = await ServerNode.start(1, { DATA_DIR: used() })
  await node!.stop()
})

afterAll(() => rm(top, { recursive: true, force: true, maxRetries: 10 }))

/** A folder of the test's own, as a server left it. */
const ownFolder = async (): Promise<string> => {
  folders += 1
  const folder = join(top, `${folders}`)
  await cp(used(), folder, { recursive: true })
  return folder
}

const start = async (folder: string, settings: Settings = {}): Promise<ServerNode> => {
  const [node] = await ServerNode.start(1, { LEASE_MS: '1000', ...settings, DATA_DIR: folder })
  onTestFinished(async () => {
    const family = node!.running ? await descendantsOf(node!.pid) : []
    node!.destroy()
    await areGone(family)
  })
  return node!
}

/** Runs a server that is not meant to come up. */
const refusedStart = async (folder: string): Promise<string> => {
  const node = new ServerNode({ DATA_DIR: folder })
  onTestFinished(() => {
    node.destroy()
  })
  expect(await node.exit(15_000)).toEqual({ code: 1, signal: null })
  expect(node.stderr).not.toMatch(/^\s+at /m)
  return node.stderr
}

const isPostgres = ({ command }: Running): boolean => / -D /.test(command) && !isGuard({ command })
const isGuard = ({ command }: Pick<Running, 'command'>): boolean => command.startsWith('/bin/sh -c')
const killAll = (processes: readonly Running[]): void => {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // One that ended with another.
    }
  }
}

describe('one node that keeps its rooms', () => {
  test('G1, G6: after kill -9 what was acknowledged is there, its members leave, no process stays', async () => {
    const folder = await ownFolder()
    const before = await start(folder)
    const roomId = await createRoom(before)
    const [one, two] = await Member.joinInTurn([before], roomId, 2)
    for (let at = 0; at < 50; at += 1) one!.say(`number ${at} of those that count`)
    await two!.hasChats(50)
    const family = await descendantsOf(before.pid)
    expect(family.filter(isPostgres).length).toBe(1)
    before.kill('SIGKILL')
    await areGone(family, 5_000)

    const after = await start(folder)
    const { elements } = await history(after, roomId)
    for (const { text } of two!.frames) expect(elements).toContain(text.trimEnd())
    const next = await Member.join(after, roomId)
    const left = new Set<string>()
    while (left.size < 2) {
      left.add((await next.until('a left', ({ type }) => type === 'left')).message.memberId)
    }
    expect(left).toEqual(new Set([one!.id, two!.id]))
    expect((await roomState(after, roomId)).members.map(({ id }) => id)).toEqual([next.id])
    expect((await readdir(join(folder, 'run'))).filter((name) => /^lock/.test(name)).length).toBe(1)
    await after.stop()
  })

  test('G9: SIGTERM ends Postgres too, in order; the rooms are there at the next start', async () => {
    const folder = await ownFolder()
    const before = await start(folder)
    const roomId = await createRoom(before)
    const member = await Member.join(before, roomId)
    await member.exchange('written down for good')
    const family = await descendantsOf(before.pid)
    await before.stop()
    expect((await member.closed()).code).toBe(1012)
    const now = await running()
    expect(family.filter(({ pid }) => now.some((each) => each.pid === pid))).toEqual([])
    expect(await readdir(join(folder, 'run'))).toEqual([])
    const log = await readFile(join(folder, 'postgres.log'), 'utf8')
    expect(log.trimEnd()).toMatch(/database system is shut down$/)

    const after = await start(folder)
    const { messages, elements } = await history(after, roomId)
    expect(messages.map(({ type }) => type)).toEqual(['joined', 'chat', 'left'])
    expectWholeTailOf(elements.slice(0, 2), member)
    const indiscreet = (await readFile(join(folder, 'postgres.log'), 'utf8')).split(roomId).length
    expect(indiscreet).toBe(1)
    await after.stop()
  })

  test('SIGTERM while the files are made: exit 0, no process stays, the next start makes them', async () => {
    const folder = join(top, 'new')
    const node = new ServerNode({ DATA_DIR: folder })
    const family = await eventually(
      'the start of initdb',
      () => descendantsOf(node.pid),
      (found) => found.some(({ command }) => /initdb/.test(command)),
    )
    node.kill('SIGTERM')
    expect(await node.exit()).toEqual({ code: 0, signal: null })
    expect(node.stderr).not.toContain('Cannot start')
    await areGone(family)
    const after = await start(folder)
    expect((await readdir(folder)).toSorted()).toEqual(['postgres', 'postgres.log', 'run'])
    await after.stop()
  })

  test('G7: Postgres is killed: it is started again, nobody is disconnected, nothing is lost', async () => {
    const folder = await ownFolder()
    const node = await start(folder)
    const roomId = await createRoom(node)
    const member = await Member.join(node, roomId)
    await member.exchange('before the accident')
    killAll((await descendantsOf(node.pid)).filter(isPostgres))
    await member.exchange('while nobody is at home')
    const health = async (): Promise<number> => (await call(node, 'GET', '/api/healthz')).status
    await eventually('health', health, (status) => status === 200)
    await member.exchange('and afterwards')
    expectWholeTailOf((await history(node, roomId)).elements, member)
    await node.stop()
  })

  test('all processes are killed, and their pid is somebody else’s: the next start recovers', async () => {
    const folder = await ownFolder()
    const before = await start(folder)
    const roomId = await createRoom(before)
    const member = await Member.join(before, roomId)
    await member.exchange('kept through the worst')
    const family = await descendantsOf(before.pid)
    // A server that stands still cannot start another one in between.
    before.kill('SIGSTOP')
    killAll(family)
    before.kill('SIGKILL')
    await before.exited
    await areGone(family)
    const file = join(folder, 'postgres/postmaster.pid')
    const [, ...rest] = (await readFile(file, 'utf8')).split('\n')
    await writeFile(file, [process.pid, ...rest].join('\n'))
    const after = await start(folder)
    expect((await history(after, roomId)).messages.map(({ message }) => message)).toContain(
      'kept through the worst',
    )
    await after.stop()
  })

  test('a Postgres whose server and guards were all killed is ended by the next start', async () => {
    const folder = await ownFolder()
    const before = await start(folder)
    const family = await descendantsOf(before.pid)
    before.kill('SIGSTOP')
    killAll(family.filter(isGuard))
    before.kill('SIGKILL')
    await before.exited
    const orphans = family.filter((each) => !isGuard(each))
    onTestFinished(() => killAll(orphans))
    const alive = await running()
    expect(alive.filter(({ pid }) => pid === orphans.find(isPostgres)?.pid).length).toBe(1)
    const after = await start(folder)
    await areGone(orphans, 100)
    await after.stop()
  })

  test('a second server on the folder says so and ends; the first goes on', async () => {
    const folder = await ownFolder()
    const first = await start(folder)
    const member = await Member.join(first, await createRoom(first))
    expect(await refusedStart(folder)).toMatch(/^Cannot start: another server uses the folder/m)
    await member.exchange('still the only one here')
    await first.stop()
  })

  test('of servers that start at the same moment, one at most gets the folder', async () => {
    const folder = await ownFolder()
    const nodes = Array.from({ length: 3 }, () => new ServerNode({ DATA_DIR: folder }))
    onTestFinished(() => {
      for (const node of nodes) node.destroy()
    })
    const ends = nodes.map(async (node) =>
      Promise.race([
        node.exit(20_000).then(() => 'ended'),
        eventually(
          'a URL',
          async () => node.stdout,
          (text) => text !== '',
          20_000,
        ).then(
          () => 'serves',
          () => 'neither',
        ),
      ]),
    )
    const states = (await Promise.all(ends)).toSorted()
    expect(states.slice(0, 2)).toEqual(['ended', 'ended'])
    for (const node of nodes.filter((each) => !each.running)) {
      expect(node.stderr).toContain('another server uses the folder')
    }
    for (const node of nodes.filter((each) => each.running)) await node.stop()
  })

  test('a folder that cannot be used is answered with what to do', async () => {
    const old = await ownFolder()
    await writeFile(join(old, 'postgres/PG_VERSION'), '9\n')
    const broken = await ownFolder()
    await rm(join(broken, 'postgres/global/pg_control'))
    const file = join(top, 'file')
    await writeFile(file, '')
    const said = await Promise.all(
      [old, broken, file, join(file, 'below'), join(top, 'x'.repeat(100))].map(refusedStart),
    )
    expect(said).toEqual([
      expect.stringMatching(/made by Postgres 9, and this is 18: .*docs\/upgrading\.md/),
      expect.stringMatching(/Postgres did not start\. It says: .*pg_control/),
      expect.stringMatching(/DATA_DIR must be a folder/),
      expect.stringMatching(/DATA_DIR must be a folder/),
      expect.stringMatching(/too long: \d+ bytes at most/),
    ])
  })
})
