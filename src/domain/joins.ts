import type { Rejection } from '../ports/append.ts'
import type { Clock } from '../ports/clock.ts'
import type { Connection } from '../ports/connection.ts'
import { codeOf, type ErrorCode, RoomError } from '../ports/errors.ts'
import type { Ids } from '../ports/ids.ts'
import type { MemberRef, ResumeHash, RoomId, Seq } from '../ports/model.ts'
import type { Repository, Resumed, Roster } from '../ports/repository.ts'
import type { AddressMarks } from './address-marks.ts'
import type { Attachments } from './attachments.ts'
import { Gathering } from './gathering.ts'
import { Member } from './member.ts'
import type { Members } from './members.ts'
import type { OpenRooms } from './open-rooms.ts'
import type { Outbox } from './outbox.ts'
import type { Reaper } from './reaper.ts'
import type { Room } from './room.ts'

/** The most members that are named to one that joins. */
const ROSTER_MEMBERS = 200

/** What a member that can be resumed asks for. */
export interface JoinWish {
  /** The last seq that it holds, 0 for none: what follows it is wanted. Undefined: from its join on. */
  readonly after?: Seq
  /** The secret of the member that it wants to be again. */
  readonly resume?: string
  /** See Controller.join. */
  readonly address?: string
}

export interface Joined extends Roster {
  readonly member: Member
  /** Of its own `joined`, or, if it was resumed, the room's last. The roster is as of then. */
  readonly seq: Seq
  readonly resume: string
  /** What it holds is not of this log: it gets everything from here on. */
  readonly resetFrom: Seq | undefined
}

export interface JoinsParts {
  readonly repository: Pick<Repository, 'rosterAt'>
  readonly clock: Clock
  readonly ids: Ids
  readonly maxRoomMembers: number
  readonly rooms: OpenRooms
  readonly outbox: Pick<Outbox, 'add'>
  readonly reaper: Pick<Reaper, 'nodeId' | 'hurry'>
  readonly attachments: Attachments
  readonly members: Members
  readonly marks: Pick<AddressMarks, 'of'>
  readonly accepting: () => boolean
}

/** Where a member begins: the room from `start` on, the member with the seq after `held`. */
interface Entrance {
  readonly member: Member
  readonly seq: Seq
  readonly resetFrom: Seq | undefined
}

/** Lets members into rooms. */
export class Joins {
  readonly #parts: JoinsParts
  readonly #gathering: Gathering

  constructor(parts: JoinsParts) {
    this.#parts = parts
    this.#gathering = new Gathering(parts.clock)
  }

