import type { Dialect } from '../../ports/connection.ts'
import type { Event, TypingEvent } from '../../protocol/events.ts'
import { frameSize, putHead } from './frames.ts'

/** What a message's plain frame begins and ends with, and its JSON frame does not have. */
const BRACE = 1
const NEWLINE = 1

/**
 * One text frame per entry: its plain frame's object with `event` and `seq` in front. An entry without
 * a plain frame gives none.
 */
export const jsonDialect: Dialect = {
  encode(entries) {
    const heads = entries.map(({ seq }) => `{"event":"message","seq":${seq},`)
    const lengths = entries.map(({ plain }, index) =>
      plain.length === 0 ? 0 : (heads[index]?.length ?? 0) + plain.length - BRACE - NEWLINE,
    )
    const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + frameSize(length), 0))
    const offsets: number[] = []
    let at = 0
    entries.forEach(({ plain }, index) => {
      offsets.push(at)
      if (plain.length === 0) return
      at = putHead(bytes, at, lengths[index] ?? 0)
      at += bytes.write(heads[index] ?? '', at, 'latin1')
      bytes.set(plain.subarray(BRACE, plain.length - NEWLINE), at)
      at += plain.length - BRACE - NEWLINE
    })
    return { bytes, offsets }
  },

  encodeTyping: (roomId, { id, name }) =>
    eventFrame({
      event: 'typing',
      roomId,
      memberId: id,
      memberName: name,
    } satisfies TypingEvent),
}

/** An event as one text frame. */
export const eventFrame = (event: Event): Uint8Array => {
  const text = JSON.stringify(event)
  const length = Buffer.byteLength(text)
  const bytes = Buffer.allocUnsafe(frameSize(length))
  bytes.write(text, putHead(bytes, 0, length))
  return bytes
}
