import type { Cancel, Clock } from '../ports/clock.ts'
import type { EncodeMessage } from '../ports/connection.ts'
import type { Log } from '../ports/log.ts'
import type { Meter } from '../ports/meter.ts'
import type { LogRow, MemberRef, NodeId, RoomId } from '../ports/model.ts'
import type { Queue, Run } from '../ports/queue.ts'
import type { Room } from './room.ts'
import { type LocalRun, runsOf } from './runs.ts'

/** How long the other nodes wait at most for what is stored. */
const LONGEST_WAIT_MS = 1
/** So many who come or go in one append are a crowd. */
const CROWD = 8

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
  #gathered = new Map<RoomId, LocalRun[]>()
  #timer: Cancel | undefined

  constructor(parts: PublisherParts) {
    this.#parts = parts
  }

  /** @param rows those of each room in seq order, though some may be there twice */
  logged(rows: readonly LogRow[]): void {
    const { encode, rooms, meter } = this.#parts
    meter.stored(rows)
    const crowd = rows.filter(comesOrGoes).length >= CROWD
    const byRoom = new Map<RoomId, LogRow[]>()
    for (const row of rows) {
      const ofRoom = byRoom.get(row.roomId)
      if (!ofRoom) byRoom.set(row.roomId, [row])
      // What was sent twice is there twice.
      else if (row.seq > (ofRoom.at(-1)?.seq ?? 0)) ofRoom.push(row)
    }
    for (const [roomId, ofRoom] of byRoom) {
      const mayWait = crowd && ofRoom.every(comesOrGoes)
      for (const run of runsOf(ofRoom, encode)) {
        rooms.get(roomId)?.offer({ ...run, mayWait })
        this.#gather(roomId, run)
      }
    }
  }

  /** A room is over. */
  ended(roomId: RoomId): void {
    const { queue, nodeId } = this.#parts
    this.#hint(queue.tell(roomId, nodeId(), { kind: 'changed' }))
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
      // What is changed is read by every node: its text is in no other place than the repository.
      const told = runs.filter(({ rows }) => rows === undefined)
      for (const run of joined(told)) this.#hint(queue.publish(roomId, nodeId(), run))
      if (told.length < runs.length) {
        this.#hint(queue.tell(roomId, nodeId(), { kind: 'changed' }))
      }
    }
  }

  /** Forgets what was not published. */
  stop(): void {
    this.#timer?.()
    this.#gathered.clear()
  }

  #gather(roomId: RoomId, run: LocalRun): void {
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

const comesOrGoes = (row: LogRow): boolean =>
  'memberName' in row && (row.type === 'joined' || row.type === 'left')

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
