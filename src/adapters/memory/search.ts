import { setImmediate } from 'node:timers/promises'
import type { LoggedMessage, MessageId, RoomId, Seq } from '../../ports/model.ts'
import type { Range } from '../../ports/repository.ts'
import type { SearchIndex } from '../../ports/search-index.ts'
import { hasWords } from '../../ports/words.ts'
import type { StoredRow } from './log.ts'
import type { Store } from './store.ts'

/** How long this process does nothing else. */
const SLICE_MS = 4
/** Messages between two looks at the time. */
const STRIDE = 64

/**
 * See SearchIndex.search. Every row is looked at, for a third of a microsecond: what fits into
 * memory needs no index, which would take as much of it again.
 * @param log the row with seq n is at n - 1; it may grow meanwhile, and be emptied
 * @param seqOf the seq of a message of this log
 */
const chatsWith = async (
  log: readonly StoredRow[],
  words: readonly string[],
  range: Range,
  seqOf: (id: MessageId) => Seq | undefined,
): Promise<readonly LoggedMessage[] | 'cursor_unknown'> => {
  const at = 'after' in range ? range.after : 'before' in range ? range.before : log.length + 1
  const cursor = typeof at === 'number' ? at : seqOf(at)
  if (cursor === undefined) return 'cursor_unknown'
  const step = 'after' in range ? 1 : -1
  const last = 'after' in range ? log.length : 1
  const found: LoggedMessage[] = []
  let sliceEnd = performance.now() + SLICE_MS
  const first = Math.min(cursor, log.length + 1) + step
  for (let seq = first; (last - seq) * step >= 0 && found.length < range.limit; seq += step) {
    const row = log[seq - 1]
    if (row?.type === 'chat' && hasWords(row.message, words)) found.push(row)
    if (seq % STRIDE === 0 && performance.now() > sliceEnd) {
      await setImmediate()
      sliceEnd = performance.now() + SLICE_MS
    }
  }
  return step === 1 ? found : found.toReversed()
}

/** Has no index: see chatsWith. */
export class MemorySearchIndex implements SearchIndex {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async search(
    roomId: RoomId,
    words: readonly string[],
    range: Range,
  ): Promise<readonly LoggedMessage[] | 'cursor_unknown' | undefined> {
    const { rooms } = this.#store
    const room = rooms.get(roomId)
    if (room === undefined) return undefined
    const found = await chatsWith(room.log, words, range, (id) => this.#store.seqIn(roomId, id))
    // It takes its time, unlike everything else here.
    return rooms.get(roomId) === room ? found : undefined
  }

  async indexWords(): Promise<boolean> {
    return false
  }
}
