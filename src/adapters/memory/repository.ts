import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../ports/clock.ts'
import { RoomError } from '../../ports/errors.ts'
import type {
  AddressMark,
  Code,
  LoggedMessage,
  MemberId,
  MessageId,
  NodeId,
  OwnerHash,
  ResumeHash,
  Room,
  RoomId,
  RoomSettings,
  Seq,
} from '../../ports/model.ts'
import type {
  Append,
  Appended,
  Attachment,
  Budget,
  ChangedRoom,
  CodeTerms,
  Expired,
  LastSeq,
  ListedRoom,
  LogPage,
  LogRange,
  MemberPlace,
  NamedRoom,
  NewRoom,
  Page,
  Range,
  ReapTimes,
  Repository,
  Resumed,
  RoomInfo,
  RoomTtls,
  RoomWithMembers,
  Roster,
  SeenSeq,
  StoredMember,
} from '../../ports/repository.ts'
import { Codes } from './codes.ts'
import { LifeTimes } from './life-times.ts'
import { isMessage, type StoredRow, toLogRow } from './log.ts'
import { Members, type Stored } from './members.ts'
import { pageOf, upTo } from './page.ts'
import { RoomLogs } from './room-logs.ts'
import { rosterOf } from './roster.ts'
import { chatsWith } from './search.ts'
import { Space } from './space.ts'
import { infoOf, type StoredRoom, storedRoom } from './stored-room.ts'

/** What one step of expiring rooms removes at most. */
const EXPIRE_ROOMS = 1_000
const REMOVE_ROWS = 10_000

interface StoredNode {
  /** By the clock's `now`. */
  leaseUntil: number
  gone: boolean
}

/**
 * The truth in this process, for as long as it runs. Every method but `search` does its work before it
 * returns its promise, so each is atomic. What goes out is frozen or a copy: nobody holds a part of it.
 * Any number of controllers over one of these behave as nodes over one database.
 *
 * What it holds is bounded: a new room, a join or a chat over the limit is refused, and nothing is
 * dropped to make room. A `left` is never refused, because its join took the space for both.
 */
export class MemoryRepository implements Repository {
  readonly #clock: Clock
  readonly #started: number
  readonly #rooms = new Map<RoomId, StoredRoom>()
  readonly #nodes = new Map<NodeId, StoredNode>()
  readonly #messages = new Map<MessageId, StoredRow>()
  readonly #members = new Members<StoredRoom>()
  readonly #codes: Codes<StoredRoom>
  readonly #space: Space
  readonly #lifeTimes = new LifeTimes<StoredRoom>()
  /** Rooms that are gone, and what is left of their logs. */
  readonly #gone = new Set<StoredRoom>()
  readonly #logs: RoomLogs
  readonly #addressKey = randomUUID() + randomUUID()

