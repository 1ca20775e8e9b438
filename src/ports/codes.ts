import type { Code, Room, RoomId } from './model.ts'

/** The codes that lead to rooms. Rules R54–R58 in docs/contracts.md; promises as of Repository. */
export interface Codes {
  /**
   * Stores a code that leads to a room until it expires or is used up.
   * @returns when it expires, in milliseconds since the Unix epoch; undefined when there is no such
   * room. `taken`: another code has these digits. `room_full`, `full`: there are as many codes of the
   * room, or in all, as there may be
   */
  create(
    roomId: RoomId,
    code: Code,
    terms: CodeTerms,
  ): Promise<number | 'taken' | 'room_full' | 'full' | undefined>

  /**
   * Uses a code once. Of all calls on all nodes for codes that are not there, those beyond `guesses` are
   * refused, and then so is every call: nothing was looked up, nothing used.
   * @returns the room; undefined when there is no such code, it is used up, or its room is gone; how
   * many milliseconds until a guess is free
   */
  take(code: Code, guesses: Budget): Promise<Room | { readonly waitMs: number } | undefined>
}

export interface CodeTerms {
  readonly ttlMs: number
  /** How often it can be taken; undefined: as often as wanted. */
  readonly uses: number | undefined
  /** The most codes that a room may have, and the most in all, those that are used up included. */
  readonly mostOfRoom: number
  readonly most: number
}

/** So much at once, and in the long run. */
export interface Budget {
  readonly burst: number
  readonly perSecond: number
}
