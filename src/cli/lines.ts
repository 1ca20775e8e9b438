import { type Message, roomLink } from '../client/client.ts'
import type { PublicRoom } from '../client/finding.ts'
import { dayOf, timeOf } from '../terminal/paragraphs.ts'
import { printableLine } from '../terminal/printable.ts'

/** A message as one line for a person; nothing in it can move a terminal's cursor. */
export const plainLine = ({ sent, type, memberName, message }: Message): string => {
  const text = printableLine(message)
  return `${timeOf(sent)} ${type === 'chat' ? `${printableLine(memberName)}: ${text}` : `* ${text}`}\n`
}

/** As `plainLine`, of whatever day. */
export const foundLine = (message: Message): string =>
  `${dayOf(message.sent)} ${plainLine(message)}`

/** A public room as one line for a person, with the link that joins it. */
export const roomLine = (
  url: string,
  { roomId, roomName, topic, memberCount }: PublicRoom,
): string => {
  const about = printableLine(topic === '' ? roomName : `${roomName}: ${topic}`)
  const members = memberCount === 1 ? 'member' : 'members'
  return `${roomLink(url, roomId)}  ${memberCount} ${members}  ${about}\n`
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
  return `${escapedJson(JSON.stringify(fields))}\n`
}

/** The same JSON, or lines or a part of such, with everything escaped that a terminal could obey. */
export const escapedJson = (json: string): string => json.replaceAll(UNSAFE, escaped)

/** Below U+0020 JSON escapes by itself. */
const UNSAFE = /(?!\n)\p{Cc}|\p{Bidi_Control}|[\u2028\u2029\ufeff\ufff9-\ufffb]/gu

const escaped = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
