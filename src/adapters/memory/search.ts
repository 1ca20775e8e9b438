import { setImmediate } from 'node:timers/promises'
import type { LoggedMessage, MessageId, Seq } from '../../ports/model.ts'
import type { Range } from '../../ports/repository.ts'
import { hasWords } from '../../ports/words.ts'
import type { StoredRow } from './log.ts'

/** How long this process does nothing else. */
const SLICE_MS = 4
/** Messages between two looks at the time. */
const STRIDE = 64

/**
 * See Repository.search. Every row is looked at, for a third of a microsecond: what fits into
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
