import type { Clock } from '../ports/clock.ts'
import { RoomError } from '../ports/errors.ts'
import type { LoggedMessage, RoomId } from '../ports/model.ts'
import type { Range, Repository } from '../ports/repository.ts'
import type { SearchIndex } from '../ports/search-index.ts'
import { wantedWords } from '../ports/words.ts'
import { type Excerpt, found } from './history.ts'
import type { Indexer } from './indexer.ts'
import { Turns } from './turns.ts'

/** Searches at work at the same time on this node. */
const MAX_SEARCHES = 2

export interface SearchParts {
  readonly searchIndex: Pick<SearchIndex, 'search'>
  readonly repository: Pick<Repository, 'lastSeqs'>
  readonly indexer: Pick<Indexer, 'add'>
  readonly clock: Clock
}

/** Finds messages by their words. */
export class Search {
  readonly #parts: SearchParts
  readonly #turns: Turns

  constructor(parts: SearchParts) {
    this.#parts = parts
    this.#turns = new Turns(MAX_SEARCHES, parts.clock)
  }

  /**
   * At most `range.limit` of the chats that have all words of a text, however it is written. A text
   * without a word finds nothing. `older` and `newer` are about what is found.
   * @throws RoomError as History.excerpt
   */
  async excerpt(roomId: RoomId, text: string, range: Range): Promise<Excerpt> {
    const words = wantedWords(text)
    return this.#turns.take(async () => {
      if (words.length > 0) return this.#excerpt(roomId, words, range)
      const [room] = await this.#parts.repository.lastSeqs([{ roomId, seq: -1 }])
      if (room?.seq === undefined) throw new RoomError('not_found', 'There is no such room.')
      return { messages: [], older: false, newer: false }
    })
  }

  async #excerpt(roomId: RoomId, words: readonly string[], range: Range): Promise<Excerpt> {
    const { limit } = range
    const search = async (part: Range): Promise<readonly LoggedMessage[]> =>
      found(await this.#parts.searchIndex.search(roomId, words, part))
    const some = await search({ ...range, limit: limit + 1 })
    this.#parts.indexer.add(roomId)
    const more = some.length > limit
    if ('after' in range) {
      const messages = some.slice(0, limit)
      const [first] = messages
      const older = first ? await search({ before: first.seq, limit: 1 }) : []
      return { messages, older: older.length > 0, newer: more }
    }
    const messages = some.slice(-limit)
    const last = messages.at(-1)
    const newer = last && 'before' in range ? await search({ after: last.seq, limit: 1 }) : []
    return { messages, older: more, newer: newer.length > 0 }
  }
}
