import { readdirSync } from 'node:fs'
import type postgres from 'postgres'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { DeadLink } from '../dead-link.ts'
import { createRoom, history, roomState, upgrade, type Listening } from '../e2e/http.ts'
import { Member } from '../e2e/member.ts'
import type { Settings } from '../e2e/server-node.ts'
import type { WireMessage } from '../e2e/wire.ts'
import { eventually } from '../eventually.ts'
import { Services, Stage } from './stage.ts'

let services: Services
beforeAll(async () => {
  services = await Services.start()
})
afterAll(() => services.stop())

const open = async (nodes: number, settings: Settings): Promise<Stage> => {
  const stage = await Stage.open(services, 'presence', { nodes, settings })
  onTestFinished(() => stage.close())
  return stage
}

const nodeOf = (stage: Stage, index: number): Listening => stage.places[index]!.node!

const presenceIn = (messages: readonly WireMessage[], memberId: string): readonly string[] =>
  messages
    .filter((one) => one.memberId === memberId)
    .map(({ type, message }) => {
      return type === 'chat' ? message : type
    })

/** Holds the locks of all rooms while `work` goes on. */
const withRoomsLocked = (stage: Stage, work: () => Promise<void>): Promise<void> =>
  services.sql(stage.databaseUrl, async (sql) => {
    await sql.begin(async (transaction: postgres.TransactionSql) => {
      await transaction`select from rooms for update`
      await work()
    })
  })

/** A statement waits for a lock of ours. */
const lockAwaited = (stage: Stage): Promise<void> =>
  eventually('a statement waits for the lock', () =>
    services.sql(stage.databaseUrl, async (sql) => {
      const rows = await sql`
        select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`
      return rows.length > 0
    }),
  )

test('G6: a node that slept past its lease: one left each, nothing written behind it, and it goes on', async () => {
  const stage = await open(2, { LEASE_MS: '1500' })
  const [sleeper, other] = stage.places
  const roomId = await createRoom(nodeOf(stage, 1))
  const watching = await Member.join(nodeOf(stage, 1), roomId)
  const asleep = await Member.joinInTurn([nodeOf(stage, 0)], roomId, 3)
  sleeper!.signal('SIGSTOP')
  for (const member of asleep) member.say('said in its sleep')
  for (let left = 0; left < asleep.length; left += 1) {
    await watching.until('a left', ({ type }) => type === 'left')
  }
  sleeper!.signal('SIGCONT')
  for (const member of asleep) expect((await member.closed()).code).toBe(1012)

  await sleeper!.node!.ready()
  const back = await Member.join(nodeOf(stage, 0), roomId)
  await back.exchange('awake')
  await watching.untilChat('awake')
  const { messages } = await history(other!.node!, roomId)
  for (const { id } of asleep) expect(presenceIn(messages, id)).toEqual(['joined', 'left'])
  const { members } = await roomState(nodeOf(stage, 0), roomId)
  expect(members.map(({ id }) => id)).toEqual([watching.id, back.id])
})

test('G6, G7: an outage of Postgres that is longer than a lease takes nobody for gone', async () => {
  const leaseMs = 3_500
  const stage = await open(2, { LEASE_MS: String(leaseMs) })
  const nodes = [nodeOf(stage, 0), nodeOf(stage, 1)]
  const roomId = await createRoom(nodes[0]!)
  const members = await Member.joinInTurn(nodes, roomId, 4)
  const since = async (ms: number): Promise<void> => {
    const end = performance.now() + ms
    await eventually('time passes', () => performance.now() > end, ms + 1_000)
  }
  await services.signalPostgres('SIGSTOP')
  await since(leaseMs * 1.5)
  await services.signalPostgres('SIGCONT')
  // Nobody is reaped within a lease of the end of the outage, nor after it.
  await since(leaseMs * 1.5)
  await members[0]!.exchange('after the outage')
  for (const member of members.slice(1)) await member.untilChat('after the outage')
  const { messages } = await history(nodes[1]!, roomId)
  expect(messages.map(({ type }) => type)).toEqual(['joined', 'joined', 'joined', 'joined', 'chat'])
})

test('G6: two nodes that reap a third at the same moment write one left each', async () => {
  const stage = await open(3, { LEASE_MS: '1500' })
  const roomId = await createRoom(nodeOf(stage, 0))
  const watching = await Member.joinInTurn([nodeOf(stage, 0), nodeOf(stage, 1)], roomId, 2)
  const dying = await Member.joinInTurn([nodeOf(stage, 2)], roomId, 10)
  stage.places[2]!.signal('SIGKILL')
  const all = new Set(dying.map(({ id }) => id))
  const left: string[] = []
  const reading = (async () => {
    while (left.length < all.size) {
      left.push(
        (await watching[0]!.until('a left', ({ type }) => type === 'left')).message.memberId,
      )
    }
  })()
  // Whoever reaps waits for these locks, with the members found and not yet removed.
  while (left.length === 0) {
    await withRoomsLocked(stage, async () => {
      const end = performance.now() + 1_000
      await eventually('the reapers wait', () => performance.now() > end)
    })
    await Promise.race([reading, watching[1]!.exchange('go on')])
  }
  await reading
  expect(new Set(left)).toEqual(all)
  const { messages } = await history(nodeOf(stage, 1), roomId)
  for (const id of all) expect(presenceIn(messages, id)).toEqual(['joined', 'left'])
})

