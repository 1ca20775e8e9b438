import { randomUUID } from 'node:crypto'
import type { Append, Appended } from '../../ports/append.ts'
import type { Clock } from '../../ports/clock.ts'
import type {
  AddressMark,
  LoggedMessage,
  MemberId,
  MessageId,
  NodeId,
  ResumeHash,
  RoomId,
  Seq,
} from '../../ports/model.ts'
import type {
  Attachment,
  Expired,
  LastSeq,
  LogPage,
  LogRange,
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
import { toLogRow } from './log.ts'
import type { KeptMember, Members } from './members.ts'
import { pageOf, upTo } from './page.ts'
import type { RoomLogs } from './room-logs.ts'
import { rosterOf } from './roster.ts'
import type { Store } from './store.ts'
import { infoOf, type StoredRoom } from './stored-room.ts'

/** What one step of expiring rooms removes at most. */
const EXPIRE_ROOMS = 1_000
const REMOVE_ROWS = 10_000

interface StoredNode {
  /** By the clock's `now`. */
  leaseUntil: number
  gone: boolean
}

/** The truth in this process: see openMemory. */
export class MemoryRepository implements Repository {
  readonly #store: Store
  readonly #clock: Clock
  readonly #rooms: ReadonlyMap<RoomId, StoredRoom>
  readonly #members: Members<StoredRoom>
  readonly #logs: RoomLogs
  readonly #nodes = new Map<NodeId, StoredNode>()
  readonly #started: number
  readonly #addressKey = randomUUID() + randomUUID()

  constructor(store: Store) {
    this.#store = store
    this.#clock = store.clock
    this.#rooms = store.rooms
    this.#members = store.members
    this.#logs = store.logs
    this.#started = store.clock.now()
  }

  async createRoom(room: NewRoom): Promise<void> {
    this.#store.createRoom(room)
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
      const stored = this.#store.messages.get(entry.messageId)
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
    return pageOf(room.log, range, (id) => this.#store.seqIn(roomId, id))
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
    const removeOne = (member: KeptMember<StoredRoom>): void => {
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
    const now = this.#clock.now()
    const ended = this.#store.lifeTimes.end(now, roomTtlMs, unusedRoomTtlMs, EXPIRE_ROOMS)
    for (const room of ended) this.#store.endRoom(room)
    let rows = 0
    for (const room of this.#store.gone) {
      while (rows < REMOVE_ROWS) {
        const row = room.log.pop()
        if (row === undefined) break
        this.#store.messages.delete(row.id)
        rows += 1
      }
      if (rows === REMOVE_ROWS) break
      this.#store.gone.delete(room)
      this.#store.space.giveBack(room)
    }
    return { rooms: ended.length, more: ended.length === EXPIRE_ROOMS || this.#store.gone.size > 0 }
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
}
