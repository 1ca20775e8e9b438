import type { Cancel, Clock } from '../ports/clock.ts'
import type { EncodeMessage } from '../ports/connection.ts'
import type { Log } from '../ports/log.ts'
import type { Meter } from '../ports/meter.ts'
import type { LoggedMessage, MemberRef, NodeId, RoomId } from '../ports/model.ts'
import type { Queue, Run } from '../ports/queue.ts'
import { runsOf } from './repairer.ts'
import type { Room } from './room.ts'

/** How long the other nodes wait at most for what is stored. */
const LONGEST_WAIT_MS = 1

export interface PublisherParts {
  readonly queue: Pick<Queue, 'publish' | 'tell'>
  readonly clock: Clock
  readonly log: Log
  readonly meter: Meter
  readonly encode: EncodeMessage
  /** The id under which this node appends at this moment. */
  readonly nodeId: () => NodeId
  /** The rooms that are open on this node now. */
  readonly rooms: ReadonlyMap<RoomId, Pick<Room, 'offer' | 'showTyping'>>
}

/**
 * Hands what is committed to the members here at once, and to the other nodes while this one waits for
 * its next append, or else a millisecond later (ADR 4). At once would be in the way: a publish and
 * its answer cost as much as a small append, and the members here, who have just seen their texts, are
 * about to send the next ones.
 */
export class Publisher {
  readonly #parts: PublisherParts
  #gathered = new Map<RoomId, Run[]>()
  #timer: Cancel | undefined

  constructor(parts: PublisherParts) {
    this.#parts = parts
  }

  /** @param messages those of each room in seq order, though some may be there twice */
  logged(messages: readonly LoggedMessage[]): void {
    const { encode, rooms, meter } = this.#parts
    meter.stored(messages)
    const byRoom = new Map<RoomId, LoggedMessage[]>()
    for (const message of messages) {
      const ofRoom = byRoom.get(message.roomId)
      if (!ofRoom) byRoom.set(message.roomId, [message])
      // What was sent twice is there twice.
      else if (message.seq > (ofRoom.at(-1)?.seq ?? 0)) ofRoom.push(message)
    }
    for (const [roomId, ofRoom] of byRoom) {
      for (const run of runsOf(ofRoom, encode)) {
        rooms.get(roomId)?.offer(run)
        this.#gather(roomId, run)
      }
    }
  }

  /** A member here is typing. */
  typing(roomId: RoomId, member: MemberRef): void {
    const { queue, nodeId, rooms } = this.#parts
    if (!rooms.get(roomId)?.showTyping(member)) return
    this.#hint(queue.tell(roomId, nodeId(), { kind: 'typing', member }))
  }

  /** Call it when an append begins: its own write comes first, which is the turn after the next. */
  appending(): void {
    if (this.#gathered.size === 0) return
    const { clock } = this.#parts
    clock.soon(() => clock.soon(() => this.flush()))
  }

  /** Publishes all that was logged, now. */
  flush(): void {
    this.#timer?.()
    this.#timer = undefined
    const { queue, nodeId } = this.#parts
    const gathered = this.#gathered
    this.#gathered = new Map()
    for (const [roomId, runs] of gathered) {
      for (const run of joined(runs)) this.#hint(queue.publish(roomId, nodeId(), run))
    }
  }

  /** Forgets what was not published. */
  stop(): void {
    this.#timer?.()
    this.#gathered.clear()
  }

  #gather(roomId: RoomId, run: Run): void {
    const runs = this.#gathered.get(roomId)
    if (runs) runs.push(run)
    else this.#gathered.set(roomId, [run])
    this.#timer ??= this.#parts.clock.after(LONGEST_WAIT_MS, () => this.flush())
  }

  /** What is lost is read, or was only a sign of typing. */
  #hint(published: Promise<void>): void {
    const { log, meter } = this.#parts
    meter.published()
    published.catch((error: unknown) => {
      meter.publishFailed()
      log.debug('publish failed', { error })
    })
  }
}

/** Makes one run of those that follow one another without a hole. */
const joined = (runs: readonly Run[]): Run[] => {
  const result: { firstSeq: number; frames: Run['frames'][number][] }[] = []
  for (const { firstSeq, frames } of runs) {
    const last = result.at(-1)
    if (last && last.firstSeq + last.frames.length === firstSeq) last.frames.push(...frames)
    else result.push({ firstSeq, frames: [...frames] })
  }
  return result
}
