import { describe, expect, test } from 'vitest'
import { RoomError } from '../../src/ports/errors.ts'
import { CountingMeter } from '../counting-meter.ts'
import { FakeConnection } from '../fake-connection.ts'
import { openWorld, tamper } from '../local-node.ts'

const RATES = {
  messages: { perSecond: 1, burst: 3 },
  messageBytes: { perSecond: 1_000_000, burst: 1_000_000 },
}

const openRoom = async () => {
  const world = openWorld()
  const meter = new CountingMeter()
  const node = await world.startNode({ meter })
  const { id } = await node.createRoom()
  return { ...world, meter, node, roomId: id }
}

const failing = (code: 'unavailable' | 'unknown') => () =>
  Promise.reject(new RoomError(code, 'scripted'))

describe('what a node tells its meter', () => {
  test('every text that came ends up stored or refused, told or not', async () => {
    const { clock, repository, startNode, roomId, join, joinResumable } = await openRoom()
    const meter = new CountingMeter()
    let down = false
    const node = await startNode({
      meter,
      rates: RATES,
      repository: tamper(repository, {
        append: (nodeId, entries) =>
          down ? failing('unavailable')() : repository.append(nodeId, entries),
      }),
    })
    const ada = await join(node, roomId)
    const bob = await joinResumable(node, roomId)
    ada.member.post('stored')
    ada.member.post('\n')
    ada.member.post('nul \0')
    ada.member.post('over the rate, and told')
    ada.member.post('over the rate')
    bob.member.send('a', 'stored', () => {})
    bob.member.send('b', 'x'.repeat(20_000), () => {})
    await clock.advance(1_000)
    down = true
    bob.member.send('c', 'cannot be stored', () => {})
    await clock.advance(10_000)
    down = false
    await clock.advance(10_000)
    expect(meter.counts).toMatchObject({
      received: 7,
      'stored chat': 2,
      'stored joined': 2,
      'refused text invalid': 1,
      'refused text rate_limited': 2,
      'refused text too_large': 1,
      'refused text unavailable': 1,
    })
    expect(meter.counts['append failed unavailable']).toBeGreaterThan(2)
  })

  test('a batch is one append of so many entries', async () => {
    const { clock, meter, node, roomId, join } = await openRoom()
    const ada = await join(node, roomId)
    for (let at = 0; at < 10; at += 1) ada.member.post(`text ${at}`)
    await clock.advance(10)
    expect(meter.counts).toMatchObject({ appends: 2, appended: 11, published: 2 })
  })

  test('who is not there any more, or does not read, is delivered nothing', async () => {
    const { clock, meter, node, roomId, join } = await openRoom()
    const ada = await join(node, roomId)
    const [closed, stalled] = [await join(node, roomId), await join(node, roomId)]
    closed.connection.close('drain')
    stalled.connection.unsent = 1 << 20
    const before = meter.counts['delivered live']!
    const got = ada.connection.messages.length
    ada.member.post('only to ada, as is that one has left')
    await clock.advance(0)
    expect(ada.connection.messages.length).toBe(got + 2)
    expect(meter.counts['delivered live']).toBe(before + 2)
  })

  test('what is replayed is told apart, and all of it is what the connection got', async () => {
    const { clock, meter, node, roomId, join } = await openRoom()
    const ada = await join(node, roomId)
    for (let at = 0; at < 700; at += 1) ada.member.post(`text ${at}`)
    await clock.advance(100)
    const live = meter.counts['delivered live']!
    const connection = new FakeConnection()
    void node.joinResumable(roomId, connection, { after: 0 })
    await clock.advance(1_000)
    expect(connection.messages.length).toBe(702)
    expect(meter.counts['delivered live']! - live + meter.counts['delivered replay']!).toBe(703)
  })

  test('a gap that is read is found and repaired, with so many messages', async () => {
    const { clock, queue, meter, node, startNode, roomId, join } = await openRoom()
    const mute = await startNode({
      queue: {
        publish: failing('unavailable'),
        tell: failing('unavailable'),
        ping: () => queue.ping(),
        subscribe: (room, handlers) => queue.subscribe(room, handlers),
      },
    })
    const [ada, bob] = [await join(node, roomId), await join(mute, roomId)]
    await clock.advance(2_000)
    const before = { ...meter.counts }
    for (let at = 0; at < 5; at += 1) bob.member.post(`text ${at}`)
    await clock.advance(2_000)
    expect(ada.connection.texts.length).toBe(5)
    expect(meter.counts['gaps found']).toBe((before['gaps found'] ?? 0) + 1)
    expect(meter.counts['gaps repaired']).toBe((before['gaps repaired'] ?? 0) + 1)
    expect(meter.counts['messages repaired']).toBe((before['messages repaired'] ?? 0) + 5)
  })

  test('a publish that is not confirmed', async () => {
    const { clock, queue, startNode, roomId, join } = await openRoom()
    const meter = new CountingMeter()
    const mute = await startNode({
      meter,
      queue: {
        publish: failing('unavailable'),
        tell: (room, from, note) => queue.tell(room, from, note),
        ping: () => queue.ping(),
        subscribe: (room, handlers) => queue.subscribe(room, handlers),
      },
    })
    await join(mute, roomId)
    await clock.advance(10)
    expect(meter.counts).toMatchObject({ published: 1, 'publish failed': 1 })
  })

  test('rooms that are made and end, members that come back, and that are reaped', async () => {
    const { clock, startNode } = openWorld()
    const meter = new CountingMeter()
    const node = await startNode({ meter, unusedRoomTtlMs: 10_000 })
    await Promise.all([node.createRoom(), node.createRoom()])
    const { id } = await node.createRoom()
    const connection = new FakeConnection()
    const joining = node.joinResumable(id, connection, {})
    await clock.advance(400)
    const { member, resume } = await joining
    member.leave()
    await clock.advance(400)
    void node.joinResumable(id, new FakeConnection(), { resume })
    await clock.advance(60_000)
    void node.join(id, new FakeConnection())
    await clock.advance(400)
    void node.drain(0)
    await clock.advance(1_000)
    expect(meter.counts).toMatchObject({
      'rooms created': 3,
      'rooms expired': 2,
      resumed: 1,
      reaped: 1,
    })
  })

  test('a lease that is lost', async () => {
    const { clock, repository, startNode } = openWorld()
    const meter = new CountingMeter()
    let kept = true
    await startNode({
      meter,
      repository: tamper(repository, {
        holdLease: async (nodeId, ms, kind) =>
          (kind === 'take' || kept) && repository.holdLease(nodeId, ms, kind),
      }),
    })
    await clock.advance(5_000)
    kept = false
    await clock.advance(3_000)
    expect(meter.counts['leases lost']).toBe(1)
  })
})

