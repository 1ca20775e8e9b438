import type { Clock } from '../../ports/clock.ts'
import type { Budget, Codes, CodeTerms } from '../../ports/codes.ts'
import type { Code, Room, RoomId } from '../../ports/model.ts'
import type { Store } from './store.ts'
import type { StoredRoom } from './stored-room.ts'

interface StoredCode {
  readonly room: StoredRoom
  /** By the clock's `now`. */
  readonly end: number
  /** How often it can still be taken. */
  uses: number
}

/** The codes of all rooms, and the one budget of wrong guesses. */
export class MemoryCodes implements Codes {
  readonly #clock: Clock
  readonly #rooms: ReadonlyMap<RoomId, StoredRoom>
  readonly #byCode = new Map<Code, StoredCode>()
  #tokens = Infinity
  #refilled = 0

  constructor({ clock, rooms }: Store) {
    this.#clock = clock
    this.#rooms = rooms
  }

  async create(
    roomId: RoomId,
    code: Code,
    terms: CodeTerms,
  ): Promise<number | 'taken' | 'room_full' | 'full' | undefined> {
    const room = this.#rooms.get(roomId)
    if (room === undefined) return undefined
    for (const [old, stored] of this.#byCode) if (this.#isOver(stored)) this.#byCode.delete(old)
    const ofRoom = [...this.#byCode.values()].filter((stored) => stored.room === room)
    if (ofRoom.length >= terms.mostOfRoom) return 'room_full'
    if (this.#byCode.size >= terms.most) return 'full'
    if (this.#byCode.has(code)) return 'taken'
    const end = this.#clock.now() + terms.ttlMs
    this.#byCode.set(code, { room, end, uses: terms.uses ?? Infinity })
    return this.#clock.wallTime() + terms.ttlMs
  }

  async take(
    code: Code,
    { burst, perSecond }: Budget,
  ): Promise<Room | { readonly waitMs: number } | undefined> {
    const now = this.#clock.now()
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#refilled) / 1000) * perSecond)
    this.#refilled = now
    if (this.#tokens < 1) return { waitMs: ((1 - this.#tokens) / perSecond) * 1000 }
    const stored = this.#byCode.get(code)
    if (stored === undefined || stored.uses === 0 || this.#isOver(stored)) {
      this.#tokens -= 1
      return undefined
    }
    stored.uses -= 1
    return { id: stored.room.id, name: stored.room.settings.name }
  }

  /** One that is used up is not: its digits stay taken. */
  #isOver({ room, end }: StoredCode): boolean {
    return end <= this.#clock.now() || this.#rooms.get(room.id) !== room
  }
}
