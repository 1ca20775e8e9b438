import type { Cancel, Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { NodeId, RoomId } from '../ports/model.ts'
import type { Queue, Run } from '../ports/queue.ts'

/** How long the other nodes wait at most for what is stored. */
const LONGEST_WAIT_MS = 2

export interface PublisherParts {
  readonly queue: Pick<Queue, 'publish'>
  readonly clock: Clock
  readonly log: Log
  /** The id under which this node appends at this moment. */
  readonly nodeId: () => NodeId
}

/**
 * Tells the other nodes what this node stored, while it waits for the next append, or else two
 * milliseconds later. At once would be in the way: a publish and its answer cost as much as a small
 * append, and the members here, who have just seen their texts, are about to send the next ones.
 */
export class Publisher {
  readonly #parts: PublisherParts
  #gathered = new Map<RoomId, Run[]>()
  #timer: Cancel | undefined

  constructor(parts: PublisherParts) {
    this.#parts = parts
  }

  /** Takes consecutive entries of a room; each room's in the order of its log. */
  add(roomId: RoomId, run: Run): void {
    const runs = this.#gathered.get(roomId)
    if (runs) runs.push(run)
    else this.#gathered.set(roomId, [run])
    this.#timer ??= this.#parts.clock.after(LONGEST_WAIT_MS, () => this.flush())
  }

  /** Call it when an append begins: its own write comes first, which is the turn after the next. */
  appending(): void {
    if (this.#gathered.size === 0) return
    const { clock } = this.#parts
    clock.soon(() => clock.soon(() => this.flush()))
  }

  /** Publishes all that was added, now. */
  flush(): void {
    this.#timer?.()
    this.#timer = undefined
    const gathered = this.#gathered
    this.#gathered = new Map()
    for (const [roomId, runs] of gathered) {
      for (const run of joined(runs)) this.#publish(roomId, run)
    }
  }

  /** Forgets what was not published. */
  stop(): void {
    this.#timer?.()
    this.#gathered.clear()
  }

  #publish(roomId: RoomId, run: Run): void {
    const { queue, log, nodeId } = this.#parts
    queue
      .publish(roomId, nodeId(), run)
      .catch((error: unknown) => log.debug('publish failed', { error }))
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
