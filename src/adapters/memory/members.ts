import type {
  AddressMark,
  MemberId,
  MemberRef,
  NodeId,
  ResumeHash,
  RoomId,
} from '../../ports/model.ts'

/** A member as it is stored. Its room is what the repository keeps for one. */
export interface KeptMember<Room> extends MemberRef {
  readonly room: Room
  readonly resumeHash: ResumeHash | undefined
  /** Where it is attached, or was before it was detached. */
  nodeId: NodeId
  attachment: number
  /** By the clock's `now`. */
  detachedAt: number | undefined
  /** Where it is connected from. */
  address: AddressMark | undefined
  /** When it last said something in a room with slow mode, by the clock's `now`. */
  spokeAt: number
}

/** All members, by where they are attached, or since when they are not. */
export class Members<Room extends { readonly id: RoomId }> {
  readonly #byId = new Map<MemberId, KeptMember<Room>>()
  readonly #byNode = new Map<NodeId, Set<KeptMember<Room>>>()
  readonly #byResume = new Map<ResumeHash, KeptMember<Room>>()
  /** In the order of their times. */
  readonly #detached = new Set<KeptMember<Room>>()

  /** Those attached to a node. */
  of(nodeId: NodeId): ReadonlySet<KeptMember<Room>> {
    return this.#byNode.get(nodeId) ?? new Set()
  }

  get(memberId: MemberId): KeptMember<Room> | undefined {
    return this.#byId.get(memberId)
  }

  withResume(resumeHash: ResumeHash): KeptMember<Room> | undefined {
    return this.#byResume.get(resumeHash)
  }

  /** Those detached at this time or before, longest first. */
  *detachedUntil(time: number): Generator<KeptMember<Room>> {
    for (const member of this.#detached) {
      if (member.detachedAt === undefined || member.detachedAt > time) return
      yield member
    }
  }

  add(member: KeptMember<Room>): void {
    this.#byId.set(member.id, member)
    if (member.resumeHash !== undefined) this.#byResume.set(member.resumeHash, member)
    this.#putAt(member)
  }

  remove(member: KeptMember<Room>): void {
    this.#byId.delete(member.id)
    if (member.resumeHash !== undefined) this.#byResume.delete(member.resumeHash)
    this.#detached.delete(member)
    this.#takeFrom(member)
  }

  /** A member that is attached is not any more. */
  detach(member: KeptMember<Room>, now: number): void {
    member.detachedAt = now
    this.#detached.add(member)
    this.#takeFrom(member)
  }

  /** A member is attached to a node, wherever it was. */
  attach(member: KeptMember<Room>, nodeId: NodeId): void {
    this.#detached.delete(member)
    this.#takeFrom(member)
    member.detachedAt = undefined
    member.attachment += 1
    member.nodeId = nodeId
    this.#putAt(member)
  }

  #putAt(member: KeptMember<Room>): void {
    const ofNode = this.#byNode.get(member.nodeId)
    if (ofNode === undefined) this.#byNode.set(member.nodeId, new Set([member]))
    else ofNode.add(member)
  }

  #takeFrom(member: KeptMember<Room>): void {
    const ofNode = this.#byNode.get(member.nodeId)
    ofNode?.delete(member)
    if (ofNode?.size === 0) this.#byNode.delete(member.nodeId)
  }
}

/** The first name that is not taken, in lower case, or the first one with a number. */
export const freeName = (
  taken: ReadonlySet<string>,
  names: readonly [string, ...string[]],
): string => {
  const free = names.find((name) => !taken.has(name.toLowerCase()))
  if (free !== undefined) return free
  let number = 2
  while (taken.has(`${names[0]} ${number}`.toLowerCase())) number += 1
  return `${names[0]} ${number}`
}
