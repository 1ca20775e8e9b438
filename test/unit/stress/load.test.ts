import { expect, test } from 'vitest'
import { type LoadOptions, type Report, runLoad } from '../../../src/stress/load.ts'
import { plainProtocol } from '../../../src/stress/plain-protocol.ts'
import { isGood } from '../../../src/stress/report.ts'
import { AS_DUE, type Faults, faultyServer } from './faulty-server.ts'

const MEMBERS = 5

const load = async (faults: Faults, options: Partial<LoadOptions> = {}): Promise<Report> =>
  runLoad({
    urls: [await faultyServer(faults)],
    roomIds: ['room'],
    members: MEMBERS,
    senders: 2,
    pace: { window: 4 },
    textBytes: 64,
    seconds: 0.2,
    rampSeconds: 0,
    protocol: plainProtocol,
    pids: [process.pid],
    onProgress: () => {},
    signal: new AbortController().signal,
    ...options,
  })

const faultsOf = ({ lost, doubled, reordered, altered, unanswered, failed }: Report) => ({
  lost,
  doubled,
  reordered,
  altered,
  unanswered,
  failed,
})

const NO_FAULTS = { lost: 0, doubled: 0, reordered: 0, altered: 0, unanswered: 0, failed: 0 }

/** Of everything that comes to member 3, the fifth message comes so. */
const fifthComes = (how: (text: string) => readonly string[]): Faults => ({
  deliver: (member, message, text) => (member === 3 && message === 5 ? how(text) : [text]),
})

test('a good server is found good, with pings between its frames', async () => {
  const report = await load({})
  expect(faultsOf(report)).toEqual(NO_FAULTS)
  expect(report).toMatchObject({ membersJoined: MEMBERS, membersRefused: 0, membersLost: 0 })
  expect(report.sent).toBeGreaterThan(8)
  expect(report.echoed).toBe(report.sent)
  expect(report.delivered).toBe(MEMBERS * report.sent)
  expect(report.latencyMs.p50).toBeGreaterThan(0)
  expect(report.cpu?.length).toBe(process.platform === 'linux' ? 1 : undefined)
  expect(isGood(report)).toBe(true)
})

test('a delivery that is left out is lost', async () => {
  const report = await load(fifthComes(() => []))
  expect(faultsOf(report)).toEqual({ ...NO_FAULTS, lost: 1 })
  expect(isGood(report)).toBe(false)
})

test('a delivery that comes twice is doubled', async () => {
  const report = await load(fifthComes((text) => [text, text]))
  expect(faultsOf(report)).toEqual({ ...NO_FAULTS, doubled: 1 })
  expect(isGood(report)).toBe(false)
})

test('a delivery that comes after the next one is out of order', async () => {
  let fifth = ''
  const report = await load({
    deliver: (member, message, text) => {
      if (member !== 3 || (message !== 5 && message !== 6)) return [text]
      if (message === 6) return [text, fifth]
      fifth = text
      return []
    },
  })
  expect(report).toMatchObject({ lost: 0, doubled: 0, altered: 0, unanswered: 0 })
  expect(report.reordered).toBeGreaterThan(0)
  expect(isGood(report)).toBe(false)
})

test('a delivery with other bytes than those of others is altered', async () => {
  const report = await load(fifthComes((text) => [text.replace('"number":5', '"number":6')]))
  expect(report).toMatchObject({ lost: 0, doubled: 0, reordered: 0 })
  expect(report.altered).toBeGreaterThan(0)
  expect(isGood(report)).toBe(false)
})

test(
  'a text that nobody gets is without an answer, and lost for all',
  { concurrent: true },
  async () => {
    const report = await load({ deliver: (_, message, text) => (message === 5 ? [] : [text]) })
    expect(faultsOf(report)).toEqual({ ...NO_FAULTS, unanswered: 1, lost: MEMBERS })
  },
)

test('a refused text is none that is lost, and gives its place in the window free', async () => {
  const report = await load(
    {
      deliver: (member, message, text) => {
        if (message % 2 === 0) return [text]
        return member === 1 ? [text.replace('chat', 'failed')] : []
      },
    },
    { senders: 1, pace: { window: 1 } },
  )
  expect(report).toMatchObject({ lost: 0, doubled: 0, reordered: 0, altered: 0, unanswered: 0 })
  expect(report.echoed).toBeGreaterThan(2)
  expect(report.failed + report.echoed).toBe(report.sent)
  expect(report.delivered).toBe(MEMBERS * report.echoed)
  expect(isGood(report)).toBe(true)
})

test('a member that the server closes is lost with its code, the others go on', async () => {
  const report = await load({
    close: (member, message) => (member === 4 && message === 7 ? 1013 : undefined),
  })
  expect(report).toMatchObject({ membersJoined: MEMBERS, membersLost: 1, losses: { 1013: 1 } })
  expect(faultsOf(report)).toEqual(NO_FAULTS)
  expect(report.sent).toBeGreaterThan(7)
  expect(isGood(report)).toBe(false)
})

test('who is told to come back comes back, other refusals count by status', async () => {
  const report = await load({
    answer: (upgrade) => {
      if (upgrade === 1) return 'HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n\r\n'
      if (upgrade === 2) return 'HTTP/1.1 429 Slowly\r\nretry-after: 0\r\n\r\n'
      if (upgrade === 3) return 'HTTP/1.1 409 Full\r\nContent-Length: 0\r\n\r\n'
      if (upgrade === 4) return undefined
      return AS_DUE
    },
  })
  expect(report).toMatchObject({
    membersJoined: 3,
    membersRefused: 2,
    refusals: { 409: 1, 'closed without a code': 1 },
  })
  expect(faultsOf(report)).toEqual(NO_FAULTS)
  expect(isGood(report)).toBe(false)
})

test('at a rate as much is sent as is due', async () => {
  const report = await load({}, { pace: { perSecond: 100 }, seconds: 0.5 })
  expect(report.sent + report.skipped).toBeGreaterThan(report.seconds * 200 - 20)
  expect(report.sent).toBeLessThan(report.seconds * 200 + 2)
  expect(report.delivered).toBe(MEMBERS * report.sent)
  expect(isGood(report)).toBe(true)
})

test('a run that is ended early has a report', async () => {
  const report = await load({}, { seconds: 60, signal: AbortSignal.timeout(1000) })
  expect(report.seconds).toBeLessThan(5)
  expect(report.sent).toBeGreaterThan(8)
  expect(isGood(report)).toBe(true)
})

test('a server that is not there is an error with a sentence', async () => {
  const url = new URL('http://127.0.0.1:1')
  await expect(load({}, { urls: [url] })).rejects.toThrow('Nothing accepts connections at')
})