  /** See Controller.join. */
  plain(roomId: RoomId, connection: Connection, address: string | undefined): Promise<Member> {
    return this.#inRoom(roomId, (room) =>
      this.#storeJoined(room, connection, { address }, (member, seq) => {
        room.admit(member, seq, seq)
        return member
      }),
    )
  }

  /** See Controller.joinResumable. */
  resumable(roomId: RoomId, connection: Connection, wish: JoinWish): Promise<Joined> {
    return this.#inRoom(roomId, async (room) => {
      const resumed = await this.#resume(room, connection, wish)
      const resume = (resumed && wish.resume) ?? this.#parts.ids.resumeSecret()
      const entrance = resumed ?? (await this.#enter(room, connection, wish, resume))
      try {
        return { ...(await this.#roster(entrance)), ...entrance, resume }
      } catch (error) {
        if (resumed) entrance.member.leave()
        else entrance.member.quit()
        throw error
      }
    })
  }

  async #inRoom<T>(roomId: RoomId, work: (room: Room) => Promise<T>): Promise<T> {
    const { rooms, accepting } = this.#parts
    await this.#gathering.pass()
    if (!accepting()) throw restarting()
    const room = rooms.open(roomId)
    room.joining += 1
    try {
      await rooms.live(room)
      return await work(room)
    } finally {
      room.joining -= 1
      rooms.closeIfEmpty(room)
    }
  }

  async #resume(
    room: Room,
    connection: Connection,
    { resume, after, address }: JoinWish,
  ): Promise<Entrance | undefined> {
    const { attachments, reaper, members, accepting, marks } = this.#parts
    if (resume === undefined) return undefined
    const { nodeId } = reaper
    const attach = (resumed: Resumed | undefined): Entrance | undefined => {
      // Of one whose `left` waits here the row goes with it.
      if (!resumed || members.known.has(resumed.memberId)) return undefined
      // The row falls to whoever reaps the id that it is attached to.
      if (!accepting() || reaper.nodeId !== nodeId) throw restarting()
      const member = new Member(resumed.memberId, room.id, connection, members)
      member.name = resumed.memberName
      member.attachment = resumed.attachment
      const entrance = admit(room, member, resumed.lastSeq, resumed.lastSeq + 1, after)
      room.expect(resumed.lastSeq)
      attachments.connect(member)
      return entrance
    }
    try {
      return await attachments.resume(room.id, resume, marks.of(room.id, address), attach)
    } catch (error) {
      throw codeOf(error) === 'draining' ? error : notNow(codeOf(error), error)
    }
  }

  #enter(
    room: Room,
    connection: Connection,
    { after, address }: JoinWish,
    secret: string,
  ): Promise<Entrance> {
    const { attachments, members, ids } = this.#parts
    const resumeHash = ids.resumeHash(secret)
    return this.#storeJoined(room, connection, { address, resumeHash }, (member, seq) => {
      member.attachment = 1
      members.known.delete(member.id)
      const entrance = admit(room, member, seq, seq, after)
      attachments.connect(member)
      return entrance
    })
  }

  async #roster({ member, seq }: Entrance): Promise<Roster> {
    const { repository } = this.#parts
    const roster = await repository
      .rosterAt(member.roomId, seq, ROSTER_MEMBERS)
      .catch((error: unknown) => {
        throw notNow(codeOf(error), error)
      })
    if (!roster) throw noSuchRoom()
    const you: MemberRef = { id: member.id, name: member.name }
    const others = roster.members.filter(({ id }) => id !== you.id)
    return { ...roster, members: [...others.slice(0, ROSTER_MEMBERS - 1), you] }
  }

  #storeJoined<T>(
    room: Room,
    connection: Connection,
    { address, resumeHash }: { readonly address: string | undefined; resumeHash?: ResumeHash },
    stored: (member: Member, seq: Seq) => T,
  ): Promise<T> {
    const { ids, maxRoomMembers, members, outbox, reaper, accepting, marks } = this.#parts
    const mark = marks.of(room.id, address)
    const member = new Member(ids.memberId(), room.id, connection, members)
    const place = { roomId: room.id, memberId: member.id }
    members.known.add(member.id)
    return new Promise((resolve, reject) => {
      const names = [ids.memberName(), ids.memberName(), ids.memberName()] as const
      const refuse = (error: RoomError) => {
        members.known.delete(member.id)
        reject(error)
      }
      const taken = outbox.add(
        {
          ...place,
          type: 'joined',
          messageId: ids.messageId(),
          names,
          maxMembers: maxRoomMembers,
          ...(resumeHash === undefined ? {} : { resumeHash }),
          ...(mark === undefined ? {} : { address: mark }),
        },
        (outcome) => {
          if ('failed' in outcome) {
            refuse(notNow(outcome.failed))
            if (outcome.failed === 'unknown') members.storeLeft(place)
          } else if (!('message' in outcome)) {
            const refusal = 'rejected' in outcome ? refusalOf(outcome.rejected) : undefined
            if (!refusal) reaper.hurry()
            refuse(refusal ?? restarting())
          } else if (!accepting() || outcome.storedBy !== reaper.nodeId) {
            // The row falls to whoever reaps the id that it was stored under.
            refuse(restarting())
          } else {
            member.name = outcome.message.memberName
            resolve(stored(member, outcome.message.seq))
          }
        },
      )
      if (!taken) refuse(new RoomError('overloaded', 'The server is busy, try again.'))
    })
  }
}

/**
 * Lets a member in that holds everything up to `after`.
 * @param start where the room begins if it has not: what is before is stored for certain
 */
const admit = (
  room: Room,
  member: Member,
  seq: Seq,
  start: Seq,
  after: Seq | undefined,
): Entrance => {
  const reset = after !== undefined && after >= start
  room.admit(member, start, reset ? 1 : after === undefined ? seq : after + 1)
  return { member, seq, resetFrom: reset ? 1 : undefined }
}

/** Undefined: this node counts as gone. */
const refusalOf = (rejected: Rejection | 'too_soon'): RoomError | undefined => {
  if (rejected === 'room_gone') return noSuchRoom()
  if (rejected === 'room_full') return new RoomError('full', 'The room is full.')
  if (rejected === 'room_locked') return new RoomError('forbidden', 'The room is locked.')
  if (rejected === 'kept_out') {
    return new RoomError('forbidden', 'You were removed from this room, come back later.')
  }
  return rejected === 'storage_full'
    ? new RoomError('overloaded', 'This server can store no more now.')
    : undefined
}

export const noSuchRoom = (): RoomError => new RoomError('not_found', 'There is no such room.')

export const restarting = (): RoomError =>
  new RoomError('draining', 'This server is starting or stopping, try again.')

const notNow = (code: ErrorCode, cause?: unknown): RoomError =>
  new RoomError(code, 'The room cannot be joined now, try again.', cause)
