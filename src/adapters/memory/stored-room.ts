import type { Clock } from '../../ports/clock.ts'
import type {
  AddressMark,
  MemberId,
  MessageId,
  OwnerHash,
  RoomId,
  RoomSettings,
} from '../../ports/model.ts'
import type { NewRoom, RoomInfo, RoomTtls } from '../../ports/repository.ts'
import { endOf, type Mortal } from './life-times.ts'
import type { StoredChange, StoredRow } from './log.ts'
import type { KeptMember } from './members.ts'

export interface StoredRoom extends Mortal {
  readonly id: RoomId
  settings: RoomSettings
  readonly ownerHash: OwnerHash | undefined
  /** By the clock's `wallTime`. */
  readonly created: number
  /** What it takes of the space. */
  bytes: number
  /** The row with seq n is at n - 1. */
  readonly log: StoredRow[]
  /** Rows that are no message to plain members. */
  hidden: number
  /** By the id of the message; absent in most rooms. */
  deletions?: Map<MessageId, StoredChange>
  /** Until when nobody from there comes in, by the clock's `now`; absent in most rooms. */
  keepOut?: Map<AddressMark, number>
  lastSent: number
  /** By the order of joining. */
  readonly members: Map<MemberId, KeptMember<StoredRoom>>
  readonly takenNames: Set<string>
}

export const storedRoom = (room: NewRoom, clock: Clock): StoredRoom => ({
  id: room.id,
  settings: {
    name: room.name,
    topic: room.topic ?? '',
    capacity: room.capacity,
    public: room.public ?? false,
    locked: false,
    slowMs: 0,
  },
  ownerHash: room.ownerHash,
  created: clock.wallTime(),
  bytes: 0,
  log: [],
  hidden: 0,
  lastSent: 0,
  members: new Map(),
  takenNames: new Set(),
  since: clock.now(),
  ttlMs: room.ttlMs,
  keptUntil: 0,
})

export const infoOf = (room: StoredRoom, clock: Clock, ttls: RoomTtls): RoomInfo => {
  const { id, settings, log, members, created } = room
  const ttlMs = log.length === 0 ? ttls.unusedRoomTtlMs : ttls.roomTtlMs
  const left = endOf(room, ttlMs) - clock.now()
  return {
    id,
    ...settings,
    messageCount: log.length - room.hidden,
    memberCount: members.size,
    created,
    expires: members.size > 0 || room.keptUntil > clock.now() ? undefined : clock.wallTime() + left,
  }
}
