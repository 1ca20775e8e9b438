import type { Clock } from '../ports/clock.ts'
import { RoomError } from '../ports/errors.ts'
import type { LoggedMessage, RoomId, Seq } from '../ports/model.ts'
import type { Page, Range, Repository } from '../ports/repository.ts'
import { Turns } from './turns.ts'

/** Reads at work at the same time on this node: history must not starve the write path. */
const MAX_READS = 4
/** One page of a whole log. */
const PAGE = { limit: 500, maxBytes: 256 * 1024 }

/** Part of a log, oldest first, and whether there is more of it on either side. */
export interface Excerpt {
  readonly messages: readonly LoggedMessage[]
  /** There are messages before the first one here. False when there is no first one. */
  readonly older: boolean
  /** There are messages after the last one here. False when there is no last one. */
  readonly newer: boolean
}

/** Reads what was said, a page at a time; readers take turns in the order in which they came. */
export class History {
  readonly #repository: Pick<Repository, 'read'>
  readonly #turns: Turns

  constructor(repository: Pick<Repository, 'read'>, clock: Clock) {
    this.#repository = repository
    this.#turns = new Turns(MAX_READS, clock)
  }

  /** Reads at work and waiting now. */
  get reads(): { readonly active: number; readonly waiting: number } {
    return this.#turns.load
  }

  /**
   * At most `range.limit` messages of a room.
   * @throws RoomError `not_found`; `invalid` when the range names a message that is not in this
   * room; `overloaded`, `unavailable`, `internal`
   */
  async excerpt(roomId: RoomId, range: Range): Promise<Excerpt> {
    const { messages, lastSeq } = await this.#read(roomId, range)
    const [first, last] = [messages[0], messages.at(-1)]
    if (!first || !last) return { messages, older: false, newer: false }
    return { messages, older: first.seq > 1, newer: last.seq < lastSeq }
  }

  /**
   * The whole log of a room as it is when the promise resolves, in pages that are not empty. A page
   * is read when it is asked for; nothing is held between pages.
   * The iteration throws a RoomError when it cannot come to its end.
   * @throws RoomError `not_found`, `overloaded`, `unavailable`, `internal`
   */
  async all(roomId: RoomId): Promise<AsyncIterable<readonly LoggedMessage[]>> {
    const { messages, lastSeq } = await this.#read(roomId, { after: 0, ...PAGE })
    return this.#pages(roomId, messages, lastSeq)
  }

  async *#pages(
    roomId: RoomId,
    page: readonly LoggedMessage[],
    end: Seq,
  ): AsyncGenerator<readonly LoggedMessage[], void> {
    for (let seq = 0; seq < end;) {
      const due = page.filter((message) => message.seq <= end)
      const last = due.at(-1)
      if (!last) throw new RoomError('unavailable', 'The history went back while it was read.')
      yield due
      seq = last.seq
      if (seq < end) page = (await this.#read(roomId, { after: seq, ...PAGE })).messages
    }
  }

  async #read(roomId: RoomId, range: Range): Promise<Page> {
    return found(await this.#turns.take(() => this.#repository.read(roomId, range)))
  }
}

/** @throws RoomError for what a repository answers instead of a part of a log */
export const found = <T>(part: T | 'cursor_unknown' | undefined): T => {
  if (part === undefined) throw new RoomError('not_found', 'There is no such room.')
  if (part === 'cursor_unknown') {
    throw new RoomError('invalid', 'The cursor is not a message of this room.')
  }
  return part
}
