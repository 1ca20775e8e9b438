import type { MemberRef, RoomEvent } from '../protocol/events.ts'
import type { Message } from './api.ts'

/** Who is in a room, as far as it was told. */
export class Roster {
  readonly #members = new Map<string, MemberRef>()
  #list: readonly MemberRef[] | undefined = []
  #asOf = 0
  #count = 0

  /** Those who were told of, and how many besides were not. */
  get count(): number {
    return this.#count
  }

  get members(): readonly MemberRef[] {
    this.#list ??= [...this.#members.values()]
    return this.#list
  }

  set({ members, memberCount, seq }: RoomEvent): void {
    this.#members.clear()
    for (const member of members) this.#members.set(member.id, member)
    this.#list = members
    this.#count = memberCount
    this.#asOf = seq
  }

  /** @returns whether this message has changed who is there */
  apply({ seq, type, memberId: id, memberName: name }: Message): boolean {
    // What is before the roster is in it already.
    if (type === 'chat' || seq <= this.#asOf) return false
    if (type === 'joined') this.#members.set(id, { id, name })
    else this.#members.delete(id)
    this.#list = undefined
    this.#count += type === 'joined' ? 1 : -1
    return true
  }
}
