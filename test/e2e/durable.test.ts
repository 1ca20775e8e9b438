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
  const [node] = await ServerNode.start(1, { LEASE_MS: '2000', ...settings, DATA_DIR: folder })
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
  test('G1, G6, G7: Postgres is killed, then the server: all that was acknowledged is there, its members leave, no process stays', async () => {
    const folder = await ownFolder()
    const before = await start(folder)
    const roomId = await createRoom(before)
    const [one, two] = await Member.joinInTurn([before], roomId, 2)
    await one!.exchange('before the accident')
    killAll((await descendantsOf(before.pid)).filter(isPostgres))
    await one!.exchange('while nobody is at home')
    const health = async (): Promise<number> => (await call(before, 'GET', '/api/healthz')).status
    await eventually('health', health, (status) => status === 200)
    for (let at = 0; at < 50; at += 1) one!.say(`number ${at} of those that count`)
    await two!.hasChats(52)
    const family = await descendantsOf(before.pid)
    expect(family.filter(isPostgres).length).toBe(1)
    before.kill('SIGKILL')
    await areGone(family, 5_000)

    const after = await start(folder)
    const { elements } = await history(after, roomId)
    expectWholeTailOf(elements.slice(0, 54), two!)
    const next = await Member.join(after, roomId)
    const left = new Set<string>()
    while (left.size < 2) {
      left.add((await next.until('a left', ({ type }) => type === 'left')).message.memberId)
    }
    expect(left).toEqual(new Set([one!.id, two!.id]))
    expect((await roomState(after, roomId)).members.map(({ id }) => id)).toEqual([next.id])
    expect(
      (await readdir(join(folder, 'run'))).filter((name) => name.startsWith('lock')).length,
    ).toBe(1)
  })

  test('G9: a second server on the folder says so and ends; SIGTERM ends the first with its Postgres, in order', async () => {
    const folder = await ownFolder()
    const before = await start(folder)
    const roomId = await createRoom(before)
    const member = await Member.join(before, roomId)
    expect(await refusedStart(folder)).toMatch(/^Cannot start: another server uses the folder/m)
    await member.exchange('written down for good')
    const family = await descendantsOf(before.pid)
    await before.stop()
    expect((await member.closed()).code).toBe(1012)
    const now = await running()
    expect(family.filter(({ pid }) => now.some((each) => each.pid === pid))).toEqual([])
    expect(await readdir(join(folder, 'run'))).toEqual([])
    const log = await readFile(join(folder, 'postgres.log'), 'utf8')
    expect(log.trimEnd()).toMatch(/database system is shut down$/)
    expect(log).not.toContain(roomId)

    const after = await start(folder)
    const { messages, elements } = await history(after, roomId)
    expect(messages.map(({ type }) => type)).toEqual(['joined', 'chat', 'left'])
    expectWholeTailOf(elements.slice(0, 2), member)
  })

  test('SIGTERM while its files are made: exit 0, no process and nothing half made stay', async () => {
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
    expect(await readdir(folder)).not.toContain('postgres')
  })

  test('however much was killed, the next start ends what is left, recovers, and trusts no pid', async () => {
    const folder = await ownFolder()
    const first = await start(folder)
    const roomId = await createRoom(first)
    const member = await Member.join(first, roomId)
    await member.exchange('kept through the worst')
    const family = await descendantsOf(first.pid)
    const orphans = family.filter((each) => !isGuard(each))
    // A server that stands still cannot start another one in between.
    first.kill('SIGSTOP')
    killAll(family.filter(isGuard))
    first.kill('SIGKILL')
    await first.exited
    onTestFinished(() => killAll(orphans))
    const alive = await running()
    expect(alive.filter(({ pid }) => pid === orphans.find(isPostgres)?.pid).length).toBe(1)

    const second = await start(folder)
    await areGone(orphans, 100)
    const all = await descendantsOf(second.pid)
    second.kill('SIGSTOP')
    killAll(all)
    second.kill('SIGKILL')
    await second.exited
    await areGone(all)
    // Of a process that is there, and is no Postgres.
    for (const file of ['postgres/postmaster.pid', 'run/.s.PGSQL.5432.lock']) {
      const [, ...rest] = (await readFile(join(folder, file), 'utf8')).split('\n')
      await writeFile(join(folder, file), [process.pid, ...rest].join('\n'))
    }
    const third = await start(folder)
    const { messages } = await history(third, roomId)
    expect(messages.map(({ message }) => message)).toContain('kept through the worst')
  })

  test('of two servers that start at the same moment, one at most gets the folder', async () => {
    const folder = await ownFolder()
    const nodes = [new ServerNode({ DATA_DIR: folder }), new ServerNode({ DATA_DIR: folder })]
    onTestFinished(() => {
      for (const node of nodes) node.destroy()
    })
    const ended = (): readonly ServerNode[] => nodes.filter(({ running: goesOn }) => !goesOn)
    const served = (): readonly ServerNode[] => nodes.filter(({ stdout }) => stdout !== '')
    await eventually(
      'the decision',
      async () => ended().length + served().length,
      (count) => count === 2,
      20_000,
    )
    expect(ended().length).toBeGreaterThan(0)
    for (const { stderr } of ended()) expect(stderr).toContain('another server uses the folder')
    for (const node of served()) await node.stop()
  })

  test('a folder that cannot be used is answered with what to do', async () => {
    const old = await ownFolder()
    await writeFile(join(old, 'postgres/PG_VERSION'), '9\n')
    const broken = await ownFolder()
    await rm(join(broken, 'postgres/global/pg_control'))
    const file = join(top, 'file')
    await writeFile(file, '')
    expect(await Promise.all([old, broken, file].map(refusedStart))).toEqual([
      expect.stringMatching(/made by Postgres 9, and this is 18: .*docs\/upgrading\.md/),
      expect.stringMatching(/Postgres did not start\. It says: .*pg_control/),
      expect.stringMatching(/DATA_DIR must be a folder/),
    ])
  })
})
