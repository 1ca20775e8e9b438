import { CLOSE, closeFrame, rawFrame } from '../raw-socket.ts'

/** What is sent after the own `joined`, and what has to come of it. */
export interface FrameCase {
  readonly title: string
  /** Each is a write of its own. */
  readonly writes: readonly Uint8Array[]
  /** The chats that everyone gets, in order. */
  readonly said?: readonly string[]
  /** The bodies of the pongs, in order. */
  readonly pongs?: readonly (string | Uint8Array)[]
  /** How many texts are refused. */
  readonly failed?: number
  /**
   * The code of the close frame that comes, `empty` for one without. Without it the connection is
   * open after all that, and ends with 1000 because the case asks for it.
   */
  readonly close?: number | 'empty'
}

export const PROTOCOL_ERROR = 1002
export const NOT_UTF8 = 1007
export const POLICY = 1008
export const TOO_BIG = 1009

export const CONTINUATION = 0

/** All of it byte by byte. */
export const chopped = (...frames: readonly Uint8Array[]): readonly Uint8Array[] =>
  [...Buffer.concat(frames)].map((byte) => Uint8Array.of(byte))

/** All of it in one write. */
export const glued = (...frames: readonly Uint8Array[]): readonly Uint8Array[] => [
  Buffer.concat(frames),
]

/** A message in fragments, a frame each; of which kind, the first one says. */
export const fragments = (
  opcode: number,
  parts: readonly (string | Uint8Array)[],
): readonly Uint8Array[] =>
  parts.map((part, at) =>
    rawFrame(at === 0 ? opcode : CONTINUATION, part, { fin: at === parts.length - 1 }),
  )

/** A text in pieces of this many bytes. */
export const pieces = (text: string | Uint8Array, size: number): readonly Uint8Array[] => {
  const bytes = Buffer.from(text)
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  )
}

/** A close frame with a code and a reason. */
export const closeWith = (code: number, reason: string | Uint8Array): Buffer => {
  const [head, text] = [closeFrame(code), Buffer.from(reason)]
  return text.length === 0
    ? head
    : rawFrame(CLOSE, Buffer.concat([Uint8Array.of(code >> 8, code & 0xff), text]))
}

/** A frame that says that it is this long, and ends behind its head. */
export const declared = (opcode: number, length: bigint): Buffer => {
  const head = Buffer.from([0x80 | opcode, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])
  head.writeBigUInt64BE(length, 2)
  return head
}
