import type { Append } from '../ports/append.ts'
import type { Clock } from '../ports/clock.ts'
import type { CloseReason, Connection, EncodeMessage } from '../ports/connection.ts'
import type { Ids } from '../ports/ids.ts'
import type { Log } from '../ports/log.ts'
import type { DomainGauges, Meter } from '../ports/meter.ts'
import type { LogRow, Room as RoomRef, RoomId } from '../ports/model.ts'
import type { Queue } from '../ports/queue.ts'
import type { NewRoom, Repository, RoomInfo, RoomWithMembers } from '../ports/repository.ts'
import { AddressMarks } from './address-marks.ts'
import { Attachments } from './attachments.ts'
import { Delivery } from './delivery.ts'
import { closeInWaves } from './drain.ts'
import { Expirer } from './expirer.ts'
import { type Joined, Joins, type JoinWish, noSuchRoom } from './joins.ts'
import type { Member } from './member.ts'
import { Members } from './members.ts'
import { type NotTaken, Outbox, type Outcome } from './outbox.ts'
import type { MemberRates } from './pace.ts'
import { Reaper } from './reaper.ts'
import type { Room } from './room.ts'

export interface ControllerParts {
  readonly repository: Repository
  readonly queue: Queue
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  readonly meter: Meter
  readonly encode: EncodeMessage
  readonly leaseMs: number
  /** How long a member without a connection can be resumed, in milliseconds. */
  readonly resumeMs: number
  readonly maxMessageBytes: number
  readonly maxRoomMembers: number
  /** How long a room without members stays, in milliseconds: see RoomTtls. */
  readonly roomTtlMs: number
  readonly unusedRoomTtlMs: number
  /** How fast a member may send; undefined: as fast as it can. */
  readonly rates: MemberRates | undefined
  /** Gets what was stored through this node, the rows of each room in seq order. */
  readonly onLogged: (rows: readonly LogRow[]) => void
}

/** What its creator wants of a room. */
export interface RoomWish extends Partial<Omit<NewRoom, 'id' | 'ownerHash'>> {
  /** It is to have an owner, who gets a token. */
  readonly owned?: boolean
}

export interface CreatedRoom extends RoomRef {
  readonly ownerToken: string | undefined
}

/**
 * The entry point of the domain: creates rooms, lets members in, and knows which rooms are open on
 * this node. Any number of controllers over the same repository and queue serve the same rooms.
 */
export class Controller {
  readonly #parts: ControllerParts
  readonly #reaper: Reaper
  readonly #attachments: Attachments
  readonly #outbox: Outbox
  readonly #delivery: Delivery
  readonly #members: Members
  readonly #marks: AddressMarks
  readonly #joins: Joins
  readonly #expirer: Expirer
  #phase: 'starting' | 'serving' | 'draining' = 'starting'
  /** How many members there were to close when the drain came to that. */
  #toClose: number | undefined

