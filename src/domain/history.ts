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
    const { messages, older, newer } = await this.#read(roomId, range)
    return { messages, older, newer }
  }

  /**
   * The message with this seq; undefined when there is none.
   * @param deleted whether one that was deleted is there
   * @throws RoomError as `excerpt`
   */
  async message(roomId: RoomId, seq: Seq, deleted: boolean): Promise<LoggedMessage | undefined> {
    const range = { after: seq - 1, limit: 1, ...(deleted && { deleted }) }
    const [message] = (await this.#read(roomId, range)).messages
    return message?.seq === seq ? message : undefined
  }

  /**
   * All messages of a room that are there when the promise resolves, in pages that are not empty. A page
   * is read when it is asked for; nothing is held between pages. The iteration throws a RoomError when it
   * cannot come to its end.
   * @param deleted whether those that were deleted are there, too
   * @throws RoomError `not_found`, `overloaded`, `unavailable`, `internal`
   */
  async all(roomId: RoomId, deleted = false): Promise<AsyncIterable<readonly LoggedMessage[]>> {
    const range = { ...PAGE, ...(deleted && { deleted }) }
    const first = await this.#read(roomId, { after: 0, ...range })
    return this.#pages(roomId, range, first)
  }

  async *#pages(
    roomId: RoomId,
    range: typeof PAGE,
    first: Page,
  ): AsyncGenerator<readonly LoggedMessage[], void> {
    const end = first.lastSeq
    let page = first
    for (;;) {
      const due = page.messages.filter(({ seq }) => seq <= end)
      const last = due.at(-1)
      if (last) yield due
      if (!last || !page.newer || last.seq >= end) return
      page = await this.#read(roomId, { after: last.seq, ...range })
      if (page.lastSeq < end) {
        throw new RoomError('unavailable', 'The history went back while it was read.')
      }
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
