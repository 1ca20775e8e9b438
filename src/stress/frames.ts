export const TEXT = 0x1
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

const FINAL = 0x80
const MASKED = 0x80
const LENGTH_IN_2_BYTES = 126
const LENGTH_IN_8_BYTES = 127

/** The kind of the frame that begins here (RFC 6455, 5.2). */
export const opcodeAt = (bytes: Buffer, at: number): number => (bytes[at] ?? 0) & 0x0f

/**
 * Where the content of an unmasked frame begins.
 * @param at where the frame begins; two bytes of it are there
 */
export const contentAt = (bytes: Buffer, at: number): number => {
  const length = (bytes[at + 1] ?? 0) & 0x7f
  if (length < LENGTH_IN_2_BYTES) return at + 2
  return at + (length === LENGTH_IN_2_BYTES ? 4 : 10)
}

/**
 * Where an unmasked frame ends, also when that is beyond what is there; undefined while its head
 * is not whole.
 * @param at where the frame begins
 * @param to where the bytes end
 */
export const frameEnd = (bytes: Buffer, at: number, to: number): number | undefined => {
  if (to - at < 2) return undefined
  const content = contentAt(bytes, at)
  if (content > to) return undefined
  const length = (bytes[at + 1] ?? 0) & 0x7f
  if (length < LENGTH_IN_2_BYTES) return content + length
  if (length === LENGTH_IN_2_BYTES) return content + bytes.readUInt16BE(at + 2)
  return content + Number(bytes.readBigUInt64BE(at + 2))
}

/**
 * A frame as the connecting side has to send it. The mask is zero: it leaves the bytes as they
 * are, and what it is for (proxies that take frames for HTTP) does not matter here.
 */
export const maskedFrame = (opcode: number, content: Uint8Array): Buffer => {
  const { length } = content
  const wide = length < LENGTH_IN_2_BYTES ? 0 : length < 0x1_00_00 ? 2 : 8
  const frame = Buffer.alloc(2 + wide + 4 + length)
  frame[0] = FINAL | opcode
  if (wide === 0) {
    frame[1] = MASKED | length
  } else if (wide === 2) {
    frame[1] = MASKED | LENGTH_IN_2_BYTES
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = MASKED | LENGTH_IN_8_BYTES
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.set(content, 2 + wide + 4)
  return frame
}