  constructor(parts: ControllerParts) {
    this.#parts = parts
    const nodeId = () => this.#reaper.nodeId
    const onLogged = (rows: readonly LogRow[]) => this.logged(rows)
    this.#reaper = new Reaper({
      ...parts,
      onLogged,
      onLeaseLost: () => this.#removeAll('lease_lost'),
      compareRows: () => this.#members.compareRows(),
    })
    this.#attachments = new Attachments({
      ...parts,
      nodeId,
      onDoubt: () => this.#reaper.compareSoon(),
      onMissing: (member) => this.#members.disowned(member, 'replaced'),
    })
    this.#outbox = new Outbox({
      ...parts,
      onLogged,
      nodeId,
      onAppending: () => this.#delivery.appending(),
    })
    this.#delivery = new Delivery({
      ...parts,
      nodeId,
      onResumed: (attachment) => this.#attachments.heard(attachment),
    })
    this.#members = new Members({
      ...parts,
      outbox: this.#outbox,
      delivery: this.#delivery,
      attachments: this.#attachments,
      reaper: this.#reaper,
      post: (entry, settle) => this.post(entry, settle),
    })
    this.#marks = new AddressMarks(parts)
    this.#joins = new Joins({
      ...parts,
      marks: this.#marks,
      rooms: this.#delivery.rooms,
      outbox: this.#outbox,
      reaper: this.#reaper,
      attachments: this.#attachments,
      members: this.#members,
      accepting: () => this.accepting,
    })
    this.#expirer = new Expirer(parts)
  }

  /** Whether this node takes joins now. */
  get accepting(): boolean {
    return this.#phase === 'serving'
  }

  /** How many of each this node holds now. */
  get holds(): { readonly rooms: number; readonly members: number; readonly waiting: number } {
    const members = this.#members.known.size + this.#attachments.size
    return { rooms: this.#openRooms.length, members, waiting: this.#outbox.depth }
  }

  get gauges(): DomainGauges {
    const rooms = this.#openRooms
    const members = rooms.reduce((sum, room) => sum + room.members.size, 0)
    return {
      rooms: rooms.length,
      members,
      outboxEntries: this.#outbox.depth,
      leaseAgeMs: this.#reaper.leaseAgeMs,
      sweepLagMs: this.#delivery.sweepLagMs,
      drained: this.#toClose === undefined ? 0 : 1 - members / Math.max(1, this.#toClose),
    }
  }

  /** Takes this node's lease and begins to serve. Waits as long as the repository does not answer. */
  async start(): Promise<void> {
    await this.#reaper.start()
    await this.#marks.start()
    if (this.#phase !== 'starting') return
    this.#phase = 'serving'
    this.#delivery.start()
    this.#expirer.start()
  }

  /**
   * Stores a room, with a random name unless it has one.
   * @throws RoomError `overloaded`, `unavailable`, `unknown` (a room that nobody knows may exist), `internal`
   */
  async createRoom({ owned = false, ...options }: RoomWish = {}): Promise<CreatedRoom> {
    const { ids, repository } = this.#parts
    const room = { name: ids.roomName(), ...options, id: ids.roomId() }
    const ownerToken = owned ? ids.ownerToken() : undefined
    const owner = ownerToken === undefined ? {} : { ownerHash: ids.ownerHash(ownerToken) }
    await repository.createRoom({ ...room, ...owner })
    this.#parts.meter.roomCreated()
    return { id: room.id, name: room.name, ownerToken }
  }

  /** @throws RoomError `not_found`, `unavailable`, `internal` */
  async roomInfo(roomId: RoomId): Promise<RoomInfo> {
    const info = await this.#parts.repository.roomInfo(roomId, this.#parts)
    if (!info) throw noSuchRoom()
    return info
  }

  /** @throws RoomError `not_found`, `unavailable`, `internal` */
  async findRoom(roomId: RoomId): Promise<RoomWithMembers> {
    const room = await this.#parts.repository.findRoom(roomId)
    if (!room) throw noSuchRoom()
    return room
  }

  /**
   * Makes a member with a random name. Resolves when the member and its `joined` are stored; from
   * then on the connection gets every message of the room, its own `joined` first.
   * Whoever calls must call the member's `leave` when the connection is lost.
   * @param address where the connection is from, as any text; undefined: nobody knows
   * @throws RoomError `not_found`, `full`, `forbidden` (it is locked, or the owner does not want anyone
   * from there), `draining`, `overloaded`, `unavailable`, `unknown`, `internal`
   */
  join(roomId: RoomId, connection: Connection, address?: string): Promise<Member> {
    return this.#joins.plain(roomId, connection, address)
  }

  /**
   * Makes a member that can be resumed, or is the one again whose secret it gets. Resolves when that
   * is stored and the roster read; the connection gets messages from before that on, so it has to keep
   * them until it has told of the room.
   * Whoever calls must call the member's `leave` when the connection is lost, `quit` when it was closed
   * by its peer.
   * @throws RoomError as `join`
   */
  joinResumable(roomId: RoomId, connection: Connection, wish: JoinWish): Promise<Joined> {
    return this.#joins.resumable(roomId, connection, wish)
  }

  /**
   * Puts an entry on its way into a room's log; settled once, unless it is refused at once with a code.
   */
  post(entry: Append, settle: (outcome: Outcome) => void): NotTaken | undefined {
    if (!this.accepting) return 'draining'
    return this.#outbox.add(entry, settle) ? undefined : 'overloaded'
  }

  /**
   * Tells the members here and the other nodes of what this node has stored.
   * @param rows those of each room in seq order
   */
  logged(rows: readonly LogRow[]): void {
    this.#delivery.logged(rows)
    this.#parts.onLogged(rows)
  }

  /** This node has ended a room: its members here are closed with `room_gone`, and its rows removed. */
  ended(roomId: RoomId): void {
    this.#delivery.ended(roomId)
    this.#expirer.hurry()
  }

  /**
   * Takes no more joins and posts, finishes what is under way, closes all members with `drain` and
   * stores their `left`. Resolves when that is done; the caller bounds the wait.
   * @param spreadMs over how long many members are closed, in jittered waves; few are closed at once
   */
  async drain(spreadMs: number): Promise<void> {
    const served = this.#phase === 'serving'
    this.#phase = 'draining'
    this.#expirer.stop()
    await this.#outbox.idle()
    this.#delivery.flush()
    // Joins that were under way are refused, so the members of now are all there will be.
    const members = this.#openRooms.flatMap((room) => Array.from(room.members))
    this.#toClose = members.length
    await closeInWaves(members, spreadMs, this.#parts)
    this.#reaper.stop()
    if (served) await this.#reaper.reapSelf()
    this.#delivery.flush()
  }

  /** Stops all timers. Nothing is stored or delivered afterwards. */
  stop(): void {
    this.#phase = 'draining'
    this.#removeAll('drain')
    this.#outbox.stop()
    this.#delivery.stop()
    this.#attachments.stop()
    this.#marks.stop()
    this.#expirer.stop()
    this.#reaper.stop()
    this.#members.stop()
  }

  get #openRooms(): readonly Room[] {
    return Array.from(this.#delivery.rooms.byId.values())
  }

  #removeAll(reason: CloseReason): void {
    for (const room of this.#openRooms) room.removeAll(reason)
  }
}
