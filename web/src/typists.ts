import type { MemberRef } from '../../src/client/client.ts'

/** They say so every two seconds. */
const LASTS_MS = 4_000

/** Who is typing in a room, as far as known. */
export class Typists {
  readonly #timers = new Map<string, { readonly member: MemberRef; readonly timer: unknown }>()
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get names(): readonly string[] {
    return Array.from(this.#timers.values(), ({ member }) => member.name)
  }

  add(member: MemberRef): void {
    clearTimeout(this.#timers.get(member.id)?.timer as number | undefined)
    const timer = setTimeout(() => this.remove(member.id), LASTS_MS)
    this.#timers.set(member.id, { member, timer })
    this.#changed()
  }

  /** They have said it, or left. */
  remove(memberId: string): void {
    clearTimeout(this.#timers.get(memberId)?.timer as number | undefined)
    if (this.#timers.delete(memberId)) this.#changed()
  }

  clear(): void {
    for (const id of Array.from(this.#timers.keys())) this.remove(id)
  }
}
