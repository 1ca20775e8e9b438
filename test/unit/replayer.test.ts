import { expect, test } from 'vitest'
import { MAX_UNSENT_BYTES } from '../../src/ports/connection.ts'
import type { Repository } from '../../src/ports/repository.ts'
import { FakeConnection } from '../fake-connection.ts'
import { openWorld, tamper } from '../local-node.ts'

const TEXTS = 2_000

/** A room with a long log of long texts, and a node whose reads a test may take over. */
const longRoom = async (text = (n: number) => `${n} ${'x'.repeat(2_000)}`) => {
  const world = openWorld()
  const { clock, repository, startNode, join } = world
  const reads: number[] = []
  const onRead: { before?: () => void } = {}
  const read: Repository['read'] = (roomId, range) => {
    reads.push('after' in range ? Number(range.after) : -1)
    onRead.before?.()
    return repository.read(roomId, range)
  }
  const node = await startNode({ repository: tamper(repository, { read }) })
  const { id: roomId } = await node.createRoom()
  const ada = await join(node, roomId)
  for (let n = 0; n < TEXTS; n += 1) {
    ada.member.post(text(n))
    if (n % 100 === 99) await clock.advance(10)
  }
  return { ...world, node, roomId, ada, reads, onRead }
}

const enter = (
  node: Awaited<ReturnType<typeof longRoom>>['node'],
  roomId: Awaited<ReturnType<typeof longRoom>>['roomId'],
  connection: FakeConnection,
) => node.joinResumable(roomId, connection, { after: 0 })

const ids = (messages: readonly { readonly id: string }[]) => messages.map(({ id }) => id)

test('a replay to a reader that stalls and reads on never passes half the bound by much, and loses nothing', async () => {
  const { clock, node, roomId, ada, logOf } = await longRoom()
  const connection = new FakeConnection()
  connection.stalled = true
  const joining = enter(node, roomId, connection)
  await clock.advance(500)
  await joining
  let most = 0
  for (let tick = 0; connection.messages.length < TEXTS + 2 + 400; tick += 1) {
    if (tick < 400) ada.member.post(`live ${tick}`)
    await clock.advance(25)
    most = Math.max(most, connection.unsent)
    connection.unsent = Math.max(0, connection.unsent - 40_000)
    expect(connection.closed).toBeUndefined()
    expect(tick).toBeLessThan(2_000)
  }
  expect(most).toBeGreaterThan(MAX_UNSENT_BYTES / 2)
  expect(most).toBeLessThan(MAX_UNSENT_BYTES * 0.75)
  expect(ids(connection.messages)).toEqual(ids(await logOf(roomId)))
  expect(ada.connection.texts).toHaveLength(TEXTS + 400)
})

test('while one is waited for nothing is read for it, and others are given theirs', async () => {
  const { clock, node, roomId, reads } = await longRoom()
  const stalled = Array.from({ length: 5 }, () => new FakeConnection())
  for (const connection of stalled) connection.stalled = true
  const joins = stalled.map((connection) => enter(node, roomId, connection))
  await clock.advance(1_000)
  await Promise.all(joins)
  const before = reads.length
  await clock.advance(5_000)
  expect(reads.length).toBe(before)
  const quick = new FakeConnection()
  const joining = enter(node, roomId, quick)
  await clock.advance(100)
  await joining
  expect(quick.messages).toHaveLength(TEXTS + 1 + stalled.length + 1)
  await clock.advance(6_000)
  expect(stalled.map(({ closed }) => closed)).toEqual(stalled.map(() => 'slow'))
})

test('texts that are six times as long as frames do not trip the bound', async () => {
  const { clock, node, roomId, logOf } = await longRoom(() => '\u0001'.repeat(1_000))
  const connection = new FakeConnection()
  const write = connection.write.bind(connection)
  let largest = 0
  connection.write = (bytes) => {
    largest = Math.max(largest, bytes.length)
    return write(bytes)
  }
  const joining = enter(node, roomId, connection)
  await clock.advance(500)
  await joining
  expect(largest).toBeLessThanOrEqual(128 << 10)
  expect(ids(connection.messages)).toEqual(ids(await logOf(roomId)))
})

test('a page from memory leaves others a turn', async () => {
  const { clock, node, roomId, onRead } = await longRoom()
  let turns = 0
  const count = () => {
    turns += 1
    clock.soon(count)
  }
  const pages: number[] = []
  onRead.before = () => pages.push(turns)
  const connection = new FakeConnection()
  void enter(node, roomId, connection)
  let running = true
  clock.soon(function turn() {
    turns += 1
    if (running) clock.soon(turn)
    if (turns > 500) running = false
  })
  await clock.advance(400)
  expect(connection.messages.length).toBe(TEXTS + 2)
  expect(new Set(pages).size).toBe(pages.length)
})

test('a read that fails is tried again; a log that ended or has a hole closes with `log_reset`', async () => {
  const { clock, node, roomId, onRead, logOf } = await longRoom()
  const connection = new FakeConnection()
  let failures = 3
  onRead.before = () => {
    if ((failures -= 1) > 0) throw new Error('not now')
  }
  const joining = enter(node, roomId, connection)
  await clock.advance(3_000)
  await joining
  expect(ids(connection.messages)).toEqual(ids(await logOf(roomId)))

  const world = await longRoom()
  const broken = await world.startNode({
    repository: tamper(world.repository, {
      read: async (id, range) => {
        const page = await world.repository.read(id, range)
        return typeof page === 'object'
          ? { ...page, messages: page.messages.filter(({ seq }) => seq !== 700) }
          : page
      },
    }),
  })
  const cut = new FakeConnection()
  const late = broken.joinResumable(world.roomId, cut, { after: 0 })
  await world.clock.advance(1_000)
  await late
  expect(cut.closed).toBe('log_reset')
  expect(cut.messages.length).toBeLessThan(700)
})
