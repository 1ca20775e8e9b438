import { isDeepStrictEqual } from 'node:util'
import type {
  AddressMark,
  LoggedMessage,
  MemberPlace,
  MessageId,
  OwnerHash,
  RoomId,
  RoomSettings,
} from '../../ports/model.ts'
import type { ChangedRoom, RoomOwners } from '../../ports/room-owners.ts'
import type { Store } from './store.ts'

export class MemoryRoomOwners implements RoomOwners {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async findOwner(roomId: RoomId): Promise<OwnerHash | 'none' | undefined> {
    const room = this.#store.rooms.get(roomId)
    return room && (room.ownerHash ?? 'none')
  }

  async changeRoom(
    roomId: RoomId,
    messageId: MessageId,
    changes: Partial<RoomSettings>,
  ): Promise<ChangedRoom | undefined> {
    const room = this.#store.rooms.get(roomId)
    if (room === undefined) return undefined
    const settings = Object.freeze({ ...room.settings, ...changes })
    const isNew = !isDeepStrictEqual(settings, room.settings)
    room.settings = settings
    if (!isNew || room.log.length === 0) return { settings, row: undefined }
    const { seq, sent } = this.#store.logs.change(room, 'settings', messageId, 0)
    return { settings, row: { type: 'settings', roomId, seq, sent, ...settings } }
  }

  async endRoom(roomId: RoomId): Promise<boolean> {
    const { rooms, members, lifeTimes } = this.#store
    const room = rooms.get(roomId)
    if (room === undefined) return false
    for (const member of room.members.values()) members.remove(member)
    lifeTimes.occupied(room)
    this.#store.endRoom(room)
    return true
  }

  async removeMember(
    { roomId, memberId }: MemberPlace,
    messageId: MessageId,
    keepOutMs: number,
  ): Promise<LoggedMessage | undefined> {
    const { rooms, clock, logs } = this.#store
    const member = rooms.get(roomId)?.members.get(memberId)
    if (member === undefined) return undefined
    const { room, address, name } = member
    const now = clock.now()
    const keepOut = (room.keepOut ??= new Map<AddressMark, number>())
    for (const [mark, until] of keepOut) if (until <= now) keepOut.delete(mark)
    if (address !== undefined) keepOut.set(address, now + keepOutMs)
    logs.remove(member)
    const entry = { messageId, memberId, removed: true } as const
    return logs.say(member, entry, 'left', `${name} left the room.`)
  }
}
