import type { Clock } from '../ports/clock.ts'
import type { CloseReason } from '../ports/connection.ts'
import type { Delivery } from './delivery.ts'
import type { Member } from './member.ts'
import type { Reaper } from './reaper.ts'

/** How long such a member stays; then, if it is not known why yet, as long again. */
const WAIT_MS = 500

export interface DisownedParts {
  readonly clock: Pick<Clock, 'after'>
  readonly reaper: Pick<Reaper, 'hurry'>
  readonly delivery: Pick<Delivery, 'doubt' | 'isInDoubt'>
}

/**
 * Members here whose row is gone, or another node's. If one was removed or its room is over, the room's
 * log says so, and if this node was taken for dead its lease does. Each of these ends the connection with a
 * better reason than is known here, so they come first.
 */
export class Disowned {
  readonly #parts: DisownedParts
  readonly #members = new Set<Member>()

  constructor(parts: DisownedParts) {
    this.#parts = parts
  }

  /** @param reason if nothing else ends the connection */
  add(member: Member, reason: CloseReason): void {
    if (this.#members.has(member)) return
    const { reaper, delivery } = this.#parts
    this.#members.add(member)
    reaper.hurry()
    delivery.doubt(member.roomId)
    this.#wait(member, reason)
  }

  #wait(member: Member, reason: CloseReason): void {
    const { clock, delivery } = this.#parts
    clock.after(WAIT_MS, () => {
      if (member.present && delivery.isInDoubt(member.roomId)) return this.#wait(member, reason)
      this.#members.delete(member)
      member.remove(reason)
    })
  }
}
