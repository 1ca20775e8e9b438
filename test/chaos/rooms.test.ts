import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { HISTORY_TYPE } from '../../src/protocol/dialect.ts'
import type { LoggedMessage } from '../../src/protocol/events.ts'
import {
  call,
  createOwnedRoom,
  createRoom,
  history,
  type Listening,
  roomState,
  upgrade,
  withSecret,
} from '../e2e/http.ts'
import { JsonConnection } from '../e2e/json-connection.ts'
import { viewOf } from '../e2e/json-view.ts'
import { Member } from '../e2e/member.ts'
import type { ServerNode } from '../e2e/server-node.ts'
import { eventually } from '../eventually.ts'
import { Random } from '../random.ts'
import { type Place, Services, Stage } from './stage.ts'

const WRITERS = 6
const WRITES = 60

let services: Services
beforeAll(async () => {
  services = await Services.start()
})
afterAll(() => services.stop())

const open = async (): Promise<Stage> => {
  const settings = { LEASE_MS: '1500', RESUME_MS: '1000' }
  const stage = await Stage.open(services, 'rooms', { nodes: 2, settings })
  onTestFinished(() => stage.close())
  return stage
}

/** Someone who wants to be in a room and asks again until it is in, or the room is full. */
const enter = async (node: () => ServerNode, roomId: string): Promise<Member | undefined> => {
  for (;;) {
    await eventually('its node is up', () => node().port !== 0 && node().running)
    const member = new Member(node(), roomId)
    const first = await Promise.race([member.next(), member.closed()]).catch(() => undefined)
    if (first && 'message' in first) return member
    const { status } = await upgrade(node(), `/api/serve/${roomId}`).catch(() => ({ status: 0 }))
    if (status === 409) return undefined
  }
}

/** The most members that a room had at the same time, by its log. */
const mostIn = async (node: Listening, roomId: string): Promise<number> => {
  const { messages } = await history(node, roomId)
  let [now, most] = [0, 0]
  for (const { type } of messages) {
    now += type === 'joined' ? 1 : type === 'left' ? -1 : 0
    most = Math.max(most, now)
  }
  return most
}

/** By then the members of a killed node are gone (G6); its lease is 1.5 s here. */
const FREE_MS = 15_000

const idsOf = (members: readonly Member[]): readonly string[] => members.map(({ id }) => id).sort()

/** Where the first is in; those who want to be in are spread over the places in turn. */
const placeOfFirst = (
  entering: readonly Promise<Member | undefined>[],
  places: readonly Place[],
): Promise<Place> =>
  Promise.any(
    entering.map(async (entered, at) => {
      if (!(await entered)) throw new Error('the room is full')
      return places[at % places.length]!
    }),
  )

/** What is killed while they come in; a node is the one where the first of them is in. */
const KILLS = ['Redis', 'node', 'Postgres', 'node'] as const

test('fifty at once into a room for two over two nodes: two are in, whatever is killed; a leave frees a place', async () => {
  const stage = await open()
  const { places } = stage
  const [a, b] = places.map((place) => () => place.node!) as [() => ServerNode, () => ServerNode]
  const { roomId } = await createOwnedRoom(a(), { capacity: 2 })
  const idsIn = async () => (await roomState(b(), roomId)).members.map(({ id }) => id).sort()
  let inside: Member[] = []
  const stayed = (): Member[] => inside.filter(({ isOpen }) => isOpen)
  for (const [round, kill] of KILLS.entries()) {
    const entering = Array.from({ length: 50 }, (_, at) =>
      enter(() => places[at % 2]!.node!, roomId),
    )
    if (kill === 'Redis') {
      await services.redis.kill('SIGKILL')
      await services.redis.restart()
    } else if (kill === 'Postgres') {
      await services.sql(
        services.postgres.url,
        (sql) => sql`
          select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sharechat'`,
      )
    } else {
      const place = await placeOfFirst(entering, places)
      place.signal('SIGKILL')
      await place.node?.exited
      await place.start()
    }
    inside.push(...(await Promise.all(entering)).filter((member) => member !== undefined))
    if (kill === 'node') {
      const freed = 'the places of a killed node are free when its lease has run out'
      await eventually(
        freed,
        async () => String(await idsIn()) === String(idsOf(stayed())),
        FREE_MS,
      )
      inside = stayed()
    }
    expect(await idsIn()).toEqual(idsOf(inside))
    while (inside.length < 2) inside.push(await Member.join(a(), roomId))
    for (const node of [a(), b()]) {
      expect((await upgrade(node, `/api/serve/${roomId}`)).status).toBe(409)
    }
    expect(await mostIn(b(), roomId)).toBe(2)
    for (const member of inside.splice(round % 2)) await member.close(1000)
  }
})

