import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { within } from './deadline.ts'
import { type Listening, UPGRADE_HEADERS } from './http.ts'

export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10

export interface RawFrame {
  readonly opcode: number
  readonly body: Buffer
}

export interface Head {
  readonly status: number
  readonly text: string
}

interface Framing {
  readonly fin?: boolean
  readonly masked?: boolean
  /** The first byte's three reserved bits, 0 to 7. */
  readonly reserved?: number
}

/** The bytes of one frame as the client's end sends it. */
export const rawFrame = (
  opcode: number,
  content: string | Uint8Array,
  { fin = true, masked = true, reserved = 0 }: Framing = {},
): Buffer => {
  const body = Buffer.from(content)
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode
  const mark = masked ? 0x80 : 0
  let head: Buffer
  if (body.length < 126) {
    head = Buffer.from([first, mark | body.length])
  } else if (body.length < 65_536) {
    head = Buffer.from([first, mark | 126, 0, 0])
    head.writeUInt16BE(body.length, 2)
  } else {
    head = Buffer.from([first, mark | 127, 0, 0, 0, 0, 0, 0, 0, 0])
    head.writeUInt32BE(body.length, 6)
  }
  if (!masked) return Buffer.concat([head, body])
  const mask = Buffer.from([0x12, 0x34, 0x56, 0x78])
  return Buffer.concat([head, mask, body.map((byte, at) => byte ^ mask[at % 4]!)])
}

/** The bytes of a close frame with this code, or empty. */
export const closeFrame = (code?: number): Buffer => {
  if (code === undefined) return rawFrame(CLOSE, '')
  return rawFrame(CLOSE, Uint8Array.of(code >> 8, code & 0xff))
}

/** The bytes of a request for a WebSocket; a header that is undefined is left out. */
export const handshake = (
  path: string,
  headers: Readonly<Record<string, string | undefined>> = {},
): Buffer => {
  const all = { host: 'node', ...UPGRADE_HEADERS, ...headers }
  const lines = Object.entries(all).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${value}\r\n`],
  )
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
}

/** A TCP connection on which a test decides about every byte. It answers no ping by itself. */
export class RawSocket {
  readonly #socket: Socket
  readonly #ended: Promise<void>
  #bytes = Buffer.alloc(0)
  #over = false
  #seen = ''
  #wake: () => void = () => {}

  constructor(node: Listening) {
    this.#socket = connect({ host: '127.0.0.1', port: node.port, noDelay: true })
    this.#socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes])
      this.#seen += bytes.toString('latin1')
      this.#wake()
    })
    this.#socket.on('error', () => {})
    this.#ended = new Promise((resolve) => {
      const over = (): void => {
        this.#over = true
        resolve()
        this.#wake()
      }
      this.#socket.once('end', over)
      this.#socket.once('close', over)
    })
    onTestFinished(() => {
      this.#socket.destroy()
    })
  }

  /** A connection that got its 101; frames that came with it are still to be read. */
  static async upgraded(
    node: Listening,
    path: string,
    headers: Parameters<typeof handshake>[1] = {},
  ): Promise<RawSocket> {
    const socket = new RawSocket(node)
    socket.send(handshake(path, headers))
    const { status, text } = await socket.head()
    if (status !== 101) throw new Error(`no WebSocket: ${text}`)
    return socket
  }

  /** All of it in one write, so that it travels together. */
  send(...parts: readonly Uint8Array[]): void {
    this.#socket.write(Buffer.concat(parts))
  }

  /** Resolves when the bytes have left this process. */
  flushed(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, () => {
        resolve()
      })
    })
  }

  /** Reads nothing from now on. */
  pause(): void {
    this.#socket.pause()
  }

  /** Ends with a TCP reset. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  /** Ends this side of TCP, without a close frame. */
  end(): void {
    this.#socket.end()
  }

  /** Resolves when the other end has closed TCP. */
  ended(ms?: number): Promise<void> {
    return within('the end of TCP', this.#ended, () => this.#told(), ms)
  }

  /** The head of the answer to the handshake. */
  async head(): Promise<Head> {
    await this.#has('an answer', () => this.#bytes.includes('\r\n\r\n'))
    const end = this.#bytes.indexOf('\r\n\r\n') + 4
    const text = this.#take(end).toString('latin1')
    return { status: Number(text.slice(9, 12)), text }
  }

  async frame(): Promise<RawFrame> {
    await this.#has('a frame', () => this.#bytes.length >= 2)
    const [first, second] = [this.#bytes[0]!, this.#bytes[1]!]
    const short = second & 0x7f
    const headLength = short === 126 ? 4 : short === 127 ? 10 : 2
    await this.#has('a frame', () => this.#bytes.length >= headLength)
    const head = this.#take(headLength)
    let length = short
    if (short === 126) length = head.readUInt16BE(2)
    if (short === 127) length = Number(head.readBigUInt64BE(2))
    await this.#has('a whole frame', () => this.#bytes.length >= length)
    return { opcode: first & 0x0f, body: this.#take(length) }
  }

  /** The next frame of a kind; those before it are passed over. */
  async frameOf(opcode: number): Promise<Buffer> {
    for (;;) {
      const frame = await this.frame()
      if (frame.opcode === opcode) return frame.body
    }
  }

  /** The code of the close frame that comes, undefined if it is empty. */
  async closeCode(): Promise<number | undefined> {
    const body = await this.frameOf(CLOSE)
    return body.length === 0 ? undefined : body.readUInt16BE(0)
  }

  #take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    return taken
  }

  async #has(what: string, there: () => boolean): Promise<void> {
    const come = new Promise<void>((resolve, reject) => {
      this.#wake = () => {
        if (there()) resolve()
        else if (this.#over) reject(new Error(`${what}: TCP ended. Seen: ${this.#told()}`))
      }
      this.#wake()
    })
    await within(what, come, () => this.#told())
  }

  #told(): string {
    return JSON.stringify(this.#seen.slice(-2000))
  }
}
