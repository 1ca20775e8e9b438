import { isRoomId } from '../../src/protocol/dialect.ts'

export interface KeptRoom {
  readonly id: string
  readonly name: string
}

/** The part of the browser's Storage that is used. */
export interface Store {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

const KEY = 'sharechat.rooms'

const isKept = (value: unknown): value is KeptRoom =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  isRoomId(value.id) &&
  'name' in value &&
  typeof value.name === 'string'

/** A list of rooms in one of the browser's stores, which may be full, closed, or hold anything. */
export class KeptRooms {
  readonly #store: Store | undefined

  constructor(store: () => Store) {
    try {
      this.#store = store()
    } catch {
      // The browser keeps nothing for this page.
    }
  }

  /** Undefined when nothing was ever kept. */
  get rooms(): readonly KeptRoom[] | undefined {
    try {
      const value: unknown = JSON.parse(this.#store?.getItem(KEY) ?? 'null')
      return Array.isArray(value) ? value.filter(isKept) : undefined
    } catch {
      return undefined
    }
  }

  keep(rooms: readonly KeptRoom[]): void {
    try {
      this.#store?.setItem(KEY, JSON.stringify(rooms.map(({ id, name }) => ({ id, name }))))
    } catch {
      // It is full; what was kept stays.
    }
  }

  forget(): void {
    this.#store?.removeItem(KEY)
  }
}
