import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Report } from '../../src/stress/report.ts'
import { eventually, within } from './deadline.ts'
import { createRoom, history, roomState } from './http.ts'
import { Member } from './member.ts'
import { inBothModesAtAnyRate, startNodes } from './modes.ts'
import type { ServerNode } from './server-node.ts'

const MAIN = fileURLToPath(new URL('../../dist/stress/main.js', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Started {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
}

const start = (...args: readonly string[]): Started => {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const closed = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  return { process: child, ended: within('the end of a stress', closed, () => stderr, 40_000) }
}

const stress = (...args: readonly string[]): Promise<Ended> => start(...args).ended

const urlsOf = (nodes: readonly ServerNode[]): readonly string[] =>
  nodes.flatMap(({ port }) => ['--url', `http://127.0.0.1:${port}`])

const chatsOf = async (node: ServerNode, roomId: string): Promise<readonly string[]> => {
  const { messages } = await history(node, roomId)
  return messages.filter(({ type }) => type === 'chat').map(({ message }) => message)
}

inBothModesAtAnyRate('stress', (nodes) => {
  test('the report says what the history says', async () => {
    const rooms = await Promise.all([createRoom(nodes.a), createRoom(nodes.a)])
    const stranger = await Member.join(nodes.b, rooms[0])
    await stranger.exchange('"type":"failed" is only what somebody says')
    const of = rooms.flatMap((id) => ['--room', id])
    const load = ['--members', '20', '--window', '4', '--seconds', '1', '--ramp', '0.2']
    const run = start('--json', ...urlsOf(nodes.each), ...of, ...load, '--pid', `${nodes.a.pid}`)
    let over = false
    void run.ended.finally(() => (over = true))
    let said = 1
    for (; !over; said++) await stranger.exchange(`and on it goes: ${said}`)
    const { code, stdout, stderr } = await run.ended

    const report = JSON.parse(stdout) as Report
    const chats = await Promise.all(rooms.map((id) => chatsOf(nodes.b, id)))
    const sent = chats[0]!.length + chats[1]!.length - said
    expect({ code, stderr, report }).toMatchObject({
      code: 0,
      stderr: '',
      report: {
        membersJoined: 20,
        membersRefused: 0,
        membersLost: 0,
        sent,
        echoed: sent,
        delivered: 10 * sent,
        failed: 0,
        unanswered: 0,
        lost: 0,
        doubled: 0,
        reordered: 0,
        altered: 0,
      },
    })
    expect(sent).toBeGreaterThan(8)
    expect(chats[1]!.map((text) => text.length)).toEqual(chats[1]!.map(() => 64))
    const { p50, p90, p99, max } = report.latencyMs
    expect([p50, p90, p99, max].toSorted((a, b) => a - b)).toEqual([p50, p90, p99, max])
    expect(p50).toBeGreaterThan(0)
    const inSteps = report.latencySteps.reduce((sum, { count }) => sum + count, 0)
    expect(inSteps).toBe(report.delivered)
    expect(report.cpu?.length).toBe(process.platform === 'linux' ? 1 : undefined)
    await eventually(
      'rooms without the members of the stress',
      async () =>
        (await Promise.all(rooms.map((id) => roomState(nodes.a, id)))).map(
          (room) => room.members.length,
        ),
      ([first, second]) => first === 1 && second === 0,
    )
  })

  test('without --json it is a table and a histogram, of new rooms', async () => {
    const load = ['--members', '12', '--rooms', '3', '--rate', '20', '--seconds', '0.5']
    const { code, stdout } = await stress(...urlsOf(nodes.each), ...load, '--ramp', '0')
    expect(stdout).toMatch(/^members +12 of 12 joined in \d\.\d\d s$/m)
    expect(stdout).toMatch(/^messages +\d+ sent, \d+ confirmed, \d+\/s$/m)
    expect(stdout).toMatch(/^deliveries .*; none lost, doubled or out of order$/m)
    expect(stdout).toMatch(/^delivery( +\d+\.\d\d){4}$/m)
    expect(stdout).toMatch(/^ +[\d.]+ – [\d.]+ ms {2}█+.* \d+\.\d\d %$/m)
    expect(code).toBe(0)
  })
})

describe('stress', () => {
  test('a server with its own rates: it says what lifts them', async () => {
    const { a } = await startNodes('embedded', { JOIN_RATE: '0.001/10', MESSAGE_RATE: '1/5' })
    const load = ['--members', '12', '--window', '20', '--seconds', '1', '--ramp', '0']
    const { code, stdout } = await stress(...urlsOf([a]), ...load)
    expect(stdout).toMatch(/^members +10 of 12 joined .*, 2 not joined \(429: 2\)$/m)
    expect(stdout).toMatch(/^messages .* \d refused, \d+ without an answer$/m)
    expect(stdout).toContain('none lost')
    expect(stdout).toContain('RATE_LIMIT=off')
    expect(code).toBe(1)
  })

  test('who has to wait for the join rate joins a little later', async () => {
    const { a } = await startNodes('embedded', { JOIN_RATE: '4/6' })
    const load = ['--members', '10', '--seconds', '0.1', '--ramp', '0', '--json']
    const { code, stdout } = await stress(...urlsOf([a]), ...load)
    expect(JSON.parse(stdout)).toMatchObject({ membersJoined: 10, membersRefused: 0 })
    expect(code).toBe(0)
  })

  test('SIGINT ends it early, with a report', async () => {
    const { a } = await startNodes('embedded')
    const roomId = await createRoom(a)
    const load = ['--members', '4', '--room', roomId, '--rate', '5', '--seconds', '60', '--json']
    const run = start(...urlsOf([a]), ...load)
    await eventually(
      'a chat',
      () => chatsOf(a, roomId),
      (chats) => chats.length > 0,
    )
    run.process.kill('SIGINT')
    const { code, stdout } = await run.ended
    expect(JSON.parse(stdout)).toMatchObject({ membersJoined: 4, lost: 0 })
    expect((JSON.parse(stdout) as Report).seconds).toBeLessThan(30)
    expect(code).toBe(0)
  })

  test('--help tells every option and the exit codes', async () => {
    const { code, stdout } = await stress('--help')
    for (const option of [
      'url',
      'members',
      'rooms',
      'room',
      'senders',
      'window',
      'rate',
      'bytes',
      'seconds',
      'ramp',
      'pid',
      'json',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ +--${option}\\b`, 'm'))
    }
    expect(stdout).toMatch(/Exit code: 0 .*\n1 .* 2 /)
    expect(code).toBe(0)
  })

  test('wrong options are a sentence and exit code 2', async () => {
    expect(await stress('--members', 'many')).toEqual({
      code: 2,
      stdout: '',
      stderr: "--members takes a number from 1 to 10000000, not 'many'. See --help.\n",
    })
  })

  test('a server that is not there is a sentence and exit code 1', async () => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const url = `http://127.0.0.1:${(free.address() as AddressInfo).port}`
    free.close()
    expect(await stress('--url', url)).toEqual({
      code: 1,
      stdout: '',
      stderr: `${url} does not answer. (ECONNREFUSED)\n`,
    })
  })
})
