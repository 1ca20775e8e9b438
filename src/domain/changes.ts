import type { Append, Rejection } from '../ports/append.ts'
import { type ErrorCode, RoomError } from '../ports/errors.ts'
import type { Ids } from '../ports/ids.ts'
import type { MemberId, MessageId, RoomId, Seq } from '../ports/model.ts'
import type { Repository } from '../ports/repository.ts'
import type { Controller } from './controller.ts'
import { noSuchRoom, restarting } from './joins.ts'
import type { Outcome } from './outbox.ts'
import { notAllowed, type Owners } from './owners.ts'
import { faultOf } from './text.ts'

/** Who may change a message, and what is to become of it. */
export interface ChangeWish {
  readonly target: MessageId
  /** Its text from now on; undefined: it is to be deleted. */
  readonly message: string | undefined
}

export interface Changed {
  /** Of the message. */
  readonly id: MessageId
  /** Of the change, in the room's log. */
  readonly seq: Seq
}

export interface ChangesParts {
  readonly repository: Pick<Repository, 'findMember'>
  readonly ids: Pick<Ids, 'messageId' | 'resumeHash'>
  readonly controller: Pick<Controller, 'post'>
  readonly owners: Pick<Owners, 'isOwner'>
  readonly maxMessageBytes: number
}

/** Changes of messages for those who hold a secret and are on no connection. */
export class Changes {
  readonly #parts: ChangesParts

  constructor(parts: ChangesParts) {
    this.#parts = parts
  }

  /**
   * Gives a message another text, or deletes it.
   * @param secret the `resume` of the member that wrote it; to delete it, also the room's owner's token
   * @throws RoomError `invalid`, `too_large`, `forbidden`, `not_found`, `draining`, `overloaded`,
   * `unavailable`, `unknown`, `internal`
   */
  async change(roomId: RoomId, secret: string, wish: ChangeWish): Promise<Changed> {
    const { repository, ids, owners, maxMessageBytes } = this.#parts
    const { message } = wish
    const fault = message === undefined ? undefined : faultOf(message, maxMessageBytes)
    if (message === '' || fault) {
      throw new RoomError(fault ?? 'invalid', 'This text cannot be a message.')
    }
    const isOwner = await owners.isOwner(roomId, secret)
    const memberId =
      isOwner && message === undefined
        ? undefined
        : await repository.findMember(roomId, ids.resumeHash(secret))
    if (memberId === undefined && !(isOwner && message === undefined)) throw notAllowed()
    return this.#append(changeOf(roomId, memberId, ids.messageId(), wish))
  }

  #append(entry: Append): Promise<Changed> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome): void => {
        if ('change' in outcome) return resolve(outcome.change)
        if ('failed' in outcome) return reject(notNow(outcome.failed))
        reject('rejected' in outcome ? refusalOf(outcome.rejected) : notNow('internal'))
      }
      const refused = this.#parts.controller.post(entry, settle)
      if (refused) reject(refused === 'draining' ? restarting() : notNow(refused))
    })
  }
}

/**
 * The entry for a change.
 * @param memberId who does it; undefined: the room's owner, who can only delete
 * @param messageId of the change itself
 */
export const changeOf = (
  roomId: RoomId,
  memberId: MemberId | undefined,
  messageId: MessageId,
  { target, message }: ChangeWish,
): Append => {
  const entry = { roomId, messageId, target }
  return message === undefined || memberId === undefined
    ? { ...entry, type: 'deleted', memberId }
    : { ...entry, type: 'edited', memberId, message }
}

const refusalOf = (rejected: Rejection | 'too_soon'): RoomError => {
  if (rejected === 'room_gone') return noSuchRoom()
  if (rejected === 'message_gone') return new RoomError('not_found', 'There is no such message.')
  if (rejected === 'not_yours') return notAllowed()
  if (rejected === 'storage_full') return notNow('overloaded')
  // It was one a moment ago, or this node was taken for dead: the next try tells.
  return restarting()
}

const notNow = (code: ErrorCode): RoomError =>
  new RoomError(code, 'The message cannot be changed now, try again.')
