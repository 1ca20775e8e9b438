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
export const chatsWith = async (
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
  let seqs: Seq[] = []
  let sliceEnd = performance.now() + SLICE_MS
  for (let seq = Math.min(cursor, log.length + 1) + step; ; seq += step) {
    const ends = (last - seq) * step < 0
    if (ends || seqs.length === range.limit) {
      // Texts may have been changed since they were looked at: as it is now, and nothing else until then.
      const found = seqs.map((one) => log[one - 1]).filter((row) => isFound(row, words))
      if (ends || found.length === range.limit) return step === 1 ? found : found.toReversed()
      seqs = found.map((message) => message.seq)
    }
    if (isFound(log[seq - 1], words)) seqs.push(seq)
    if (seq % STRIDE === 0 && performance.now() > sliceEnd) {
      await setImmediate()
      sliceEnd = performance.now() + SLICE_MS
    }
  }
}

const isFound = (row: StoredRow | undefined, words: readonly string[]): row is LoggedMessage =>
  row?.type === 'chat' && hasWords(row.message, words)

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
