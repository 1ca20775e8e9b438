import type { Message } from '../client/client.ts'
import { timeOf } from '../terminal/paragraphs.ts'
import { printableLine } from '../terminal/printable.ts'

/** A message as one line for a person; nothing in it can move a terminal's cursor. */
export const plainLine = ({ sent, type, memberName, message }: Message): string => {
  const text = printableLine(message)
  return `${timeOf(sent)} ${type === 'chat' ? `${printableLine(memberName)}: ${text}` : `* ${text}`}\n`
}

/** A message as one line of JSON, in which everything that a terminal could obey is escaped. */
export const jsonLine = ({
  seq,
  id,
  roomId,
  memberId,
  memberName,
  type,
  message,
  sent,
}: Message): string => {
  const fields = { seq, id, roomId, memberId, memberName, type, message, sent }
  return `${JSON.stringify(fields).replaceAll(UNSAFE, escaped)}\n`
}

/** Below U+0020 JSON escapes by itself. */
const UNSAFE = /\p{Cc}|\p{Bidi_Control}|[\u2028\u2029\ufeff\ufff9-\ufffb]/gu

const escaped = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
