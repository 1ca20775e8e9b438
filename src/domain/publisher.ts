import type { Clock } from '../ports/clock.ts'
import type { EncodeMessage } from '../ports/connection.ts'
import type { Log } from '../ports/log.ts'
import type { LoggedMessage, MemberRef, NodeId, RoomId } from '../ports/model.ts'
import type { Queue, Run } from '../ports/queue.ts'
import { runsOf } from './repairer.ts'
import type { Room } from './room.ts'

export interface PublisherParts {
  readonly queue: Pick<Queue, 'publish' | 'tell'>
  readonly clock: Pick<Clock, 'soon'>
  readonly log: Log
  readonly encode: EncodeMessage
  readonly nodeId: () => NodeId
  /** The rooms that are open on this node now. */
  readonly rooms: ReadonlyMap<RoomId, Room>
}

/** Hands what is committed to the members here, and to the other nodes. */
export class Publisher {
  readonly #parts: PublisherParts

  constructor(parts: PublisherParts) {
    this.#parts = parts
  }

  /** @param messages those of each room in seq order, though some may be there twice */
  logged(messages: readonly LoggedMessage[]): void {
    const { encode, rooms, clock } = this.#parts
    const byRoom = new Map<RoomId, LoggedMessage[]>()
    for (const message of messages) {
      const ofRoom = byRoom.get(message.roomId)
      if (!ofRoom) byRoom.set(message.roomId, [message])
      // What was sent twice is there twice.
      else if (message.seq > (ofRoom.at(-1)?.seq ?? 0)) ofRoom.push(message)
    }
    const runs: { readonly roomId: RoomId; readonly run: Run }[] = []
    for (const [roomId, ofRoom] of byRoom) {
      for (const run of runsOf(ofRoom, encode)) {
        rooms.get(roomId)?.offer(run)
        runs.push({ roomId, run })
      }
    }
    // After the fan-out to the members here, who would have to wait for the system call.
    clock.soon(() => {
      for (const { roomId, run } of runs) this.#publish(roomId, run)
    })
  }

  /** A member here is typing. */
  typing(roomId: RoomId, member: MemberRef): void {
    const { queue, nodeId, rooms } = this.#parts
    if (!rooms.get(roomId)?.showTyping(member)) return
    this.#hint(queue.tell(roomId, nodeId(), { kind: 'typing', member }))
  }

  #publish(roomId: RoomId, run: Run): void {
    const { queue, nodeId } = this.#parts
    this.#hint(queue.publish(roomId, nodeId(), run))
  }

  /** What is lost is read, or was only a sign of typing. */
  #hint(published: Promise<void>): void {
    void published.catch((error: unknown) => this.#parts.log.debug('publish failed', { error }))
  }
}