  /** @param limitBytes how much rooms and messages may take, by the estimate of Space */
  constructor(clock: Clock, limitBytes: number) {
    this.#clock = clock
    this.#started = clock.now()
    this.#codes = new Codes(clock)
    this.#space = new Space(limitBytes)
    this.#logs = new RoomLogs({
      clock,
      rooms: this.#rooms,
      messages: this.#messages,
      members: this.#members,
      space: this.#space,
      lifeTimes: this.#lifeTimes,
    })
  }

  async createRoom(newRoom: NewRoom): Promise<void> {
    if (this.#rooms.has(newRoom.id)) throw new RoomError('invalid', 'There is a room with this id.')
    const room = storedRoom(newRoom, this.#clock)
    if (!this.#space.takeRoom(room, room.settings)) {
      throw new RoomError('overloaded', 'This server has no space for more rooms now.')
    }
    this.#rooms.set(room.id, room)
    this.#lifeTimes.unused(room)
  }

  async findRoom(roomId: RoomId): Promise<RoomWithMembers | undefined> {
    const room = this.#rooms.get(roomId)
    if (room === undefined) return undefined
    const members = Array.from(room.members.values(), ({ id, name }) => ({ id, name }))
    return { id: room.id, name: room.settings.name, members }
  }

  async roomInfo(roomId: RoomId, ttls: RoomTtls): Promise<RoomInfo | undefined> {
    const room = this.#rooms.get(roomId)
    return room && infoOf(room, this.#clock, ttls)
  }

  async rosterAt(roomId: RoomId, seq: Seq, limit: number): Promise<Roster | undefined> {
    const room = this.#rooms.get(roomId)
    return room && rosterOf(room, seq, limit)
  }

  async append(nodeId: NodeId, entries: readonly Append[]): Promise<readonly Appended[]> {
    if (this.#nodes.get(nodeId)?.gone !== false) {
      return entries.map(() => ({ rejected: 'member_gone' }))
    }
    const results: Appended[] = []
    const rejected = new Map<MessageId, Appended>()
    for (const entry of entries) {
      const stored = this.#messages.get(entry.messageId)
      const result =
        stored === undefined
          ? (rejected.get(entry.messageId) ?? this.#logs.append(nodeId, entry))
          : this.#logs.told(stored)
      if ('rejected' in result) rejected.set(entry.messageId, result)
      results.push(result)
    }
    return results
  }

  async read(roomId: RoomId, range: Range): Promise<Page | 'cursor_unknown' | undefined> {
    const room = this.#rooms.get(roomId)
    if (room === undefined) return undefined
    return pageOf(room.log, range, (id) => this.#seqIn(roomId, id))
  }

  async keepRooms(rooms: readonly NamedRoom[], ms: number): Promise<void> {
    for (const { id, name, topic } of rooms) {
      if (!this.#rooms.has(id)) await this.createRoom({ id, name, topic, public: true })
      const room = this.#rooms.get(id)
      if (room === undefined) continue
      room.settings = { ...room.settings, name, topic, public: true }
      room.keptUntil = this.#clock.now() + ms
    }
  }

  async publicRooms(after: RoomId | undefined, limit: number): Promise<readonly ListedRoom[]> {
    return [...this.#rooms.values()]
      .filter(({ id, settings }) => settings.public && (after === undefined || id > after))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit)
      .map(({ id, settings: { name, topic }, members }) => ({
        id,
        name,
        topic,
        memberCount: members.size,
      }))
  }

  async createCode(
    roomId: RoomId,
    code: Code,
    terms: CodeTerms,
  ): Promise<number | 'taken' | 'room_full' | 'full' | undefined> {
    const room = this.#rooms.get(roomId)
    return room && this.#codes.add(room, code, terms)
  }

  async takeCode(
    code: Code,
    guesses: Budget,
  ): Promise<Room | { readonly waitMs: number } | undefined> {
    const room = this.#codes.take(code, guesses)
    if (room === undefined || 'waitMs' in room) return room
    return this.#rooms.get(room.id) === room ? { id: room.id, name: room.settings.name } : undefined
  }

  async search(
    roomId: RoomId,
    words: readonly string[],
    range: Range,
  ): Promise<readonly LoggedMessage[] | 'cursor_unknown' | undefined> {
    const room = this.#rooms.get(roomId)
    if (room === undefined) return undefined
    const found = await chatsWith(room.log, words, range, (id) => this.#seqIn(roomId, id))
    // It takes its time, unlike everything else here.
    return this.#rooms.get(roomId) === room ? found : undefined
  }

  async indexWords(): Promise<boolean> {
    return false
  }

  async readLog(
    roomId: RoomId,
    { after, limit, maxBytes }: LogRange,
  ): Promise<LogPage | undefined> {
    const room = this.#rooms.get(roomId)
    if (room === undefined) return undefined
    const { log, settings } = room
    const rows = log.slice(after, after + limit).map((row) => toLogRow(row, log, settings))
    return { rows: upTo(maxBytes, rows), lastSeq: log.length }
  }

  async resume(
    nodeId: NodeId,
    roomId: RoomId,
    resumeHash: ResumeHash,
    resumeMs: number,
    address?: AddressMark,
  ): Promise<Resumed | undefined> {
    const member = this.#members.withResume(resumeHash)
    if (member?.room.id !== roomId || this.#nodes.get(nodeId)?.gone !== false) return undefined
    if (!this.#rooms.has(roomId)) return undefined
    const { detachedAt } = member
    if (detachedAt !== undefined && this.#clock.now() - detachedAt >= resumeMs) return undefined
    this.#members.attach(member, nodeId)
    member.address = address ?? member.address
    const { id: memberId, name: memberName, attachment, room } = member
    return { memberId, memberName, attachment, lastSeq: room.log.length }
  }

  async findMember(roomId: RoomId, resumeHash: ResumeHash): Promise<MemberId | undefined> {
    const member = this.#members.withResume(resumeHash)
    return member?.room.id === roomId && this.#rooms.has(roomId) ? member.id : undefined
  }

  async detach(attachments: readonly Attachment[]): Promise<void> {
    for (const { memberId, attachment } of attachments) {
      const member = this.#members.get(memberId)
      if (member?.resumeHash === undefined || member.detachedAt !== undefined) continue
      if (member.attachment === attachment) this.#members.detach(member, this.#clock.now())
    }
  }

  async lastSeqs(seen: readonly SeenSeq[]): Promise<readonly LastSeq[]> {
    return seen
      .map(({ roomId }) => ({ roomId, seq: this.#rooms.get(roomId)?.log.length }))
      .filter(({ seq }, index) => seq !== seen[index]?.seq)
  }

  async holdLease(nodeId: NodeId, leaseMs: number, kind: 'take' | 'renew'): Promise<boolean> {
    const leaseUntil = this.#clock.now() + leaseMs
    const node = this.#nodes.get(nodeId)
    if (node === undefined) {
      if (kind === 'take') this.#nodes.set(nodeId, { leaseUntil, gone: false })
      return kind === 'take'
    }
    if (!node.gone) node.leaseUntil = leaseUntil
    return !node.gone
  }

  async reap(
    whom: NodeId | 'lapsed',
    { leaseMs, resumeMs }: ReapTimes,
    limit: number,
  ): Promise<readonly LoggedMessage[]> {
    const now = this.#clock.now()
    if (whom === 'lapsed' && now < this.#started + leaseMs) return []
    const lefts: LoggedMessage[] = []
    const removeOne = (member: Stored<StoredRoom>): void => {
      this.#logs.remove(member)
      const entry = { messageId: randomUUID() as MessageId, memberId: member.id }
      lefts.push(this.#logs.say(member, entry, 'left', `${member.name} left the room.`))
    }
    for (const [nodeId, node] of this.#nodes) {
      if (whom === 'lapsed' ? node.leaseUntil < now : nodeId === whom) node.gone = true
      if (!node.gone || (whom !== 'lapsed' && nodeId !== whom)) continue
      for (const member of this.#members.of(nodeId)) {
        if (member.resumeHash !== undefined) this.#members.detach(member, now)
        else if (lefts.length < limit) removeOne(member)
      }
      // Its row goes last: without one it can neither renew nor append, and has nothing to reap.
      if (this.#members.of(nodeId).size === 0) this.#nodes.delete(nodeId)
    }
    if (whom === 'lapsed') {
      for (const member of this.#members.detachedUntil(now - resumeMs)) {
        if (lefts.length === limit) break
        removeOne(member)
      }
    }
    return lefts.sort((a, b) =>
      a.roomId < b.roomId ? -1 : a.roomId > b.roomId ? 1 : a.seq - b.seq,
    )
  }

  async expireRooms({ roomTtlMs, unusedRoomTtlMs }: RoomTtls): Promise<Expired> {
    this.#codes.removeExpired()
    const now = this.#clock.now()
    const ended = this.#lifeTimes.end(now, roomTtlMs, unusedRoomTtlMs, EXPIRE_ROOMS)
    for (const room of ended) this.#end(room)
    let rows = 0
    for (const room of this.#gone) {
      while (rows < REMOVE_ROWS) {
        const row = room.log.pop()
        if (row === undefined) break
        this.#messages.delete(row.id)
        rows += 1
      }
      if (rows === REMOVE_ROWS) break
      this.#gone.delete(room)
      this.#space.giveBack(room)
    }
    return { rooms: ended.length, more: ended.length === EXPIRE_ROOMS || this.#gone.size > 0 }
  }

  async findOwner(roomId: RoomId): Promise<OwnerHash | 'none' | undefined> {
    const room = this.#rooms.get(roomId)
    return room && (room.ownerHash ?? 'none')
  }

  async changeRoom(
    roomId: RoomId,
    messageId: MessageId,
    changes: Partial<RoomSettings>,
  ): Promise<ChangedRoom | undefined> {
    const room = this.#rooms.get(roomId)
    if (room === undefined) return undefined
    const settings = Object.freeze({ ...room.settings, ...changes })
    const isNew = !isDeepStrictEqual(settings, room.settings)
    room.settings = settings
    if (!isNew || room.log.length === 0) return { settings, row: undefined }
    const { seq, sent } = this.#logs.change(room, 'settings', messageId, 0)
    return { settings, row: { type: 'settings', roomId, seq, sent, ...settings } }
  }

  async endRoom(roomId: RoomId): Promise<boolean> {
    const room = this.#rooms.get(roomId)
    if (room === undefined) return false
    for (const member of room.members.values()) this.#members.remove(member)
    this.#lifeTimes.occupied(room)
    this.#end(room)
    return true
  }

  async removeMember(
    { roomId, memberId }: MemberPlace,
    messageId: MessageId,
    keepOutMs: number,
  ): Promise<LoggedMessage | undefined> {
    const member = this.#rooms.get(roomId)?.members.get(memberId)
    if (member === undefined) return undefined
    const { room, address, name } = member
    const now = this.#clock.now()
    const keepOut = (room.keepOut ??= new Map<AddressMark, number>())
    for (const [mark, until] of keepOut) if (until <= now) keepOut.delete(mark)
    if (address !== undefined) keepOut.set(address, now + keepOutMs)
    this.#logs.remove(member)
    const entry = { messageId, memberId, removed: true } as const
    return this.#logs.say(member, entry, 'left', `${name} left the room.`)
  }

  async addressKey(): Promise<string> {
    return this.#addressKey
  }

  async membersOf(nodeId: NodeId): Promise<readonly StoredMember[]> {
    return Array.from(this.#members.of(nodeId), ({ id, room, attachment, resumeHash }) => ({
      memberId: id,
      roomId: room.id,
      attachment,
      resumable: resumeHash !== undefined,
    }))
  }

  async ping(): Promise<void> {}

  #end(room: StoredRoom): void {
    this.#rooms.delete(room.id)
    this.#codes.removeOf(room)
    this.#gone.add(room)
  }

  /** The seq of a message, which a change is not. */
  #seqIn(roomId: RoomId, id: MessageId): Seq | undefined {
    const row = this.#messages.get(id)
    return row?.roomId === roomId && isMessage(row) ? row.seq : undefined
  }
}
