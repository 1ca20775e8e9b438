import { openMemory } from '../src/adapters/memory/open.ts'
import { MemoryQueue } from '../src/adapters/memory/queue.ts'
import { SystemIds } from '../src/adapters/system/ids.ts'
import { Controller } from '../src/domain/controller.ts'
import type { JoinWish } from '../src/domain/joins.ts'
import { Owners } from '../src/domain/owners.ts'
import type { MemberRates } from '../src/domain/pace.ts'
import type { Log } from '../src/ports/log.ts'
import { type Meter, noMeter } from '../src/ports/meter.ts'
import type { RoomId } from '../src/ports/model.ts'
import type { Queue } from '../src/ports/queue.ts'
import type { Repository } from '../src/ports/repository.ts'
import { encodeLine, FakeConnection } from './fake-connection.ts'
import { FakeClock } from './fake-clock.ts'

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

const MEMORY_LIMIT_BYTES = 1 << 28

/** A repository that passes every call on, but for the methods that a test takes over. */
export const tamper = (real: Repository, methods: Partial<Repository>): Repository => ({
  createRoom: (room) => real.createRoom(room),
  findRoom: (roomId) => real.findRoom(roomId),
  roomInfo: (roomId, ttls) => real.roomInfo(roomId, ttls),
  rosterAt: (roomId, seq, limit) => real.rosterAt(roomId, seq, limit),
  append: (nodeId, entries) => real.append(nodeId, entries),
  read: (roomId, range) => real.read(roomId, range),
  readLog: (roomId, range) => real.readLog(roomId, range),
  findMember: (roomId, hash) => real.findMember(roomId, hash),
  addressKey: () => real.addressKey(),
  lastSeqs: (seen) => real.lastSeqs(seen),
  resume: (...args) => real.resume(...args),
  detach: (attachments) => real.detach(attachments),
  holdLease: (nodeId, leaseMs, kind) => real.holdLease(nodeId, leaseMs, kind),
  reap: (whom, times, limit) => real.reap(whom, times, limit),
  expireRooms: (ttls) => real.expireRooms(ttls),
  membersOf: (nodeId) => real.membersOf(nodeId),
  ping: () => real.ping(),
  ...methods,
})

/** Nodes in this process over one memory repository and one queue, on a clock of their own. */
export const openWorld = () => {
  const clock = new FakeClock()
  const { repository, roomOwners } = openMemory(clock, MEMORY_LIMIT_BYTES)
  const queue = new MemoryQueue(clock)
  const ids = new SystemIds()

  const startNode = async (
    parts: {
      repository?: Repository
      queue?: Queue
      meter?: Meter
      rates?: MemberRates
      roomTtlMs?: number
      unusedRoomTtlMs?: number
    } = {},
  ) => {
    const controller = new Controller({
      repository,
      queue,
      clock,
      ids,
      log: silent,
      meter: noMeter,
      encode: encodeLine,
      leaseMs: 10_000,
      resumeMs: 30_000,
      maxMessageBytes: 16_384,
      maxRoomMembers: 10_000,
      roomTtlMs: 86_400_000,
      unusedRoomTtlMs: 3_600_000,
      rates: undefined,
      onLogged() {},
      ...parts,
    })
    void controller.start()
    await clock.advance(0)
    return controller
  }

  /** Joins and, in the order of the clock, waits for it. */
  const join = async (controller: Controller, roomId: RoomId) => {
    const connection = new FakeConnection()
    const joining = controller.join(roomId, connection)
    joining.catch(() => {})
    await clock.advance(400)
    return { member: await joining, connection }
  }

  /** As join, for a member that can be resumed. */
  const joinResumable = async (controller: Controller, roomId: RoomId, wish: JoinWish = {}) => {
    const connection = new FakeConnection()
    const joining = controller.joinResumable(roomId, connection, wish)
    joining.catch(() => {})
    await clock.advance(400)
    return { ...(await joining), connection }
  }

  const ownersOn = (controller: Controller): Owners => new Owners({ roomOwners, ids, controller })

  const logOf = async (roomId: RoomId) => {
    const page = await repository.read(roomId, { after: 0, limit: 1_000_000 })
    if (page === undefined || page === 'cursor_unknown') throw new Error('no such room')
    return page.messages
  }

  return { clock, repository, queue, ids, startNode, join, joinResumable, ownersOn, logOf }
}
