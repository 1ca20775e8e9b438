import type { LoggedMessage, MessageId, Seq } from '../../ports/model.ts'
import type { Page, Range } from '../../ports/repository.ts'

/**
 * See Repository.read.
 * @param log the row with seq n is at n - 1
 * @param seqOf the seq of a message of this log
 */
export const pageOf = (
  log: readonly LoggedMessage[],
  range: Range,
  seqOf: (id: MessageId) => Seq | undefined,
): Page | 'cursor_unknown' => {
  const { length: lastSeq } = log
  const { limit } = range
  if ('newest' in range) return { messages: log.slice(Math.max(0, lastSeq - limit)), lastSeq }
  const at = 'after' in range ? range.after : range.before
  const cursor = typeof at === 'number' ? at : seqOf(at)
  if (cursor === undefined) return 'cursor_unknown'
  if ('before' in range) {
    const end = Math.max(0, Math.min(cursor - 1, lastSeq))
    return { messages: log.slice(Math.max(0, end - limit), end), lastSeq }
  }
  const messages = upTo(range.maxBytes ?? Infinity, log.slice(cursor, cursor + limit))
  return { messages, lastSeq }
}

/** The first messages, at least one, whose texts have no more than `maxBytes` in UTF-8. */
const upTo = (maxBytes: number, messages: readonly LoggedMessage[]): readonly LoggedMessage[] => {
  let bytes = 0
  const end = messages.findIndex(({ message }, index) => {
    bytes += Buffer.byteLength(message)
    return index > 0 && bytes > maxBytes
  })
  return end === -1 ? messages : messages.slice(0, end)
}