test('sends, edits and deletions over two nodes, Redis restarted between: every view is the repository’s', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
  console.log(`SEED=${seed}`)
  const random = new Random(seed)
  const stage = await open()
  const node = (at: number): Listening => stage.places[at % 2]!.node!
  const { roomId, ownerToken } = await createOwnedRoom(node(0))
  const plain = await Promise.all([0, 1].map((at) => Member.join(node(at), roomId)))
  const writers = await Promise.all(
    Array.from({ length: WRITERS }, (_, at) => JsonConnection.join(node(at), roomId, { after: 0 })),
  )
  /** Everything that a message ever said, by its id. */
  const texts = new Map<string, string[]>()
  const deletions: number[] = []
  const edits: number[] = []
  const answers = (json: JsonConnection): number =>
    json.all('ack').length + json.all('failed').length
  const write = async (json: (typeof writers)[number], at: number): Promise<void> => {
    const mine: string[] = []
    let asked = 0
    for (let n = 0; n < WRITES; n += 1) {
      const ref = `${at}-${n}`
      const id = mine.length > 0 && random.chance(0.6) ? random.pick(mine) : undefined
      asked += 1
      if (id === undefined) json.send(roomId, ref, `text ${ref}`)
      else if (random.chance(0.3)) json.say({ command: 'delete', roomId, ref, id })
      else {
        const message = `edit ${ref}`
        texts.get(id)?.push(message)
        if (random.chance(0.7)) json.say({ command: 'edit', roomId, ref, id, message })
        else {
          asked -= 1
          const path = `/api/room/${roomId}/messages/${id}`
          const { status } = await withSecret(node(n), 'PUT', path, json.room.resume, { message })
          edits.push(status)
        }
      }
      await json.has('an answer', () => answers(json) >= asked, 20_000)
      const ack = json.all('ack').find((event) => event.ref === ref)
      if (ack && id === undefined) mine.push(ack.id)
      if (ack && id === undefined) texts.set(ack.id, [`text ${ref}`])
      if (random.chance(0.1) && texts.size > 0) {
        const any = random.pick([...texts.keys()])
        const path = `/api/room/${roomId}/messages/${any}`
        deletions.push((await withSecret(node(n), 'DELETE', path, ownerToken)).status)
      }
    }
  }
  const writing = Promise.all(writers.map(write))
  await services.redis.kill('SIGKILL')
  await services.redis.restart()
  await writing
  expect(new Set(deletions)).toEqual(new Set([204]))
  // Nothing changes what is deleted.
  expect(edits.filter((status) => status !== 200 && status !== 404)).toEqual([])
  expect(edits).toContain(200)
  const late = await JsonConnection.join(node(1), roomId, { after: 0 })
  await plain[0]!.exchange('the end')
  const log = JSON.parse(
    (
      await call(node(1), 'GET', `/api/room/${roomId}/messages`, {
        headers: { accept: HISTORY_TYPE },
      })
    ).text,
  ) as LoggedMessage[]
  for (const json of [...writers, late]) {
    await json.has('the end', () => viewOf(json, roomId).at(-1)?.message === 'the end', 20_000)
    expect(viewOf(json, roomId)).toEqual(log)
  }
  const shown = (await history(node(0), roomId)).messages
  expect(shown.map(({ id }) => id)).toEqual(
    log.filter(({ deleted }) => deleted === undefined).map(({ id }) => id),
  )
  for (const member of plain) {
    if (member !== plain[0]) await member.untilChat('the end')
    const got = new Map(member.frames.map(({ message }) => [message.id, message]))
    expect(got.size).toBe(member.frames.length)
    // As it was said, or as it was when this node read it.
    const wrong = shown.filter(
      ({ id }) => texts.has(id) && !texts.get(id)?.includes(got.get(id)?.message ?? ''),
    )
    expect(wrong).toEqual([])
    expect(member.frames.every(({ message }) => Object.keys(message).length === 7)).toBe(true)
  }
})

test('a room that is dismissed while Redis is down is over for everyone within moments', async () => {
  const stage = await open()
  const node = (at: number): Listening => stage.places[at % 2]!.node!
  const { roomId, ownerToken } = await createOwnedRoom(node(0))
  const stays = await createRoom(node(0))
  const members = await Member.joinInTurn([node(0), node(1)], roomId, 4)
  const other = await Member.join(node(1), stays)
  const removed = await Member.join(node(1), stays)
  await services.redis.kill('SIGKILL')
  const path = `/api/room/${roomId}`
  expect((await withSecret(node(0), 'DELETE', path, ownerToken)).status).toBe(204)
  for (const member of members) expect((await member.closed()).code).toBe(4004)
  await eventually('nothing of it is stored', () =>
    services.sql(stage.databaseUrl, async (sql) => {
      const [row] = await sql`
        select (select count(*) from log where room_id = ${roomId})
          + (select count(*) from members where room_id = ${roomId})
          + (select count(*) from rooms where room_id = ${roomId}) as rows`
      return Number(row?.['rows']) === 0
    }),
  )
  await removed.exchange('another room goes on')
  await other.untilChat('another room goes on')
  await services.redis.restart()
})
