import type { Clock } from '../../ports/clock.ts'
import type { Code } from '../../ports/model.ts'
import type { Budget, CodeTerms } from '../../ports/repository.ts'

interface StoredCode<Room> {
  readonly room: Room
  /** By the clock's `now`. */
  readonly end: number
  /** How often it can still be taken. */
  uses: number
}

/** The codes of all rooms, and the one budget of wrong guesses. */
export class Codes<Room> {
  readonly #clock: Clock
  readonly #byCode = new Map<Code, StoredCode<Room>>()
  #tokens = Infinity
  #refilled = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** See Repository.createCode. */
  add(room: Room, code: Code, terms: CodeTerms): number | 'taken' | 'room_full' | 'full' {
    this.removeExpired()
    const ofRoom = [...this.#byCode.values()].filter((stored) => stored.room === room)
    if (ofRoom.length >= terms.mostOfRoom) return 'room_full'
    if (this.#byCode.size >= terms.most) return 'full'
    if (this.#byCode.has(code)) return 'taken'
    const end = this.#clock.now() + terms.ttlMs
    this.#byCode.set(code, { room, end, uses: terms.uses ?? Infinity })
    return this.#clock.wallTime() + terms.ttlMs
  }

  /** See Repository.takeCode. */
  take(code: Code, { burst, perSecond }: Budget): Room | { readonly waitMs: number } | undefined {
    const now = this.#clock.now()
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#refilled) / 1000) * perSecond)
    this.#refilled = now
    if (this.#tokens < 1) return { waitMs: ((1 - this.#tokens) / perSecond) * 1000 }
    const stored = this.#byCode.get(code)
    if (stored === undefined || stored.end <= now || stored.uses === 0) {
      this.#tokens -= 1
      return undefined
    }
    stored.uses -= 1
    return stored.room
  }

  removeExpired(): void {
    const now = this.#clock.now()
    for (const [code, { end }] of this.#byCode) if (end <= now) this.#byCode.delete(code)
  }

  /** A room is no more, and so are its codes. */
  removeOf(room: Room): void {
    for (const [code, stored] of this.#byCode) if (stored.room === room) this.#byCode.delete(code)
  }
}
