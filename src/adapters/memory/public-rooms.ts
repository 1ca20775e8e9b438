import type { RoomId } from '../../ports/model.ts'
import type { ListedRoom, NamedRoom, PublicRooms } from '../../ports/public-rooms.ts'
import type { Store } from './store.ts'

export class MemoryPublicRooms implements PublicRooms {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async keep(given: readonly NamedRoom[], ms: number): Promise<void> {
    const { rooms, clock } = this.#store
    for (const { id, name, topic } of given) {
      if (!rooms.has(id)) this.#store.createRoom({ id, name, topic, public: true })
      const room = rooms.get(id)
      if (room === undefined) continue
      room.settings = { ...room.settings, name, topic, public: true }
      room.keptUntil = clock.now() + ms
    }
  }

  async list(after: RoomId | undefined, limit: number): Promise<readonly ListedRoom[]> {
    return [...this.#store.rooms.values()]
      .filter(({ id, settings }) => settings.public && (after === undefined || id > after))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit)
      .map(({ id, settings: { name, topic }, members }) => ({
        id,
        name,
        topic,
        memberCount: members.size,
      }))
  }
}