test('a join whose reply was lost is asked for again, and is one joined', async () => {
  const stage = await open(1, { LEASE_MS: '10000' })
  const { node, postgres: link } = stage.places[0]!
  const roomId = await createRoom(node!)
  let joining: Promise<Member> | undefined
  await withRoomsLocked(stage, async () => {
    joining = Member.join(node!, roomId)
    await lockAwaited(stage)
    link.cut()
  })
  await eventually('the join is stored', () =>
    services.sql(stage.databaseUrl, async (sql) => (await sql`select from members`).length === 1),
  )
  link.restore()
  const member = await joining!
  await member.exchange('here')
  const { messages } = await history(node!, roomId)
  expect(presenceIn(messages, member.id)).toEqual(['joined', 'here'])
  expect(messages.length).toBe(2)
})

test('a join that was never confirmed is refused, and leaves no ghost', async () => {
  const stage = await open(1, { LEASE_MS: '60000' })
  const { node, postgres: link } = stage.places[0]!
  const roomId = await createRoom(node!)
  let answer: ReturnType<typeof upgrade> | undefined
  await withRoomsLocked(stage, async () => {
    answer = upgrade(node!, `/api/serve/${roomId}`)
    await lockAwaited(stage)
    link.cut()
  })
  expect((await answer!).status).toBe(503)
  link.restore()
  const joinedAndLeft = async (): Promise<boolean> =>
    (await history(node!, roomId)).messages.map(({ type }) => type).join() === 'joined,left'
  await eventually('its left is stored', () => joinedAndLeft().catch(() => false), 15_000)
  expect((await roomState(node!, roomId)).members).toEqual([])
})

test('G9: a join that commits while its node drains is refused, and gone', async () => {
  const stage = await open(2, { LEASE_MS: '10000' })
  const { node } = stage.places[0]!
  const roomId = await createRoom(node!)
  let answer: Promise<number | 'cut'> | undefined
  await withRoomsLocked(stage, async () => {
    answer = upgrade(node!, `/api/serve/${roomId}`).then(
      ({ status }) => status,
      () => 'cut' as const,
    )
    await lockAwaited(stage)
    stage.places[0]!.signal('SIGTERM')
    await eventually('it drains', () => node!.output.includes('stopping'))
  })
  expect([503, 'cut']).toContain(await answer)
  expect(await node!.exit(12_000)).toEqual({ code: 0, signal: null })
  const { messages } = await history(nodeOf(stage, 1), roomId)
  expect(messages.map(({ type }) => type)).toEqual(['joined', 'left'])
  expect((await roomState(nodeOf(stage, 1), roomId)).members).toEqual([])
})

test('G6: whoever vanished without a word is gone after two pings', async () => {
  const stage = await open(1, { PING_MS: '500' })
  const { node } = stage.places[0]!
  const link = await DeadLink.to(`http://127.0.0.1:${node!.port}`)
  onTestFinished(() => link.close())
  const roomId = await createRoom(node!)
  const watching = await Member.join(node!, roomId)
  const vanishing = await Member.join({ port: Number(new URL(link.url).port) }, roomId)
  await watching.until('its joined', ({ memberId }) => memberId === vanishing.id)
  const from = performance.now()
  link.cut()
  const { at } = await watching.untilLeft(vanishing.id)
  expect(at - from).toBeLessThan(2_000)
  expect((await roomState(node!, roomId)).members.map(({ id }) => id)).toEqual([watching.id])
})

test('storms of joins and leaves leave no row, subscription or socket behind', async () => {
  const stage = await open(2, { LEASE_MS: '10000' })
  const nodes = [nodeOf(stage, 0), nodeOf(stage, 1)]
  const roomIds = await Promise.all(Array.from({ length: 5 }, () => createRoom(nodes[0]!)))
  const sockets = (): readonly number[] =>
    process.platform === 'linux'
      ? stage.places.map(({ node }) => readdirSync(`/proc/${node!.pid}/fd`).length)
      : []
  const visitor = async (index: number): Promise<void> => {
    for (let round = 0; round < 5; round += 1) {
      const member = await Member.join(nodes[(index + round) % 2]!, roomIds[(index * round) % 5]!)
      if (index % 3 === 0) member.terminate()
      else await member.close(1000)
    }
  }
  const storm = (): Promise<unknown> =>
    Promise.all(Array.from({ length: 40 }, (_, at) => visitor(at)))
  await storm()
  // Pools of connections have their size now.
  const before = sockets()
  await storm()
  const redis = new Redis(services.redis.url)
  onTestFinished(() => redis.disconnect())
  await eventually('all is as before', async () => {
    const rows = await services.sql(stage.databaseUrl, (sql) => sql`select from members`)
    const channels = (await redis.pubsub('CHANNELS', '*')) as string[]
    const now = sockets()
    const closed = now.every((count, index) => count <= before[index]! + 2)
    return rows.length === 0 && channels.length === 0 && closed
  })
  for (const roomId of roomIds) {
    const { messages } = await history(nodes[1]!, roomId)
    const members = new Set(messages.map(({ memberId }) => memberId))
    for (const id of members) expect(presenceIn(messages, id)).toEqual(['joined', 'left'])
  }
})
