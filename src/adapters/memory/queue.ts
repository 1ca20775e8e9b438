import type { Clock } from '../../ports/clock.ts'
import type { NodeId, RoomId } from '../../ports/model.ts'
import type { Queue, QueueHandlers, Run, Subscription } from '../../ports/queue.ts'

/**
 * A queue within one process. Controllers that share one are nodes that share a Redis; it loses
 * nothing.
 */
export class MemoryQueue implements Queue {
  readonly #clock: Clock
  readonly #rooms = new Map<RoomId, Set<QueueHandlers>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Rooms that somebody listens to. */
  get channels(): number {
    return this.#rooms.size
  }

  async publish(roomId: RoomId, from: NodeId, run: Run): Promise<void> {
    const subscribers = this.#rooms.get(roomId)
    if (!subscribers) return
    this.#clock.soon(() => {
      for (const handlers of subscribers) handlers.onRun(from, run)
    })
  }

  subscribe(roomId: RoomId, handlers: QueueHandlers): Subscription {
    const own = { ...handlers }
    const subscribers = this.#rooms.get(roomId) ?? new Set()
    this.#rooms.set(roomId, subscribers.add(own))
    return {
      live: Promise.resolve(),
      close: () => {
        subscribers.delete(own)
        if (subscribers.size === 0 && this.#rooms.get(roomId) === subscribers) {
          this.#rooms.delete(roomId)
        }
      },
    }
  }

  async ping(): Promise<void> {}
}
