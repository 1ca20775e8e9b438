import { SystemIds } from '../../src/adapters/system/ids.ts'
import type { CreatedRoom, RoomWish } from '../../src/domain/controller.ts'
import type { Joined, JoinWish } from '../../src/domain/joins.ts'
import type { Member, Sent } from '../../src/domain/member.ts'
import type { Connection } from '../../src/ports/connection.ts'
import { RoomError } from '../../src/ports/errors.ts'
import type { Ids } from '../../src/ports/ids.ts'
import type { MessageId, RoomId } from '../../src/ports/model.ts'
import type { RoomInfo, RoomWithMembers } from '../../src/ports/repository.ts'

/** As real ones, but for what tests look at. */
export const ids: Ids = Object.assign(new SystemIds(), {
  roomName: () => 'Imperfect Seat',
  memberName: () => 'Silver Otter',
  random: () => 0.5,
})

export interface FakeMember {
  readonly connection: Connection
  readonly posts: string[]
  left: number
}

/** One that came over the JSON dialect, with what it asked for, and how it went. */
export interface FakeResumable {
  readonly connection: Connection
  readonly roomId: RoomId
  readonly wish: JoinWish
  readonly sends: { readonly ref: string; readonly text: string; answer(sent: Sent): void }[]
  typed: number
  end: 'left' | 'quit' | undefined
}

const OPEN = { public: false, locked: false, slowMs: 0 }

/** Stands for the controller: keeps what it is told, answers what a test wants. */
export class FakeController {
  accepting = true
  readonly rooms = new Map<RoomId, RoomWithMembers>()
  readonly joins: FakeMember[] = []
  /** Called in every join, after the room was found. */
  onJoin: (member: FakeMember) => void | Promise<void> = () => {}
  onPost: (member: FakeMember, text: string) => void = () => {}
  onCreate: () => void | Promise<void> = () => {}
  readonly resumables: FakeResumable[] = []
  onResumable: (member: FakeResumable) => void | Promise<void> = () => {}
  /** How often any method was called. */
  calls = 0

  async createRoom({ owned, ...options }: RoomWish = {}): Promise<CreatedRoom> {
    this.calls += 1
    await this.onCreate()
    const room = { id: ids.roomId(), name: ids.roomName(), ...options, members: [] }
    this.rooms.set(room.id, room)
    const { id, name } = room
    return { id, name, ownerToken: owned ? ids.ownerToken() : undefined }
  }

  async roomInfo(id: RoomId): Promise<RoomInfo> {
    const { name, members } = await this.findRoom(id)
    return {
      ...{ id, name, topic: 'Seats', capacity: undefined, public: false, locked: true },
      ...{ slowMs: 10_000, messageCount: 7, memberCount: members.length },
      ...{ created: 1_750_000_000_000, expires: undefined },
    }
  }

  /** What an owner did, or someone with a secret. */
  readonly done: unknown[][] = []
  /** The only secret that is right. */
  readonly secret = 'right'

  readonly owners = {
    change: (...args: unknown[]) => this.#do('change', args),
    dismiss: (...args: unknown[]) => this.#do('dismiss', args),
    remove: (place: unknown, token: unknown) => this.#do('remove', [place, token]),
  }

  readonly changes = {
    change: async (...args: [RoomId, string, { readonly target: MessageId }]) => {
      await this.#do('message', args)
      return { id: args[2].target, seq: 9 }
    },
  }

  async #do(what: string, args: unknown[]): Promise<void> {
    this.calls += 1
    this.done.push([what, ...args])
    if (args[1] !== this.secret) throw new RoomError('forbidden', 'You may not do this.')
  }

  async findRoom(id: RoomId): Promise<RoomWithMembers> {
    this.calls += 1
    const room = this.rooms.get(id)
    if (!room) throw new RoomError('not_found', 'There is no such room.')
    return room
  }

  async join(id: RoomId, connection: Connection) {
    await this.findRoom(id)
    const member: FakeMember = { connection, posts: [], left: 0 }
    this.joins.push(member)
    await this.onJoin(member)
    return {
      post: (text: string) => {
        member.posts.push(text)
        this.onPost(member, text)
      },
      leave: () => {
        member.left += 1
      },
    }
  }

  async joinResumable(id: RoomId, connection: Connection, wish: JoinWish): Promise<Joined> {
    const room = await this.findRoom(id)
    const fake: FakeResumable = {
      connection,
      roomId: id,
      wish,
      sends: [],
      typed: 0,
      end: undefined,
    }
    this.resumables.push(fake)
    await this.onResumable(fake)
    const member = {
      id: ids.memberId(),
      name: 'Silver Otter',
      send: (ref: string, text: string, answer: (sent: Sent) => void) => {
        fake.sends.push({ ref, text, answer })
      },
      typing: () => {
        fake.typed += 1
      },
      leave: () => {
        fake.end ??= 'left'
      },
      quit: () => {
        fake.end ??= 'quit'
      },
    }
    return {
      member: member as unknown as Member,
      settings: { name: room.name, topic: '', capacity: undefined, ...OPEN },
      members: [{ id: member.id, name: member.name }],
      memberCount: 1,
      seq: 1,
      resume: wish.resume ?? ids.resumeSecret(),
      resetFrom: wish.after === 99 ? 1 : undefined,
    }
  }
}
