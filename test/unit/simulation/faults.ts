import type { Cancel, Clock } from '../../../src/ports/clock.ts'
import { RoomError } from '../../../src/ports/errors.ts'
import type { RoomId } from '../../../src/ports/model.ts'
import type { Queue, QueueHandlers, Subscription } from '../../../src/ports/queue.ts'
import type { Repository } from '../../../src/ports/repository.ts'
import type { Random } from '../../random.ts'

/** How badly the world treats a run; all of it ends when the simulation heals. */
export interface Weather {
  /** No call reaches the repository. */
  repositoryDown: boolean
  /** How often a call is refused before it does anything. */
  refuse: number
  /** How often a call does its work and its reply is lost. */
  loseReply: number
  /** How often a lost call does its work only later, up to three seconds. */
  late: number
  /** How often a published run does not reach a subscriber, or reaches it twice. */
  drop: number
  double: number
  /** Nothing published arrives; subscribers are told afterwards, or not. */
  queueDown: boolean
}

/** One process: while it is frozen nothing happens in it, once it is dead nothing ever does. */
export class Process {
  frozen = false
  dead = false
  #held: (() => void)[] = []

  constructor(readonly world: Clock) {}

  /** Runs a callback in this process, now or when it thaws. */
  run(callback: () => void): void {
    if (this.dead) return
    if (this.frozen) this.#held.push(callback)
    else callback()
  }

  thaw(): void {
    this.frozen = false
    for (const callback of this.#held.splice(0)) this.run(callback)
  }

  readonly clock: Clock = {
    now: () => this.world.now(),
    wallTime: () => this.world.wallTime(),
    soon: (callback) => this.world.soon(() => this.run(callback)),
    after: (ms, callback): Cancel => {
      let cancelled = false
      const cancel = this.world.after(ms, () => this.run(() => cancelled || callback()))
      return () => {
        cancelled = true
        cancel()
      }
    },
  }
}

/** A process's link to the repository: slow, and with faults. What was sent may arrive after all. */
export const faultyRepository = (
  real: Repository,
  process: Process,
  weather: Weather,
  random: Random,
): Repository => {
  const call = <T>(work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const { world } = process
      const reply = (answer: () => void) => world.after(random.below(8), () => process.run(answer))
      const fail = (code: 'unavailable' | 'unknown') =>
        reply(() => reject(new RoomError(code, 'simulated')))
      const goOn = () => {
        if (process.dead) return
        if (weather.repositoryDown || random.chance(weather.refuse)) {
          fail('unavailable')
        } else if (random.chance(weather.loseReply)) {
          const delay = random.chance(weather.late) ? random.below(3_000) : 0
          world.after(delay, () => void work().catch(() => {}))
          fail('unknown')
        } else {
          work().then(
            (result) => reply(() => resolve(result)),
            (error: unknown) => reply(() => reject(error)),
          )
        }
      }
      world.after(random.below(8), goOn)
    })
  return {
    createRoom: (room) => real.createRoom(room),
    findRoom: (roomId) => real.findRoom(roomId),
    roomInfo: (roomId, ttls) => real.roomInfo(roomId, ttls),
    rosterAt: (roomId, seq, limit) => call(() => real.rosterAt(roomId, seq, limit)),
    resume: (...args) => call(() => real.resume(...args)),
    detach: (attachments) => call(() => real.detach(attachments)),
    append: (nodeId, entries) => call(() => real.append(nodeId, entries)),
    read: (roomId, range) => call(() => real.read(roomId, range)),
    readLog: (roomId, range) => call(() => real.readLog(roomId, range)),
    findMember: (roomId, hash) => call(() => real.findMember(roomId, hash)),
    addressKey: () => real.addressKey(),
    lastSeqs: (seen) => call(() => real.lastSeqs(seen)),
    holdLease: (nodeId, leaseMs, kind) => call(() => real.holdLease(nodeId, leaseMs, kind)),
    reap: (whom, times, limit) => call(() => real.reap(whom, times, limit)),
    expireRooms: (ttls) => call(() => real.expireRooms(ttls)),
    membersOf: (nodeId) => call(() => real.membersOf(nodeId)),
    ping: () => call(() => real.ping()),
  }
}

interface Listener {
  readonly process: Process
  readonly handlers: QueueHandlers
}

/** A bus that loses, doubles, delays and reorders. */
export class LossyBus {
  readonly #listeners = new Map<RoomId, Set<Listener>>()

  constructor(
    readonly clock: Clock,
    readonly weather: Weather,
    readonly random: Random,
  ) {}

  /** Subscriptions of processes that live. */
  get subscriptions(): number {
    const listeners = [...this.#listeners.values()].flatMap((ofRoom) => [...ofRoom])
    return listeners.filter(({ process }) => !process.dead).length
  }

  /** Tells every subscriber that messages may have been missed. */
  interrupt(): void {
    for (const listeners of this.#listeners.values()) {
      for (const { process, handlers } of listeners) process.run(() => handlers.onInterrupted())
    }
  }

  linkOf(process: Process): Queue {
    return {
      publish: async (roomId, from, run) => {
        if (this.weather.queueDown) throw new RoomError('unavailable', 'simulated')
        this.#deliver(roomId, (handlers) => handlers.onRun(from, run))
      },
      tell: async (roomId, from, note) => {
        if (this.weather.queueDown) throw new RoomError('unavailable', 'simulated')
        this.#deliver(roomId, (handlers) => handlers.onNote(from, note))
      },
      subscribe: (roomId, handlers) => this.#subscribe(roomId, { process, handlers }),
      ping: async () => {},
    }
  }

  #subscribe(roomId: RoomId, listener: Listener): Subscription {
    const listeners = this.#listeners.get(roomId) ?? new Set()
    this.#listeners.set(roomId, listeners)
    let closed = false
    const live = new Promise<void>((resolve) => {
      this.clock.after(this.random.below(400), () => {
        if (!closed && !listener.process.dead) listeners.add(listener)
        listener.process.run(resolve)
      })
    })
    return {
      live,
      close: () => {
        closed = true
        listeners.delete(listener)
      },
    }
  }

  #deliver(roomId: RoomId, hand: (handlers: QueueHandlers) => void): void {
    for (const listener of this.#listeners.get(roomId) ?? []) {
      if (this.random.chance(this.weather.drop)) continue
      const copies = this.random.chance(this.weather.double) ? 2 : 1
      for (let copy = 0; copy < copies; copy += 1) {
        this.clock.after(this.random.below(60), () => {
          if (!this.#listeners.get(roomId)?.has(listener)) return
          listener.process.run(() => hand(listener.handlers))
        })
      }
    }
  }
}
