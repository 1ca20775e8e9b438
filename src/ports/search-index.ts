import type { LoggedMessage, RoomId } from './model.ts'
import type { Range } from './repository.ts'

/** So many rows of a log are prepared for search at a time. */
export const SEARCH_SEGMENT = 2_048

/** Finds messages by their words. Rules R50–R53 and R61 in docs/contracts.md; promises as of Repository. */
export interface SearchIndex {
  /**
   * The chats of a room that have all these words (see words.ts), of what the range names: at most
   * `limit`, oldest first. Not atomic: what is appended meanwhile may be missing.
   * Rejects with `overloaded`, too, when it would take too long.
   * @param words from wantedWords, at least one
   * @returns undefined and `cursor_unknown` as `read`
   */
  search(
    roomId: RoomId,
    words: readonly string[],
    range: Range,
  ): Promise<readonly LoggedMessage[] | 'cursor_unknown' | undefined>

  /**
   * One step of preparing a room for search, which finds the same without it, but not as fast: takes
   * the words of the next SEARCH_SEGMENT rows of its log once they are there. Not atomic.
   * @returns whether there is more to do now
   */
  indexWords(roomId: RoomId): Promise<boolean>
}
