import { openMemory } from '../../../src/adapters/memory/open.ts'
import { SystemIds } from '../../../src/adapters/system/ids.ts'
import { Controller } from '../../../src/domain/controller.ts'
import type { Joined } from '../../../src/domain/joins.ts'
import type { Member, Sent } from '../../../src/domain/member.ts'
import type { Ids } from '../../../src/ports/ids.ts'
import type { Log } from '../../../src/ports/log.ts'
import type { RoomId } from '../../../src/ports/model.ts'
import { encodeLine, FakeConnection } from '../../fake-connection.ts'
import { CountingMeter } from '../../counting-meter.ts'
import { FakeClock } from '../../fake-clock.ts'
import { Random } from '../../random.ts'
import { faultyRepository, LossyBus, Process, type Weather } from './faults.ts'

const LEASE_MS = 10_000
const RESUME_MS = 15_000

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

interface Node {
  readonly process: Process
  readonly controller: Controller
}

/** One connection that was let in, and what its member said. */
export interface Visit {
  readonly node: Node
  readonly member: Member
  readonly connection: FakeConnection
  readonly said: string[]
  /** The client hung up, or its node died. */
  over: boolean
  /** Of a member that can be resumed, as it was told of its room. */
  readonly resumable: Resumable | undefined
}

interface Resumable extends Omit<Joined, 'member'> {
  /** The seq that it held when it came; undefined: it began with its own `joined`. */
  readonly after: number | undefined
  /** By text, which is its ref too: what was answered, undefined as long as nothing was. */
  readonly answers: Map<string, (Sent | undefined)[]>
}

/** Someone whose connection was lost, and who may come back. */
interface Away {
  readonly roomId: RoomId
  readonly resume: string
  readonly after: number
  /** What it said and got no answer to. */
  readonly unanswered: readonly string[]
}

export const calm = (): Weather => ({
  repositoryDown: false,
  refuse: 0,
  loseReply: 0,
  late: 0,
  drop: 0,
  double: 0,
  queueDown: false,
})

const storm: Partial<Weather> = {
  refuse: 0.05,
  loseReply: 0.1,
  late: 0.3,
  drop: 0.2,
  double: 0.1,
}

/** Some nodes, one repository, a lossy bus, and people who come, talk and go, all from one seed. */
export class Cluster {
  readonly clock = new FakeClock()
  readonly repository = openMemory(this.clock, 1 << 28).repository
  readonly weather: Weather = calm()
  readonly random: Random
  readonly bus: LossyBus
  /** Of all nodes. */
  readonly meter = new CountingMeter()
  readonly nodes: Node[] = []
  readonly visits: Visit[] = []
  readonly connections: FakeConnection[] = []
  readonly rooms: RoomId[] = []
  readonly #away: Away[] = []
  readonly #ids: Ids = new SystemIds()
  #texts = 0

  constructor(seed: number) {
    this.random = new Random(seed)
    this.bus = new LossyBus(this.clock, this.weather, this.random)
  }

  async open(nodes: number, rooms: number): Promise<void> {
    for (let count = 0; count < nodes; count += 1) this.#startNode()
    for (let count = 0; count < rooms; count += 1) {
      const room = { id: this.#ids.roomId(), name: 'Simulated Room' }
      await this.repository.createRoom(room)
      this.rooms.push(room.id)
    }
    await this.clock.advance(100)
    Object.assign(this.weather, storm)
  }

  /** One thing happens, then a little time passes. */
  async step(): Promise<void> {
    const dice = this.random.below(1_000)
    if (dice < 550) this.#say()
    else if (dice < 700) this.#join()
    else if (dice < 820) this.#joinResumable()
    else if (dice < 950) this.#hangUp()
    else if (dice < 958) this.#kill(this.random.pick(this.nodes))
    else if (dice < 978) this.#freeze(this.random.pick(this.nodes))
    else if (dice < 983) this.#drain(this.random.pick(this.nodes))
    else if (dice < 990) this.#outage('repositoryDown')
    else if (dice < 996) this.#outage('queueDown')
    else this.bus.interrupt()
    await this.clock.advance(
      this.random.chance(0.06) ? this.random.below(5_000) : this.random.below(40),
    )
  }

  /** Ends all faults and waits as long as the guarantees may take. */
  async heal(): Promise<void> {
    Object.assign(this.weather, calm())
    for (const { process } of this.nodes) process.thaw()
    await this.clock.advance(60_000)
  }

  /** Everybody leaves. */
  async empty(): Promise<void> {
    for (const visit of this.visits) this.#end(visit, 'quit')
    await this.clock.advance(60_000)
  }

  #connect(): FakeConnection {
    const connection = new FakeConnection()
    this.connections.push(connection)
    return connection
  }

  #startNode(): void {
    const process = new Process(this.clock)
    const controller = new Controller({
      repository: faultyRepository(this.repository, process, this.weather, this.random),
      queue: this.bus.linkOf(process),
      clock: process.clock,
      ids: { ...idsOf(this.#ids), random: () => this.random.next() },
      log: silent,
      meter: this.meter,
      encode: encodeLine,
      leaseMs: LEASE_MS,
      resumeMs: RESUME_MS,
      maxMessageBytes: 16_384,
      maxRoomMembers: 12,
      roomTtlMs: 86_400_000,
      unusedRoomTtlMs: 3_600_000,
      rates: undefined,
      onLogged() {},
    })
    this.nodes.push({ process, controller })
    void controller.start()
  }

  #join(): void {
    const node = this.random.pick(this.nodes)
    const connection = this.#connect()
    if (node.process.frozen) return
    node.controller.join(this.random.pick(this.rooms), connection).then(
      (member) => {
        const over = node.process.dead
        this.visits.push({ node, member, connection, said: [], over, resumable: undefined })
      },
      () => {},
    )
  }

