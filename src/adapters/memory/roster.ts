import type { LoggedMessage, MemberId, MemberRef, Seq } from '../../ports/model.ts'
import type { Roster } from '../../ports/repository.ts'

interface RoomNow {
  readonly settings: { readonly name: string }
  readonly log: readonly LoggedMessage[]
  readonly members: ReadonlyMap<MemberId, MemberRef>
}

/** Who was in a room at a seq: who is there now, with what came and went since undone. */
export const rosterOf = (room: RoomNow, seq: Seq, limit: number): Roster => {
  const came = new Set<MemberId>()
  const wentSince: MemberRef[] = []
  let memberCount = room.members.size
  for (const { type, memberId, memberName } of room.log.slice(seq)) {
    if (type === 'joined') {
      came.add(memberId)
      memberCount -= 1
    } else if (type === 'left') {
      if (!came.has(memberId)) wentSince.push({ id: memberId, name: memberName })
      memberCount += 1
    }
  }
  const members: MemberRef[] = []
  for (const { id, name } of room.members.values()) {
    if (members.length === limit) break
    if (!came.has(id)) members.push({ id, name })
  }
  members.push(...wentSince.slice(0, limit - members.length))
  return { roomName: room.settings.name, members, memberCount }
}
