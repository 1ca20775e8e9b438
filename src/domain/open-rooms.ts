import type { Clock } from '../ports/clock.ts'
import type { NodeId, RoomId } from '../ports/model.ts'
import type { Note, Queue, Subscription } from '../ports/queue.ts'
import { Room, type RoomHost } from './room.ts'

/** How long a join waits for the queue; the sweep covers what it then misses. */
const LIVE_MS = 300

export interface OpenRoomsParts {
  readonly queue: Queue
  readonly clock: Clock
  readonly host: RoomHost
  /** The id under which this node publishes now. */
  readonly nodeId: () => NodeId
  /** Another node tells something of this room. */
  readonly onNote: (room: Room, note: Note) => void
  /** Messages of this room may have been missed. */
  readonly onDoubt: (room: Room) => void
}

/**
 * The rooms that are open on this node, each with its subscription. A room is open while it has
 * members here or joins under way; after that nothing of it stays.
 */
export class OpenRooms {
  readonly #parts: OpenRoomsParts
  readonly #rooms = new Map<RoomId, Room>()
  readonly #subscriptions = new Map<Room, Subscription>()
  readonly #live = new Map<Room, Promise<void>>()

  constructor(parts: OpenRoomsParts) {
    this.#parts = parts
  }

  get byId(): ReadonlyMap<RoomId, Room> {
    return this.#rooms
  }

  /** The open room, opened if it was not. Whoever calls keeps it open with `joining`. */
  open(roomId: RoomId): Room {
    const open = this.#rooms.get(roomId)
    if (open) return open
    const { queue, host, nodeId, onNote, onDoubt } = this.#parts
    const room = new Room(roomId, host)
    this.#rooms.set(roomId, room)
    const subscription = queue.subscribe(roomId, {
      onRun: (from, run) => {
        if (from !== nodeId()) room.offer(run)
      },
      onNote: (from, note) => {
        if (from !== nodeId()) onNote(room, note)
      },
      onInterrupted: () => onDoubt(room),
    })
    this.#subscriptions.set(room, subscription)
    this.#live.set(room, this.#becomesLive(room, subscription))
    return room
  }

  /**
   * Resolves when the queue delivers to this room, or has had 300 ms since the room was opened: then
   * the room is compared once the queue delivers.
   */
  live(room: Room): Promise<void> | undefined {
    return this.#live.get(room)
  }

  closeIfEmpty(room: Room): void {
    if (room.joining > 0 || room.members.size > 0 || this.#rooms.get(room.id) !== room) return
    this.#rooms.delete(room.id)
    this.#subscriptions.get(room)?.close()
    this.#subscriptions.delete(room)
    this.#live.delete(room)
  }

  #becomesLive(room: Room, { live }: Subscription): Promise<void> {
    const { clock, onDoubt } = this.#parts
    return new Promise((resolve) => {
      let late = false
      const cancel = clock.after(LIVE_MS, () => {
        late = true
        resolve()
      })
      void live.then(() => {
        cancel()
        if (late) onDoubt(room)
        resolve()
      })
    })
  }
}
