import type {
  LoggedMessage,
  LoggedSettings,
  MemberPlace,
  MessageId,
  OwnerHash,
  RoomId,
  RoomSettings,
} from './model.ts'

/**
 * Who owns a room, and what is done in an owner's name. Whether somebody may is for the caller to find
 * out. Rules R38, R39, R42, R43 in docs/contracts.md; promises as of Repository.
 */
export interface RoomOwners {
  /** The hash of the token of a room's owner, `none` if it has no owner; undefined: no such room. */
  findOwner(roomId: RoomId): Promise<OwnerHash | 'none' | undefined>

  /**
   * Changes some of a room's settings, and appends that to the log of a room that was ever joined.
   * Settings as they are already change nothing.
   * @param messageId that of the log row
   * @returns undefined when there is no such room
   */
  changeRoom(
    roomId: RoomId,
    messageId: MessageId,
    changes: Partial<RoomSettings>,
  ): Promise<ChangedRoom | undefined>

  /**
   * Ends a room now, whoever is in it: from this moment on it does not exist for anyone, as if it had
   * expired.
   * @returns false when there is no such room
   */
  endRoom(roomId: RoomId): Promise<boolean>

  /**
   * Removes a member and appends its `left`; where it was connected from nobody can join that room for
   * as long as is said.
   * @param messageId that of the `left`
   * @param keepOutMs milliseconds, by the repository's clock
   * @returns undefined when there is no such member
   */
  removeMember(
    place: MemberPlace,
    messageId: MessageId,
    keepOutMs: number,
  ): Promise<LoggedMessage | undefined>
}

export interface ChangedRoom {
  readonly settings: RoomSettings
  /** The row of the log, if there is one for this call. */
  readonly row: LoggedSettings | undefined
}
