import { RoomError } from '../../ports/errors.ts'
import { isMessageId, type LoggedMessage, type MessageId, type Seq } from '../../ports/model.ts'
import { HISTORY_TYPE } from '../../protocol/dialect.ts'
import { messageJson } from './frames.ts'
import { toldChanges } from './json-frames.ts'

/** How history is written, and what its cursors are. */
export interface HistoryDialect {
  /** The content type. */
  readonly type: string
  readonly element: (message: LoggedMessage) => string
  /** @throws RoomError `invalid` */
  readonly cursor: (text: string) => Seq | MessageId
  readonly cursorOf: (message: LoggedMessage) => Seq | MessageId
  /** Whether it tells of messages that were deleted. */
  readonly deleted: boolean
}

const SEQ = /^(?:0|[1-9][0-9]{0,15})$/

const plainHistory: HistoryDialect = {
  type: 'application/json; charset=utf-8',
  element: messageJson,
  cursor: (text) => {
    if (!isMessageId(text)) throw new RoomError('invalid', 'A cursor is the id of a message.')
    return text
  },
  cursorOf: ({ id }) => id,
  deleted: false,
}

const seqHistory: HistoryDialect = {
  type: `${HISTORY_TYPE}; charset=utf-8`,
  element: (message) => {
    const json = `{"seq":${message.seq},${messageJson(message).slice(1)}`
    const { edited, deleted } = message
    if (edited === undefined && deleted === undefined) return json
    return `${json.slice(0, -1)},${JSON.stringify(toldChanges(message)).slice(1)}`
  },
  cursor: (text) => {
    const seq = seqOf(text)
    if (seq === undefined) throw new RoomError('invalid', 'A cursor is a seq.')
    return seq
  },
  cursorOf: ({ seq }) => seq,
  deleted: true,
}

/** A place in a log, as it stands in a path or query; undefined for what is none. */
export const seqOf = (text: string): Seq | undefined => {
  const seq = Number(text)
  return SEQ.test(text) && Number.isSafeInteger(seq) ? seq : undefined
}

/** @param accept the header of that name */
export const historyDialectOf = (accept = ''): HistoryDialect =>
  accept.split(',').some((range) => range.split(';', 1)[0]?.trim().toLowerCase() === HISTORY_TYPE)
    ? seqHistory
    : plainHistory