describe('what a node is at a moment', () => {
  test('its members and rooms, and how old its lease and its last sweep are', async () => {
    const { clock, repository, startNode, roomId, join } = await openRoom()
    let down = false
    const node = await startNode({
      repository: tamper(repository, {
        lastSeqs: (seen) => (down ? failing('unavailable')() : repository.lastSeqs(seen)),
        holdLease: (nodeId, ms, kind) =>
          down ? failing('unavailable')() : repository.holdLease(nodeId, ms, kind),
      }),
    })
    await join(node, roomId)
    await join(node, roomId)
    await clock.advance(60_000)
    expect(node.gauges).toMatchObject({ members: 2, rooms: 1, outboxEntries: 0, drained: 0 })
    expect(node.gauges.leaseAgeMs).toBeLessThanOrEqual(3_000)
    expect(node.gauges.sweepLagMs).toBeLessThanOrEqual(1_000)
    down = true
    await clock.advance(8_000)
    expect(node.gauges.leaseAgeMs).toBeGreaterThanOrEqual(8_000)
    expect(node.gauges.sweepLagMs).toBeGreaterThanOrEqual(8_000)
    down = false
    await clock.advance(4_000)
    expect(node.gauges.leaseAgeMs).toBeLessThanOrEqual(3_000)
    expect(node.gauges.sweepLagMs).toBeLessThanOrEqual(1_000)
  })

  test('the sweep lag of many rooms is that of the one compared longest ago', async () => {
    const { clock, repository, startNode, join } = openWorld()
    let answers = true
    const node = await startNode({
      repository: tamper(repository, {
        // One slice of three gets no answer, in every round.
        lastSeqs: (seen) =>
          answers || seen.length === 500 ? repository.lastSeqs(seen) : failing('unavailable')(),
      }),
    })
    for (let at = 0; at < 1_100; at += 1) {
      const { id } = await node.createRoom()
      void join(node, id)
    }
    await clock.advance(5_000)
    expect(node.gauges.sweepLagMs).toBeLessThanOrEqual(1_100)
    answers = false
    await clock.advance(5_000)
    expect(node.gauges.sweepLagMs).toBeGreaterThanOrEqual(5_000)
  })

  test('how far a drain has come', async () => {
    const { clock, node, roomId, join } = await openRoom()
    for (let at = 0; at < 400; at += 1) void join(node, roomId)
    await clock.advance(1_000)
    void node.drain(1_000)
    await clock.advance(10)
    expect(node.gauges).toMatchObject({ members: 200, drained: 0.5 })
    await clock.advance(2_000)
    expect(node.gauges).toMatchObject({ members: 0, drained: 1 })
  })
})