  /** Someone new, or someone who was here, with what is held: all, nothing, or what it had. */
  #joinResumable(): void {
    const node = this.random.pick(this.nodes)
    if (node.process.frozen) return
    const back = this.#away.length > 0 && this.random.chance(0.7)
    const away = back ? this.random.pick(this.#away) : undefined
    // Most come back once; who comes twice wants to be in two places.
    if (away && this.random.chance(0.8)) this.#away.splice(this.#away.indexOf(away), 1)
    const roomId = away?.roomId ?? this.random.pick(this.rooms)
    const after = away?.after ?? (this.random.chance(0.3) ? 0 : undefined)
    const wish = {
      ...(after === undefined ? {} : { after }),
      ...(away ? { resume: away.resume } : {}),
    }
    const connection = this.#connect()
    node.controller.joinResumable(roomId, connection, wish).then(
      ({ member, ...room }) => {
        const visit: Visit = {
          node,
          member,
          connection,
          said: [],
          over: node.process.dead,
          resumable: { ...room, after, answers: new Map() },
        }
        this.visits.push(visit)
        if (away?.resume !== room.resume) return
        for (const text of away.unanswered) this.#sayIn(visit, text)
      },
      () => {
        if (away) this.#away.push(away)
      },
    )
  }

  #talking(): Visit | undefined {
    const visits = this.visits.filter(
      ({ node, connection, over }) => !over && !connection.closed && !node.process.frozen,
    )
    return visits.length > 0 ? this.random.pick(visits) : undefined
  }

  #say(): void {
    const visit = this.#talking()
    if (!visit) return
    const burst = this.random.chance(0.1) ? 20 : 1
    for (let count = 0; count < burst; count += 1) {
      this.#sayIn(visit, `text ${(this.#texts += 1)}`)
    }
  }

  #sayIn({ said, member, resumable }: Visit, text: string): void {
    said.push(text)
    if (!resumable) return member.post(text)
    const times = this.random.chance(0.2) ? 2 : 1
    const answers = Array.from({ length: times }, () => undefined) as (Sent | undefined)[]
    resumable.answers.set(text, answers)
    for (let index = 0; index < times; index += 1) {
      member.send(text.replace(' ', '-'), text, (sent) => {
        answers[index] = sent
      })
    }
  }

  #hangUp(): void {
    const visit = this.#talking()
    if (visit) this.#end(visit, visit.resumable && this.random.chance(0.3) ? 'quit' : 'leave')
  }

  #end(visit: Visit, how: 'quit' | 'leave'): void {
    if (visit.over) return
    visit.over = true
    if (!visit.node.process.dead) visit.member[how]()
    if (how === 'leave') void this.#goAway(visit)
  }

  /** What its last message was tells what it holds. */
  async #goAway({ member, connection, resumable, said }: Visit): Promise<void> {
    if (!resumable || connection.closed === 'replaced') return
    const page = await this.repository.read(member.roomId, { after: 0, limit: 1_000_000 })
    const messages = typeof page === 'object' ? page.messages : []
    const last = connection.messages.at(-1)
    const held = messages.find(({ id }) => id === last?.id)?.seq
    this.#away.push({
      roomId: member.roomId,
      resume: resumable.resume,
      after: held ?? resumable.after ?? resumable.seq - 1,
      unanswered: said.filter((text) => resumable.answers.get(text)?.includes(undefined)),
    })
  }

  #kill(node: Node): void {
    this.#replace(node)
    this.#bury(node)
  }

  #replace(node: Node): void {
    this.nodes.splice(this.nodes.indexOf(node), 1)
    this.#startNode()
  }

  #bury(node: Node): void {
    node.process.dead = true
    for (const visit of this.visits) {
      if (visit.node !== node || visit.over) continue
      visit.over = true
      void this.#goAway(visit)
    }
  }

  #freeze({ process }: Node): void {
    process.frozen = true
    this.clock.after(this.random.below(25_000), () => process.thaw())
  }

  #drain(node: Node): void {
    if (node.process.frozen) return
    this.#replace(node)
    const end = () => {
      node.controller.stop()
      this.#bury(node)
    }
    node.controller.drain(1_000).then(end, end)
  }

  #outage(kind: 'repositoryDown' | 'queueDown'): void {
    this.weather[kind] = true
    this.clock.after(this.random.below(12_000), () => {
      this.weather[kind] = false
      if (kind === 'queueDown' && this.random.chance(0.5)) this.bus.interrupt()
    })
  }
}

const idsOf = (ids: Ids): Ids => ({
  roomId: () => ids.roomId(),
  memberId: () => ids.memberId(),
  messageId: () => ids.messageId(),
  nodeId: () => ids.nodeId(),
  messageIdOf: (memberId, ref) => ids.messageIdOf(memberId, ref),
  namedRoomId: (name) => ids.namedRoomId(name),
  code: () => ids.code(),
  resumeSecret: () => ids.resumeSecret(),
  resumeHash: (secret) => ids.resumeHash(secret),
  ownerToken: () => ids.ownerToken(),
  ownerHash: (token) => ids.ownerHash(token),
  isSame: (one, other) => ids.isSame(one, other),
  addressMark: (...args) => ids.addressMark(...args),
  roomName: () => ids.roomName(),
  memberName: () => ids.memberName(),
  random: () => ids.random(),
})
