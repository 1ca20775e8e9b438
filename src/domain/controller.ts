import type { Clock } from '../ports/clock.ts'
import type { Connection, EncodeMessage } from '../ports/connection.ts'
import type { Ids } from '../ports/ids.ts'
import type { Log } from '../ports/log.ts'
import type { DomainGauges, Meter } from '../ports/meter.ts'
import type { LogRow, MemberId, Message, Room as RoomRef, RoomId } from '../ports/model.ts'
import type { Note, Queue } from '../ports/queue.ts'
import type {
  Append,
  MemberPlace,
  NewRoom,
  Repository,
  RoomInfo,
  RoomWithMembers,
  StoredMember,
} from '../ports/repository.ts'
import { AddressMarks } from './address-marks.ts'
import { Attachments } from './attachments.ts'
import { changeOf, Changes, type ChangeWish } from './changes.ts'
import { Disowned } from './disowned.ts'
import { closeInWaves } from './drain.ts'
import { Expirer } from './expirer.ts'
import { Indexer } from './indexer.ts'
import { type Joined, Joins, type JoinWish, noSuchRoom } from './joins.ts'
import type { Departure, Member, MemberHost } from './member.ts'
import { OpenRooms } from './open-rooms.ts'
import { Outbox, type Outcome } from './outbox.ts'
import { Owners } from './owners.ts'
import type { MemberRates } from './pace.ts'
import { Publisher } from './publisher.ts'
import { Reaper } from './reaper.ts'
import { Repairer } from './repairer.ts'
import { Replayer } from './replayer.ts'
import type { Room } from './room.ts'
import { SlowReaders } from './slow-readers.ts'

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
  /** Knows which rooms are to be prepared for search. */
  readonly indexer: Indexer
  readonly #parts: ControllerParts
  readonly #rooms: OpenRooms
  /** Members with a connection here, a join under way, or a `left` that is not stored yet; not those that are attachments. */
  readonly #known = new Set<MemberId>()
  readonly #attachments: Attachments
  readonly #joins: Joins
  readonly #outbox: Outbox
  readonly #reaper: Reaper
  readonly #repairer: Repairer
  readonly #replayer: Replayer
  readonly #publisher: Publisher
  readonly #expirer: Expirer
  readonly #disowned: Disowned
  readonly #slowReaders: SlowReaders
  readonly #memberHost: MemberHost
  readonly #marks: AddressMarks
  readonly owners: Owners
  readonly changes: Changes
  #phase: 'starting' | 'serving' | 'draining' = 'starting'
  /** How many members there were to close when the drain came to that. */
  #toClose: number | undefined

  constructor(parts: ControllerParts) {
    this.#parts = parts
    this.#slowReaders = new SlowReaders(parts.clock)
    const nodeId = () => this.#reaper.nodeId
    this.indexer = new Indexer(parts)
    const onLogged = (rows: readonly LogRow[]) => {
      this.#publisher.logged(rows)
      this.indexer.logged(rows)
    }
    this.#reaper = new Reaper({
      ...parts,
      onLogged,
      onLeaseLost: () => this.#leaseLost(),
      compareRows: () => {
        const { connected } = this.#attachments
        return (stored) => {
          for (const row of stored) this.#judge(row)
          this.#attachments.compare(connected, stored)
        }
      },
    })
    this.#attachments = new Attachments({
      ...parts,
      nodeId,
      onDoubt: () => this.#reaper.compareSoon(),
      onMissing: (member) => this.#disowned.add(member, 'replaced'),
    })
    this.#outbox = new Outbox({
      ...parts,
      onLogged,
      nodeId,
      onAppending: () => this.#publisher.appending(),
    })
    this.#rooms = new OpenRooms({
      ...parts,
      nodeId,
      onNote: (room, note) => this.#heard(room, note),
      onDoubt: (room) => this.#repairer.doubt(room),
      host: {
        clock: parts.clock,
        meter: parts.meter,
        gapIn: (room) => this.#repairer.gapIn(room),
        behind: (...replay) => this.#replayer.start(...replay),
      },
    })
    this.#publisher = new Publisher({
      ...parts,
      nodeId,
      rooms: this.#rooms.byId,
    })
    this.#replayer = new Replayer({ ...parts, rooms: this.#rooms.byId })
    this.#repairer = new Repairer({
      ...parts,
      rooms: this.#rooms.byId,
      onRoomGone: (room) => room.removeAll('room_gone'),
      onLogReset: (room) => {
        for (const member of room.members) member.leave('log_reset')
      },
    })
    this.#expirer = new Expirer(parts)
    this.#disowned = new Disowned({
      clock: parts.clock,
      rooms: this.#rooms.byId,
      reaper: this.#reaper,
      repairer: this.#repairer,
    })
    this.#memberHost = {
      slowReaders: this.#slowReaders,
      maxMessageBytes: parts.maxMessageBytes,
      rates: parts.rates,
      clock: parts.clock,
      meter: parts.meter,
      chat: (member, text, ref, settle) => this.#chat(member, text, ref, settle),
      change: (member, wish, ref, settle) => this.#change(member, wish, ref, settle),
      typing: ({ id, name, roomId }) => this.#publisher.typing(roomId, { id, name }),
      failedMessage: (member, text) => this.#failedMessage(member, text),
      gone: (member, departure) => this.#gone(member, departure),
      disowned: (member) => this.#disowned.add(member, 'lease_lost'),
    }
    this.#marks = new AddressMarks(parts)
    this.#joins = new Joins({
      ...parts,
      marks: this.#marks,
      rooms: this.#rooms,
      outbox: this.#outbox,
      reaper: this.#reaper,
      attachments: this.#attachments,
      memberHost: this.#memberHost,
      known: this.#known,
      accepting: () => this.accepting,
      storeLeft: (place) => this.#storeLeft(place),
    })
    this.owners = new Owners({
      ...parts,
      rooms: this.#rooms,
      publisher: this.#publisher,
      expirer: this.#expirer,
    })
    this.changes = new Changes({
      ...parts,
      outbox: this.#outbox,
      owners: this.owners,
      accepting: () => this.accepting,
    })
  }

  /** Whether this node takes joins now. */
  get accepting(): boolean {
    return this.#phase === 'serving'
  }

  /** How many of each this node holds now. */
  get holds(): { readonly rooms: number; readonly members: number; readonly waiting: number } {
    const members = this.#known.size + this.#attachments.size
    return { rooms: this.#rooms.byId.size, members, waiting: this.#outbox.depth }
  }

  get gauges(): DomainGauges {
    let members = 0
    for (const room of this.#rooms.byId.values()) members += room.members.size
    return {
      rooms: this.#rooms.byId.size,
      members,
      outboxEntries: this.#outbox.depth,
      leaseAgeMs: this.#reaper.leaseAgeMs,
      sweepLagMs: this.#repairer.sweepLagMs,
      drained: this.#toClose === undefined ? 0 : 1 - members / Math.max(1, this.#toClose),
    }
  }

  /** Takes this node's lease and begins to serve. Waits as long as the repository does not answer. */
  async start(): Promise<void> {
    await this.#reaper.start()
    await this.#marks.start()
    if (this.#phase !== 'starting') return
    this.#phase = 'serving'
    this.#repairer.start()
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
   * Takes no more joins and posts, finishes what is under way, closes all members with `drain` and
   * stores their `left`. Resolves when that is done; the caller bounds the wait.
   * @param spreadMs over how long many members are closed, in jittered waves; few are closed at once
   */
  async drain(spreadMs: number): Promise<void> {
    const served = this.#phase === 'serving'
    this.#phase = 'draining'
    this.#expirer.stop()
    this.indexer.stop()
    await this.#outbox.idle()
    this.#publisher.flush()
    for (const room of this.#rooms.byId.values()) room.flush()
    const rooms = Array.from(this.#rooms.byId.values())
    // Joins that were under way are refused, so the members of now are all there will be.
    const members = rooms.flatMap((room) => Array.from(room.members))
    this.#toClose = members.length
    await closeInWaves(members, spreadMs, this.#parts)
    this.#reaper.stop()
    if (served) await this.#reaper.reapSelf()
    this.#publisher.flush()
  }

  /** Stops all timers. Nothing is stored or delivered afterwards. */
  stop(): void {
    this.#phase = 'draining'
    for (const room of this.#rooms.byId.values()) room.removeAll('drain')
    this.#outbox.stop()
    this.#publisher.stop()
    this.#attachments.stop()
    this.#marks.stop()
    this.#replayer.stop()
    this.#repairer.stop()
    this.#expirer.stop()
    this.indexer.stop()
    this.#reaper.stop()
    this.#slowReaders.stop()
  }

  #chat(
    member: Member,
    text: string,
    ref: string | undefined,
    settle: (outcome: Outcome) => void,
  ): 'draining' | 'overloaded' | undefined {
    const { ids } = this.#parts
    const { id: memberId, roomId } = member
    const messageId = ref === undefined ? ids.messageId() : ids.messageIdOf(memberId, ref)
    return this.#put({ type: 'chat', roomId, memberId, messageId, message: text }, settle)
  }

  #change(
    { id, roomId }: Member,
    wish: ChangeWish,
    ref: string,
    settle: (outcome: Outcome) => void,
  ): 'draining' | 'overloaded' | undefined {
    return this.#put(changeOf(roomId, id, this.#parts.ids.messageIdOf(id, ref), wish), settle)
  }

  #put(entry: Append, settle: (outcome: Outcome) => void): 'draining' | 'overloaded' | undefined {
    if (!this.accepting) return 'draining'
    return this.#outbox.add(entry, settle) ? undefined : 'overloaded'
  }

  #failedMessage(member: Member, text: string): Message {
    return {
      id: this.#parts.ids.messageId(),
      roomId: member.roomId,
      memberId: member.id,
      memberName: member.name,
      type: 'failed',
      message: text,
      sent: this.#parts.clock.wallTime(),
    }
  }

  #heard(room: Room, note: Note): void {
    if (note.kind === 'typing') room.showTyping(note.member)
    else if (note.kind === 'changed') this.#repairer.doubt(room)
    else this.#attachments.heard(note)
  }

  #gone(member: Member, departure: Departure): void {
    const { id: memberId, roomId, attachment } = member
    const room = this.#rooms.byId.get(roomId)
    room?.members.delete(member)
    this.#attachments.forget(member)
    if (departure === 'removed') this.#known.delete(memberId)
    else if (departure === 'lost' && attachment > 0) {
      this.#attachments.detach({ memberId, attachment })
    } else this.#storeLeft({ memberId, roomId })
    if (room) this.#rooms.closeIfEmpty(room)
  }

  /**
   * A row of this node that nobody stands behind is not left there. Only rows that were read before
   * are judged, and a member that is resumed meanwhile has another attachment, so a stray stays one.
   */
  #judge(row: StoredMember): void {
    if (this.#known.has(row.memberId) || this.#attachments.isKnown(row)) return
    if (row.resumable) this.#attachments.detach(row)
    else this.#storeLeft(row)
  }

  #storeLeft({ memberId, roomId }: MemberPlace): void {
    this.#known.add(memberId)
    this.#outbox.add(
      { type: 'left', roomId, memberId, messageId: this.#parts.ids.messageId() },
      () => this.#known.delete(memberId),
    )
  }

  #leaseLost(): void {
    for (const room of this.#rooms.byId.values()) room.removeAll('lease_lost')
  }
}
