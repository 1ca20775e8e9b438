import type {
  Append,
  AppendDeletion,
  Appended,
  AppendEdit,
  AppendJoined,
} from '../../ports/append.ts'
import type {
  LoggedMessage,
  MemberId,
  MessageId,
  NodeId,
  Seq,
  StoredType,
} from '../../ports/model.ts'
import { changedBy, judgeChange, toldChange } from './changes.ts'
import { isMessage, type StoredChange, type StoredRow } from './log.ts'
import { freeName, type KeptMember } from './members.ts'
import type { Store } from './store.ts'
import type { StoredRoom } from './stored-room.ts'

/** What a member says, or is said of it. */
interface Saying {
  readonly messageId: MessageId
  readonly memberId: MemberId
  readonly removed?: true
}

/** The one way into the logs of all rooms, and with that in and out of rooms. */
export class RoomLogs {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** A row that is stored, as the answer to an append that repeats it. */
  told(row: StoredRow): Appended {
    if (isMessage(row)) return { message: row }
    const room = this.#store.rooms.get(row.roomId)
    return room ? { change: toldChange(room, row) } : { rejected: 'room_gone' }
  }

  /** See Repository.append, for one entry whose message id is not stored. */
  append(nodeId: NodeId, entry: Append): Appended {
    const room = this.#store.rooms.get(entry.roomId)
    if (room === undefined) return { rejected: 'room_gone' }
    if (entry.type === 'joined') return this.#appendJoined(nodeId, room, entry)
    if (entry.type === 'edited' || entry.type === 'deleted') return this.#appendChange(room, entry)
    const member = room.members.get(entry.memberId)
    if (member === undefined) return { rejected: 'member_gone' }
    if (entry.type === 'left') {
      const elsewhere = member.resumeHash !== undefined && member.nodeId !== nodeId
      if (elsewhere) return { rejected: 'member_gone' }
      this.remove(member)
      return { message: this.say(member, entry, 'left', `${member.name} left the room.`) }
    }
    if (member.nodeId !== nodeId) return { rejected: 'member_gone' }
    const { slowMs } = room.settings
    const now = slowMs === 0 ? 0 : this.#store.clock.now()
    const waitMs = slowMs === 0 ? 0 : member.spokeAt + slowMs - now
    if (waitMs > 0) return { rejected: 'too_soon', waitMs }
    if (!this.#store.space.take(room, entry.message)) return { rejected: 'storage_full' }
    if (slowMs > 0) member.spokeAt = now
    return { message: this.say(member, entry, 'chat', entry.message) }
  }

  #appendJoined(nodeId: NodeId, room: StoredRoom, entry: AppendJoined): Appended {
    const { address, maxMembers, resumeHash } = entry
    const { locked, capacity = Infinity } = room.settings
    const until = address === undefined ? undefined : room.keepOut?.get(address)
    if (until !== undefined && until > this.#store.clock.now()) return { rejected: 'kept_out' }
    if (locked) return { rejected: 'room_locked' }
    if (room.members.size >= Math.min(maxMembers, capacity)) return { rejected: 'room_full' }
    const name = freeName(room.takenNames, entry.names)
    const texts = [`${name} joined the room.`, `${name} left the room.`] as const
    const hash = resumeHash === undefined ? [] : [resumeHash]
    if (!this.#store.space.take(room, ...texts, ...hash)) return { rejected: 'storage_full' }
    const member = this.#join(nodeId, room, entry, name)
    return { message: this.say(member, entry, 'joined', texts[0]) }
  }

  #appendChange(room: StoredRoom, entry: AppendEdit | AppendDeletion): Appended {
    const judged = judgeChange(room, entry, this.#store.messages)
    if ('rejected' in judged) return judged
    if ('done' in judged) return { change: toldChange(room, judged.done) }
    const text = entry.type === 'edited' ? entry.message : ''
    if (!this.#store.space.take(room, text)) return { rejected: 'storage_full' }
    const { message } = judged
    const change = this.change(room, entry.type, entry.messageId, message.seq)
    const changed = changedBy(message, entry, change.sent)
    room.log[message.seq - 1] = changed
    this.#store.messages.set(message.id, changed)
    if (entry.type === 'deleted') {
      room.hidden += 1
      ;(room.deletions ??= new Map()).set(message.id, change)
    }
    return { change: toldChange(room, change) }
  }

  /** Appends a change; a room without members lives on from now. */
  change(room: StoredRoom, type: StoredChange['type'], id: MessageId, target: Seq): StoredChange {
    room.lastSent = Math.max(room.lastSent, this.#store.clock.wallTime())
    const { id: roomId, lastSent: sent, log } = room
    const change = Object.freeze({ type, id, roomId, seq: log.length + 1, sent, target })
    log.push(change)
    this.#store.messages.set(id, change)
    room.hidden += 1
    if (room.members.size === 0) {
      this.#store.lifeTimes.occupied(room)
      this.#store.lifeTimes.idle(room, this.#store.clock.now())
    }
    return change
  }

  /** Appends a message of a member's. */
  say(
    { room, name }: KeptMember<StoredRoom>,
    { messageId, memberId, removed }: Saying,
    type: StoredType,
    text: string,
  ): LoggedMessage {
    room.lastSent = Math.max(room.lastSent, this.#store.clock.wallTime())
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
    this.#store.messages.set(messageId, stored)
    return stored
  }

  #join(
    nodeId: NodeId,
    room: StoredRoom,
    { memberId: id, resumeHash, address }: AppendJoined,
    name: string,
  ): KeptMember<StoredRoom> {
    const member: KeptMember<StoredRoom> = {
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
    this.#store.lifeTimes.occupied(room)
    room.members.set(id, member)
    room.takenNames.add(name.toLowerCase())
    this.#store.members.add(member)
    return member
  }

  /** Takes a member out of its room; its `left` is not appended here. */
  remove(member: KeptMember<StoredRoom>): void {
    member.room.members.delete(member.id)
    member.room.takenNames.delete(member.name.toLowerCase())
    this.#store.members.remove(member)
    if (member.room.members.size === 0)
      this.#store.lifeTimes.idle(member.room, this.#store.clock.now())
  }
}
