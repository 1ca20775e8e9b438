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
  StoredType,
} from '../../ports/model.ts'
import type {
  Append,
  AppendDeletion,
  Appended,
  AppendEdit,
  AppendJoined,
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
import { changedBy, judgeChange, toldChange } from './changes.ts'
import { isMessage, type StoredChange, type StoredRow, toLogRow } from './log.ts'
import { freeName, Members, type Stored } from './members.ts'
import { pageOf, upTo } from './page.ts'
import { rosterOf } from './roster.ts'
import { chatsWith } from './search.ts'
import { Space } from './space.ts'
import { infoOf, type StoredRoom, storedRoom } from './stored-room.ts'

/** What one step of expiring rooms removes at most. */
const EXPIRE_ROOMS = 1_000
const REMOVE_ROWS = 10_000

/** What a member says, or is said of it. */
interface Saying {
  readonly messageId: MessageId
  readonly memberId: MemberId
  readonly removed?: true
}

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
  readonly #addressKey = randomUUID() + randomUUID()

  /** @param limitBytes how much rooms and messages may take, by the estimate of Space */
  constructor(clock: Clock, limitBytes: number) {
    this.#clock = clock
    this.#started = clock.now()
    this.#codes = new Codes(clock)
    this.#space = new Space(limitBytes)
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
          ? (rejected.get(entry.messageId) ?? this.#appendOne(nodeId, entry))
          : this.#stored(stored)
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
      this.#remove(member)
      const entry = { messageId: randomUUID() as MessageId, memberId: member.id }
      lefts.push(this.#log(member, entry, 'left', `${member.name} left the room.`))
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
    const { seq, sent } = this.#logChange(room, 'settings', messageId, 0)
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
    this.#remove(member)
    const entry = { messageId, memberId, removed: true } as const
    return this.#log(member, entry, 'left', `${name} left the room.`)
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

  #stored(row: StoredRow): Appended {
    if (isMessage(row)) return { message: row }
    const room = this.#rooms.get(row.roomId)
    return room ? { change: toldChange(room, row) } : { rejected: 'room_gone' }
  }

  /** The seq of a message, which a change is not. */
  #seqIn(roomId: RoomId, id: MessageId): Seq | undefined {
    const row = this.#messages.get(id)
    return row?.roomId === roomId && isMessage(row) ? row.seq : undefined
  }

  #appendOne(nodeId: NodeId, entry: Append): Appended {
    const room = this.#rooms.get(entry.roomId)
    if (room === undefined) return { rejected: 'room_gone' }
    if (entry.type === 'joined') return this.#appendJoined(nodeId, room, entry)
    if (entry.type === 'edited' || entry.type === 'deleted') return this.#appendChange(room, entry)
    const member = room.members.get(entry.memberId)
    if (member === undefined) return { rejected: 'member_gone' }
    if (entry.type === 'left') {
      const elsewhere = member.resumeHash !== undefined && member.nodeId !== nodeId
      if (elsewhere) return { rejected: 'member_gone' }
      this.#remove(member)
      return { message: this.#log(member, entry, 'left', `${member.name} left the room.`) }
    }
    if (member.nodeId !== nodeId) return { rejected: 'member_gone' }
    const { slowMs } = room.settings
    const now = slowMs === 0 ? 0 : this.#clock.now()
    const waitMs = slowMs === 0 ? 0 : member.spokeAt + slowMs - now
    if (waitMs > 0) return { rejected: 'too_soon', waitMs }
    if (!this.#space.take(room, entry.message)) return { rejected: 'storage_full' }
    if (slowMs > 0) member.spokeAt = now
    return { message: this.#log(member, entry, 'chat', entry.message) }
  }

  #appendJoined(nodeId: NodeId, room: StoredRoom, entry: AppendJoined): Appended {
    const { address, maxMembers, resumeHash } = entry
    const { locked, capacity = Infinity } = room.settings
    const until = address === undefined ? undefined : room.keepOut?.get(address)
    if (until !== undefined && until > this.#clock.now()) return { rejected: 'kept_out' }
    if (locked) return { rejected: 'room_locked' }
    if (room.members.size >= Math.min(maxMembers, capacity)) return { rejected: 'room_full' }
    const name = freeName(room.takenNames, entry.names)
    const texts = [`${name} joined the room.`, `${name} left the room.`] as const
    const hash = resumeHash === undefined ? [] : [resumeHash]
    if (!this.#space.take(room, ...texts, ...hash)) return { rejected: 'storage_full' }
    const member = this.#join(nodeId, room, entry, name)
    return { message: this.#log(member, entry, 'joined', texts[0]) }
  }

  #appendChange(room: StoredRoom, entry: AppendEdit | AppendDeletion): Appended {
    const judged = judgeChange(room, entry, this.#messages)
    if ('rejected' in judged) return judged
    if ('done' in judged) return { change: toldChange(room, judged.done) }
    const text = entry.type === 'edited' ? entry.message : ''
    if (!this.#space.take(room, text)) return { rejected: 'storage_full' }
    const { message } = judged
    const change = this.#logChange(room, entry.type, entry.messageId, message.seq)
    const changed = changedBy(message, entry, change.sent)
    room.log[message.seq - 1] = changed
    this.#messages.set(message.id, changed)
    if (entry.type === 'deleted') {
      room.hidden += 1
      ;(room.deletions ??= new Map()).set(message.id, change)
    }
    return { change: toldChange(room, change) }
  }

  #logChange(
    room: StoredRoom,
    type: StoredChange['type'],
    id: MessageId,
    target: Seq,
  ): StoredChange {
    room.lastSent = Math.max(room.lastSent, this.#clock.wallTime())
    const { id: roomId, lastSent: sent, log } = room
    const change = Object.freeze({ type, id, roomId, seq: log.length + 1, sent, target })
    log.push(change)
    this.#messages.set(id, change)
    room.hidden += 1
    if (room.members.size === 0) {
      this.#lifeTimes.occupied(room)
      this.#lifeTimes.idle(room, this.#clock.now())
    }
    return change
  }

  #log(
    { room, name }: Stored<StoredRoom>,
    { messageId, memberId, removed }: Saying,
    type: StoredType,
    text: string,
  ): LoggedMessage {
    room.lastSent = Math.max(room.lastSent, this.#clock.wallTime())
    const message: LoggedMessage = {
      id: messageId,
      roomId: room.id,
      memberId,
      memberName: name,
      type,
      message: text,
      sent: room.lastSent,
      seq: room.log.length + 1,
    }
    const stored = Object.freeze(removed ? { ...message, removed } : message)
    room.log.push(stored)
    this.#messages.set(messageId, stored)
    return stored
  }

  #join(
    nodeId: NodeId,
    room: StoredRoom,
    { memberId: id, resumeHash, address }: AppendJoined,
    name: string,
  ): Stored<StoredRoom> {
    const member: Stored<StoredRoom> = {
      id,
      name,
      room,
      resumeHash,
      nodeId,
      attachment: 1,
      detachedAt: undefined,
      address,
      spokeAt: -Infinity,
    }
    this.#lifeTimes.occupied(room)
    room.members.set(id, member)
    room.takenNames.add(name.toLowerCase())
    this.#members.add(member)
    return member
  }

  #remove(member: Stored<StoredRoom>): void {
    member.room.members.delete(member.id)
    member.room.takenNames.delete(member.name.toLowerCase())
    this.#members.remove(member)
    if (member.room.members.size === 0) this.#lifeTimes.idle(member.room, this.#clock.now())
  }
}
