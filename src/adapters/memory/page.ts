import type { LoggedMessage, LogRow, MessageId, Seq } from '../../ports/model.ts'
import type { Page, Range } from '../../ports/repository.ts'
import { isMessage, type StoredRow } from './log.ts'

/**
 * See Repository.read.
 * @param log the row with seq n is at n - 1
 * @param seqOf the seq of a message of this log
 */
export const pageOf = (
  log: readonly StoredRow[],
  range: Range,
  seqOf: (id: MessageId) => Seq | undefined,
): Page | 'cursor_unknown' => {
  const { length: lastSeq } = log
  const shown = (row: StoredRow): row is LoggedMessage =>
    isMessage(row) && (range.deleted === true || row.deleted === undefined)
  const take = (start: number, step: 1 | -1, limit: number): LoggedMessage[] => {
    const taken: LoggedMessage[] = []
    for (let at = start; at >= 0 && at < lastSeq && taken.length < limit; at += step) {
      const row = log[at]
      if (row && shown(row)) taken.push(row)
    }
    return taken
  }
  const at = 'after' in range ? range.after : 'before' in range ? range.before : lastSeq + 1
  const cursor = typeof at === 'number' ? at : seqOf(at)
  if (cursor === undefined) return 'cursor_unknown'
  const messages =
    'after' in range
      ? upTo(range.maxBytes ?? Infinity, take(cursor, 1, range.limit))
      : take(Math.min(cursor - 1, lastSeq) - 1, -1, range.limit).toReversed()
  const [first, last] = [messages[0], messages.at(-1)]
  return {
    messages,
    lastSeq,
    older: first !== undefined && take(first.seq - 2, -1, 1).length > 0,
    newer: last !== undefined && take(last.seq, 1, 1).length > 0,
  }
}

/** The first rows, at least one, whose texts have no more than `maxBytes` in UTF-8. */
export const upTo = <Row extends LogRow>(
  maxBytes: number,
  rows: readonly Row[],
): readonly Row[] => {
  let bytes = 0
  const end = rows.findIndex((row, index) => {
    if ('message' in row) bytes += Buffer.byteLength(row.message)
    return index > 0 && bytes > maxBytes
  })
  return end === -1 ? rows : rows.slice(0, end)
}
