import type { Clock } from '../../ports/clock.ts'
import { RoomError } from '../../ports/errors.ts'
import type { MessageId, RoomId, Seq } from '../../ports/model.ts'
import type { NewRoom } from '../../ports/repository.ts'
import { LifeTimes } from './life-times.ts'
import { isMessage, type StoredRow } from './log.ts'
import { Members } from './members.ts'
import { RoomLogs } from './room-logs.ts'
import { Space } from './space.ts'
import { type StoredRoom, storedRoom } from './stored-room.ts'

/**
 * What is stored in this process: the ports of this folder work on one of these. What goes out of it is
 * frozen or a copy: nobody outside holds a part of it.
 *
 * What it holds is bounded: a new room, a join or a chat over the limit is refused, and nothing is
 * dropped to make room. A `left` is never refused, because its join took the space for both.
 */
export class Store {
  readonly clock: Clock
  readonly rooms = new Map<RoomId, StoredRoom>()
  /** Every row of every log by its id. */
  readonly messages = new Map<MessageId, StoredRow>()
  readonly members = new Members<StoredRoom>()
  readonly lifeTimes = new LifeTimes<StoredRoom>()
  /** Rooms that are gone, and what is left of their logs. */
  readonly gone = new Set<StoredRoom>()
  readonly space: Space
  readonly logs: RoomLogs

  /** @param limitBytes how much rooms and messages may take, by the estimate of Space */
  constructor(clock: Clock, limitBytes: number) {
    this.clock = clock
    this.space = new Space(limitBytes)
    this.logs = new RoomLogs(this)
  }

  /** See Repository.createRoom. */
  createRoom(newRoom: NewRoom): void {
    if (this.rooms.has(newRoom.id)) throw new RoomError('invalid', 'There is a room with this id.')
    const room = storedRoom(newRoom, this.clock)
    if (!this.space.takeRoom(room, room.settings)) {
      throw new RoomError('overloaded', 'This server has no space for more rooms now.')
    }
    this.rooms.set(room.id, room)
    this.lifeTimes.unused(room)
  }

  /** From now on there is no such room; its log is removed by steps of Repository.expireRooms. */
  endRoom(room: StoredRoom): void {
    this.rooms.delete(room.id)
    this.gone.add(room)
  }

  /** The seq of a message, which a change is not. */
  seqIn(roomId: RoomId, id: MessageId): Seq | undefined {
    const row = this.messages.get(id)
    return row?.roomId === roomId && isMessage(row) ? row.seq : undefined
  }
}
