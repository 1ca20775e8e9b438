import type { Dialect, Encoded } from '../../ports/connection.ts'
import type { Entry, LoggedMessage, LogRow, RoomSettings } from '../../ports/model.ts'
import type { Event, TypingEvent } from '../../protocol/events.ts'
import { frameSize, isoTime, putHead } from './frames.ts'

/** What a message's plain frame begins and ends with, and its JSON frame does not have. */
const BRACE = 1
const NEWLINE = 1

/**
 * One text frame per entry: its plain frame's object with `event` and `seq` in front, or, of what is
 * changed, what its row says.
 */
export const jsonDialect: Dialect = {
  encode(entries) {
    if (entries.some(({ row }) => row !== undefined)) return encodeRows(entries)
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

/** As `encode`, where some entries have rows. */
const encodeRows = (entries: readonly Entry[]): Encoded => {
  const frames = entries.map(({ row, ...entry }) =>
    row === undefined ? jsonDialect.encode([entry]).bytes : eventFrame(eventOf(row)),
  )
  let size = 0
  const offsets = frames.map(({ length }) => (size += length) - length)
  return { bytes: Buffer.concat(frames), offsets }
}

const eventOf = (row: LogRow): Event => {
  const { roomId, seq } = row
  switch (row.type) {
    case 'edited': {
      const { id, target, message, sent } = row
      return { event: 'edited', seq, roomId, id, target, message, edited: isoTime(sent) }
    }
    case 'deleted': {
      const { id, target, sent } = row
      return { event: 'deleted', seq, roomId, id, target, deleted: isoTime(sent) }
    }
    case 'settings':
      return { event: 'settings', seq, roomId, roomName: row.name, ...toldSettings(row) }
    case 'chat':
    case 'joined':
    case 'left': {
      const { id, memberId, memberName, type, message, sent } = row
      return {
        event: 'message',
        seq,
        id,
        roomId,
        memberId,
        memberName,
        type,
        message,
        sent: isoTime(sent),
        ...toldChanges(row),
      }
    }
  }
}

/** What is told of a message besides what it always has. */
export const toldChanges = ({ edited, deleted }: LoggedMessage) => ({
  ...(edited === undefined ? {} : { edited: isoTime(edited) }),
  ...(deleted === undefined ? {} : { deleted: isoTime(deleted) }),
})

/** The settings of a room but its name, as they are told. */
export const toldSettings = (settings: RoomSettings) => ({
  topic: settings.topic,
  capacity: settings.capacity ?? null,
  locked: settings.locked,
  public: settings.public,
  slowMode: settings.slowMs / 1000,
})

/** The values of settings of a room that was made with nothing said. */
const USUAL: readonly unknown[] = ['', null, false, 0]

/** As `toldSettings`, without what is as usual. */
export const ownSettings = (settings: RoomSettings): Partial<ReturnType<typeof toldSettings>> =>
  Object.fromEntries(
    Object.entries(toldSettings(settings)).filter(([, value]) => !USUAL.includes(value)),
  )

/** An event as one text frame. */
export const eventFrame = (event: Event): Uint8Array => {
  const text = JSON.stringify(event)
  const length = Buffer.byteLength(text)
  const bytes = Buffer.allocUnsafe(frameSize(length))
  bytes.write(text, putHead(bytes, 0, length))
  return bytes
}
