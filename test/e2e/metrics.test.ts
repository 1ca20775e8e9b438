import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { Report } from '../../src/stress/report.ts'
import { eventually } from './deadline.ts'
import { call, createRoom, history, roomState, upgrade } from './http.ts'
import { JsonConnection } from './json-connection.ts'
import { Member } from './member.ts'
import { inBothModes } from './modes.ts'
import { metricsPortOf, scrape, sumOf } from './scrape.ts'
import { indiscreetLines } from './secrets.ts'
import type { ServerNode } from './server-node.ts'

const STRESS = fileURLToPath(new URL('../../dist/stress/main.js', import.meta.url))
const TYPES = ['chat', 'joined', 'left'] as const

type PerType = Record<(typeof TYPES)[number], number>

interface Counts {
  readonly received: number
  readonly stored: PerType
  readonly delivered: PerType
}

const countsOf = async (nodes: readonly ServerNode[]): Promise<Counts> => {
  const series = (await Promise.all(nodes.map(scrape))).flatMap((one) => [...one])
  const sum = (name: string, type = '') =>
    series
      .filter(([key]) => key.startsWith(`sharechat_${name}_total`) && key.includes(type))
      .reduce((total, [, value]) => total + value, 0)
  const perType = (name: string): PerType => ({
    chat: sum(name, '"chat"'),
    joined: sum(name, '"joined"'),
    left: sum(name, '"left"'),
  })
  return {
    received: sum('messages_received'),
    stored: perType('messages_stored'),
    delivered: perType('deliveries'),
  }
}

const byType = (messages: readonly { readonly type: string }[]): PerType => {
  const count = (type: string) => messages.filter((message) => message.type === type).length
  return { chat: count('chat'), joined: count('joined'), left: count('left') }
}

const settings = { RATE_LIMIT: 'off', METRICS_PORT: '0' }

inBothModes(
  'metrics',
  (nodes) => {
    test('what nodes count is what members sent and got, to the message, in both dialects', async () => {
      const roomId = await createRoom(nodes.a)
      const members = await Member.joinInTurn(nodes.each, roomId, 6)
      const json = await Promise.all(
        [nodes.a, nodes.b].map((node) => JsonConnection.join(node, roomId)),
      )
      const talk = (from: number, to: number) => {
        for (let at = from; at < to; at += 1) {
          for (const member of members.slice(2)) member.say(`plain ${at}`)
          for (const connection of json) connection.send(roomId, `r-${at}`, `json ${at}`)
        }
      }
      talk(0, 50)
      // They read up to the close frame, in the middle of what the others say.
      const leaving = members.slice(0, 2).map((member) => member.close(1000))
      talk(50, 80)
      const late = JsonConnection.join(nodes.b, roomId, { after: 0 })
      talk(80, 100)
      json.push(await late)
      await Promise.all(leaving)
      await eventually(
        'six members',
        async () => (await roomState(nodes.a, roomId)).members.length,
        (count) => count === 7,
      )
      members[2]!.say('the last text')
      await Promise.all(members.slice(2).map((member) => member.untilChat('the last text')))
      await Promise.all(json.map((connection) => connection.untilChat('the last text')))

      const got = [
        ...members.flatMap(({ frames }) => frames.map(({ message }) => message)),
        ...json.flatMap((connection) => connection.messagesOf(roomId)),
      ]
      expect(await countsOf(nodes.each)).toEqual({
        received: 100 * 6 + 1,
        stored: byType((await history(nodes.a, roomId)).messages),
        delivered: byType(got),
      })
      expect(await sumOf(nodes.each, 'sharechat_members')).toBe(7)
      expect(await sumOf(nodes.each, 'sharechat_connections')).toBe(7)
    })

    test('a load generator and the scrapes after it agree exactly', async () => {
      const before = await countsOf(nodes.each)
      const urls = nodes.each.flatMap(({ port }) => ['--url', `http://127.0.0.1:${port}`])
      const load = [
        '--members',
        '40',
        '--rooms',
        '4',
        '--window',
        '8',
        '--seconds',
        '0.5',
        '--ramp',
        '0',
        '--json',
      ]
      const run = promisify(execFile)(process.execPath, [STRESS, ...urls, ...load])
      const { sent, delivered } = JSON.parse((await run).stdout) as Report
      const after = await countsOf(nodes.each)
      expect(sent).toBeGreaterThan(100)
      expect({
        received: after.received - before.received,
        stored: after.stored.chat - before.stored.chat,
        delivered: after.delivered.chat - before.delivered.chat,
      }).toEqual({ received: sent, stored: sent, delivered })
    })

    test('what is refused and how connections end is counted by reason', async () => {
      const { a } = nodes
      const reasons = {
        'refusals_total{what="text",code="too_large"}': 2,
        'refusals_total{what="join",code="not_found"}': 2,
        'refusals_total{what="request",code="not_found"}': 1,
        'refusals_total{what="request",code="invalid"}': 2,
        'refusals_total{what="room",code="invalid"}': 1,
        'refusals_total{what="command",code="not_joined"}': 1,
        'connections_closed_total{how="client",code="1000"}': 1,
        'connections_closed_total{how="client",code="other"}': 1,
        'connections_closed_total{how="lost",code="1006"}': 1,
        'connections_closed_total{how="protocol",code="1007"}': 1,
      }
      const read = async () => {
        const series = await scrape(a)
        return Object.fromEntries(
          Object.keys(reasons).map((name) => [name, series.get(`sharechat_${name}`)]),
        )
      }
      const before = await read()
      const roomId = await createRoom(a)
      const json = await JsonConnection.join(a, roomId)
      const plain = await Promise.all([0, 1, 2].map(() => Member.join(a, roomId)))
      json.send(roomId, 'long', 'x'.repeat(20_000))
      plain[0]!.say('x'.repeat(20_000))
      await plain[0]!.until('a failed', ({ type }) => type === 'failed')
      json.say({ command: 'join', roomId: randomUUID() })
      json.say({ command: 'leave', roomId: randomUUID() })
      await json.has('three failed', () => json.all('failed').length === 3)
      await upgrade(a, `/api/serve/${randomUUID()}`)
      await call(a, 'GET', `/api/room/${randomUUID()}`)
      await call(a, 'PUT', '/api/room')
      await call(a, 'GET', `/api/serve/${roomId}`)
      await call(a, 'POST', '/api/room', { body: '[]' })
      await plain[0]!.close(1000)
      plain[1]!.terminate()
      plain[2]!.say(Buffer.from([0xff]))
      await plain[2]!.closed()
      await json.close(4321)
      await eventually(
        'all of it counted',
        async () => {
          const now = await read()
          return Object.fromEntries(
            Object.keys(reasons).map((name) => [name, (now[name] ?? 0) - (before[name] ?? 0)]),
          )
        },
        (counted) => Object.entries(reasons).every(([name, count]) => counted[name] === count),
      )
    })

    test('numbers tell of no room, member or address, and are there for whoever asks rightly', async () => {
      const port = metricsPortOf(nodes.a)
      const { text } = await call({ port }, 'GET', '/metrics?any')
      expect(text).toContain('sharechat_info{mode=')
      expect(indiscreetLines(text, port)).toEqual([])
      expect(await call({ port }, 'GET', '/')).toMatchObject({ status: 404, text: '' })
      expect(await call({ port }, 'POST', '/metrics')).toMatchObject({ status: 405, text: '' })
      expect(await call(nodes.a, 'GET', '/metrics')).toMatchObject({ status: 404 })
    })
  },
  settings,
)
