import type { Clock } from '../ports/clock.ts'
import type { EncodeMessage } from '../ports/connection.ts'
import type { Log } from '../ports/log.ts'
import type { Meter } from '../ports/meter.ts'
import type { LogRow, MemberRef, NodeId, RoomId } from '../ports/model.ts'
import type { Note, Queue } from '../ports/queue.ts'
import type { Attachment, Repository } from '../ports/repository.ts'
import { OpenRooms } from './open-rooms.ts'
import { Publisher } from './publisher.ts'
import { Repairer } from './repairer.ts'
import { Replayer } from './replayer.ts'
import type { Room } from './room.ts'

export interface DeliveryParts {
  readonly repository: Pick<Repository, 'lastSeqs' | 'readLog'>
  readonly queue: Queue
  readonly clock: Clock
  readonly log: Log
  readonly meter: Meter
  readonly encode: EncodeMessage
  /** The id under which this node publishes now. */
  readonly nodeId: () => NodeId
  /** Another node says that it has resumed a member. */
  readonly onResumed: (attachment: Attachment) => void
}

/**
 * The way out: brings what is stored to the rooms that are open on this node, whatever way it comes
 * (stored here, from the queue, or read), and to the other nodes.
 */
export class Delivery {
  readonly rooms: OpenRooms
  readonly #publisher: Publisher
  readonly #repairer: Repairer
  readonly #replayer: Replayer

  constructor(parts: DeliveryParts) {
    const { clock, meter, onResumed } = parts
    const heard = (room: Room, note: Note): void => {
      if (note.kind === 'typing') room.showTyping(note.member)
      else if (note.kind === 'changed') this.#repairer.doubt(room)
      else onResumed(note)
    }
    this.rooms = new OpenRooms({
      ...parts,
      onNote: heard,
      onDoubt: (room) => this.#repairer.doubt(room),
      host: {
        clock,
        meter,
        gapIn: (room) => this.#repairer.gapIn(room),
        behind: (...replay) => this.#replayer.start(...replay),
      },
    })
    const rooms = this.rooms.byId
    this.#publisher = new Publisher({ ...parts, rooms })
    this.#replayer = new Replayer({ ...parts, rooms })
    this.#repairer = new Repairer({
      ...parts,
      rooms,
      onRoomGone: (room) => room.removeAll('room_gone'),
      onLogReset: (room) => {
        for (const member of room.members) member.leave('log_reset')
      },
    })
  }

  /** Milliseconds since all open rooms were last compared with the repository. */
  get sweepLagMs(): number {
    return this.#repairer.sweepLagMs
  }

  /** Begins to compare the open rooms with the repository. */
  start(): void {
    this.#repairer.start()
  }

  /** See Publisher.logged. */
  logged(rows: readonly LogRow[]): void {
    this.#publisher.logged(rows)
  }

  /** See Publisher.appending. */
  appending(): void {
    this.#publisher.appending()
  }

  /** A member here is typing. */
  typing(roomId: RoomId, member: MemberRef): void {
    this.#publisher.typing(roomId, member)
  }

  /** The repository may know something of this room that this node does not. */
  doubt(roomId: RoomId): void {
    const room = this.rooms.byId.get(roomId)
    if (room) this.#repairer.doubt(room)
  }

  /** Whether what a doubt may bring to this room has not been let out yet. */
  isInDoubt(roomId: RoomId): boolean {
    const room = this.rooms.byId.get(roomId)
    return room !== undefined && this.#repairer.isInDoubt(room)
  }

  /** A room is no more: tells the other nodes, and closes its members here. */
  ended(roomId: RoomId): void {
    this.#publisher.ended(roomId)
    this.rooms.byId.get(roomId)?.removeAll('room_gone')
  }

  /** Publishes, and writes to the members here, all that there is now. */
  flush(): void {
    this.#publisher.flush()
    for (const room of this.rooms.byId.values()) room.flush()
  }

  stop(): void {
    this.#publisher.stop()
    this.#replayer.stop()
    this.#repairer.stop()
  }
}
