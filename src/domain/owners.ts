import { RoomError } from '../ports/errors.ts'
import type { Ids } from '../ports/ids.ts'
import type { MemberPlace, RoomId, RoomSettings } from '../ports/model.ts'
import type { RoomOwners } from '../ports/room-owners.ts'
import type { Controller } from './controller.ts'
import { noSuchRoom } from './joins.ts'

/** How long nobody from the address of a removed member can join. */
const KEEP_OUT_MS = 3_600_000

export interface OwnersParts {
  readonly roomOwners: RoomOwners
  readonly ids: Pick<Ids, 'ownerHash' | 'isSame' | 'messageId'>
  readonly controller: Pick<Controller, 'logged' | 'ended'>
}

/**
 * What the owner of a room may do, on whatever node. The other nodes see it in the room's log, or find
 * the room gone.
 */
export class Owners {
  readonly #parts: OwnersParts

  constructor(parts: OwnersParts) {
    this.#parts = parts
  }

  /**
   * Whether this is the token of a room's owner.
   * @throws RoomError `not_found`, `unavailable`, `internal`
   */
  async isOwner(roomId: RoomId, token: string): Promise<boolean> {
    const { roomOwners, ids } = this.#parts
    const known = await roomOwners.findOwner(roomId)
    if (known === undefined) throw noSuchRoom()
    return known !== 'none' && ids.isSame(ids.ownerHash(token), known)
  }

  /**
   * Changes some of a room's settings.
   * @throws RoomError `forbidden`, `not_found`, `unavailable`, `unknown`, `internal`
   */
  async change(roomId: RoomId, token: string, changes: Partial<RoomSettings>): Promise<void> {
    const { roomOwners, ids, controller } = this.#parts
    await this.#check(roomId, token)
    const changed = await roomOwners.changeRoom(roomId, ids.messageId(), changes)
    if (!changed) throw noSuchRoom()
    if (changed.row) controller.logged([changed.row])
  }

  /**
   * Ends a room: its members are closed with `room_gone`, nothing of it can be read from now on, and
   * its rows are removed soon.
   * @throws RoomError as `change`
   */
  async dismiss(roomId: RoomId, token: string): Promise<void> {
    const { roomOwners, controller } = this.#parts
    await this.#check(roomId, token)
    if (!(await roomOwners.endRoom(roomId))) throw noSuchRoom()
    controller.ended(roomId)
  }

  /**
   * Removes a member: its connection is closed with `removed`, and nobody can join from where it was for
   * an hour.
   * @throws RoomError as `change`; `not_found` also when there is no such member
   */
  async remove(place: MemberPlace, token: string): Promise<void> {
    const { roomOwners, ids, controller } = this.#parts
    await this.#check(place.roomId, token)
    const left = await roomOwners.removeMember(place, ids.messageId(), KEEP_OUT_MS)
    if (!left) throw new RoomError('not_found', 'There is no such member.')
    controller.logged([left])
  }

  async #check(roomId: RoomId, token: string): Promise<void> {
    if (!(await this.isOwner(roomId, token))) throw notAllowed()
  }
}

/** The same for every wrong secret, so that it tells nothing. */
export const notAllowed = (): RoomError => new RoomError('forbidden', 'You may not do this.')
