import type { Clock } from '../../ports/clock.ts'
import type { NodeId, RoomId } from '../../ports/model.ts'
import type { Note, Queue, QueueHandlers, Run, Subscription } from '../../ports/queue.ts'

interface Subscriber {
  readonly handlers: QueueHandlers
}

interface Published {
  readonly subscribers: ReadonlySet<Subscriber>
  readonly from: NodeId
  readonly what: Run | Note
}

/**
 * A queue within one process. Controllers that share one are nodes that share a Redis; it loses
 * nothing.
 */
export class MemoryQueue implements Queue {
  readonly #clock: Clock
  readonly #rooms = new Map<RoomId, Set<Subscriber>>()
  /** Handed out together: a publish costs a look-up and a push, and a turn one callback. */
  #published: Published[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Rooms that somebody listens to. */
  get channels(): number {
    return this.#rooms.size
  }

  async publish(roomId: RoomId, from: NodeId, run: Run): Promise<void> {
    this.#publish(roomId, from, run)
  }

  async tell(roomId: RoomId, from: NodeId, note: Note): Promise<void> {
    this.#publish(roomId, from, note)
  }

  subscribe(roomId: RoomId, handlers: QueueHandlers): Subscription {
    const subscriber = { handlers }
    const subscribers = this.#rooms.get(roomId) ?? new Set()
    this.#rooms.set(roomId, subscribers.add(subscriber))
    return {
      live: Promise.resolve(),
      close: () => {
        subscribers.delete(subscriber)
        if (subscribers.size === 0 && this.#rooms.get(roomId) === subscribers) {
          this.#rooms.delete(roomId)
        }
      },
    }
  }

  async ping(): Promise<void> {}

  #publish(roomId: RoomId, from: NodeId, what: Run | Note): void {
    const subscribers = this.#rooms.get(roomId)
    if (!subscribers) return
    if (this.#published.push({ subscribers, from, what }) > 1) return
    this.#clock.soon(() => this.#handOut())
  }

  #handOut(): void {
    const published = this.#published
    this.#published = []
    for (const { subscribers, from, what } of published) {
      for (const { handlers } of subscribers) {
        if ('kind' in what) handlers.onNote(from, what)
        else handlers.onRun(from, what)
      }
    }
  }
}
