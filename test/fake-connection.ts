import type { CloseReason, Connection, Dialect, EncodeMessage } from '../src/ports/connection.ts'
import type { ErrorCode } from '../src/ports/errors.ts'
import type { Message } from '../src/ports/model.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** One line of JSON per message: enough for tests that look at the domain alone. */
export const encodeLine: EncodeMessage = (row) => {
  const { id, roomId, memberId, memberName, type, message, sent } = row
  const text = JSON.stringify({ id, roomId, memberId, memberName, type, message, sent })
  return encoder.encode(`${text}\n`)
}

/** Plain frames back to back, without WebSocket headers. */
export const lines: Dialect = {
  encode: (entries) => {
    const offsets: number[] = []
    let length = 0
    for (const { plain } of entries) {
      offsets.push(length)
      length += plain.length
    }
    const bytes = new Uint8Array(length)
    entries.forEach(({ plain }, index) => bytes.set(plain, offsets[index]))
    return { bytes, offsets }
  },
  encodeTyping: (_roomId, { name }) =>
    encoder.encode(`${JSON.stringify({ type: 'typing', memberName: name })}\n`),
}

/** A connection that keeps what it was given. It reads everything at once unless told to stall. */
export class FakeConnection implements Connection {
  readonly dialect = lines
  readonly messages: Message[] = []
  readonly refused: { code: ErrorCode; failed: Message }[] = []
  writes = 0
  unsent = 0
  written = 0
  stalled = false
  closed: CloseReason | undefined

  write(bytes: Uint8Array): boolean {
    if (this.closed) return false
    this.writes += 1
    this.written += bytes.length
    if (this.stalled) this.unsent += bytes.length
    for (const line of decoder.decode(bytes).split('\n')) {
      if (line !== '') this.messages.push(JSON.parse(line) as Message)
    }
    return true
  }

  refuse(code: ErrorCode, failed: Message): void {
    if (!this.closed) this.refused.push({ code, failed })
  }

  close(reason: CloseReason): void {
    this.closed ??= reason
  }

  /** The texts of the chat messages that it was given, in order. */
  get texts(): string[] {
    return this.messages.filter(({ type }) => type === 'chat').map(({ message }) => message)
  }
}
