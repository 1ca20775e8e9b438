import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { CLOSE, maskedFrame, PING, PONG, TEXT } from './frames.ts'
import type { Protocol } from './protocol.ts'
import type { RoomLog } from './room-log.ts'
import { Sender, type SenderOptions } from './sender.ts'
import { Stream, type StreamListener } from './stream.ts'
import type { Tally } from './tally.ts'

/** Where a node is reached; its name was looked up once, not by every member. */
export interface NodeAddress {
  readonly host: string
  readonly port: number
  /** For the Host header. */
  readonly authority: string
}

export interface MemberOptions {
  readonly node: NodeAddress
  readonly roomId: string
  readonly protocol: Protocol
  readonly log: RoomLog
  readonly tally: Tally
  /** For one that is to send. */
  readonly sender: SenderOptions | undefined
  /** The connection is gone, though nobody here wanted that; the word is a close code or why. */
  onLost(why: string): void
}

/** How a join ended. */
export type Outcome =
  | { readonly kind: 'joined'; readonly ms: number }
  /** By HTTP; `retryMs` when the server says that a later try may do. */
  | { readonly kind: 'refused'; readonly status: number; readonly retryMs: number | undefined }
  | { readonly kind: 'unreachable'; readonly why: string }

const CONNECT_MS = 10_000
const LARGEST_HEAD = 16 * 1024
const LONGEST_CONTROL = 125
/** RFC 6455, 7.4.1. */
const NORMAL_CLOSURE = 1000
const NO_CODE = 1005

/** All connections read into it, one after the other; what a read brings is used up at once. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024)

/**
 * One member's connection: a TCP socket and the little of WebSocket that a member needs. A library
 * for the receiving side costs 8 µs per frame, many times what a good server spends on sending it;
 * the load would be measured, not the server. Here all that most reads need is one comparison
 * (see Stream), out of a buffer that is allocated once.
 */
export class Member implements StreamListener {
  readonly sender: Sender | undefined
  readonly #options: MemberOptions
  readonly #begin = performance.now()
  readonly #socket: Socket
  readonly #timeout: NodeJS.Timeout
  /** The answer to the upgrade, while it is not whole. */
  #head = ''
  #stream: Stream | undefined
  #joining: ((outcome: Outcome) => void) | undefined
  #over = false

  /** Begins to connect. */
  constructor(options: MemberOptions) {
    this.#options = options
    this.sender = options.sender && new Sender(options.sender, this)
    const { host, port } = options.node
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          this.#take(length)
          return true
        },
      },
    })
    this.#timeout = setTimeout(() => {
      this.#fail({ kind: 'unreachable', why: 'no answer within 10 s' })
    }, CONNECT_MS)
    let why = 'closed without a code'
    this.#socket.on('error', ({ code }: NodeJS.ErrnoException) => (why = code ?? why))
    this.#socket.once('close', () => this.#gone(why))
    this.#socket.write(this.#request())
  }

  /** Resolves when it has joined or it is clear that it does not. */
  join(): Promise<Outcome> {
    return new Promise((resolve) => (this.#joining = resolve))
  }

  /** The index in the room's log of what is due. */
  get reached(): number {
    return this.#stream?.next ?? 0
  }

  /** Texts of this run that came. */
  get delivered(): number {
    return this.#stream?.delivered ?? 0
  }

  /** Texts that did not come though later ones did. */
  get missed(): number {
    return this.#stream?.missed.size ?? 0
  }

  /** Bytes that the server has not taken. */
  get unsent(): number {
    return this.#socket.writableLength
  }

  write(bytes: Uint8Array): void {
    if (!this.#over) this.#socket.write(bytes)
  }

  /** Sends nothing and takes nothing any more. */
  stop(): void {
    this.#over = true
    clearTimeout(this.#timeout)
    this.sender?.keep(0)
    this.#stream?.end()
  }

  /** Says goodbye; resolves when the connection is gone, at the latest after `ms`. */
  leave(ms: number): Promise<void> {
    this.stop()
    if (this.#socket.destroyed) return Promise.resolve()
    this.#socket.end(closeFrame(NORMAL_CLOSURE))
    return new Promise((resolve) => {
      const timeout = setTimeout(() => this.#socket.destroy(), ms)
      this.#socket.once('close', () => {
        clearTimeout(timeout)
        resolve()
      })
    })
  }

  isJoined(content: Buffer): boolean {
    if (!this.#options.protocol.isJoined(content)) return false
    clearTimeout(this.#timeout)
    this.#joining?.({ kind: 'joined', ms: performance.now() - this.#begin })
    this.#joining = undefined
    return true
  }

  isRefusal(content: Buffer): boolean {
    if (this.#options.protocol.isRefusal?.(content) !== true) return false
    this.sender?.tookRefusal(content)
    return true
  }

  control(opcode: number, content: Buffer): void {
    if (opcode === PING) {
      this.write(maskedFrame(PONG, content.subarray(0, LONGEST_CONTROL)))
    } else if (opcode === CLOSE) {
      const code = content.length < 2 ? NO_CODE : content.readUInt16BE(0)
      this.#socket.end(maskedFrame(CLOSE, content.subarray(0, 2)))
      this.#lose(String(code))
    }
  }

  echoed(number: number, ms: number): void {
    this.sender?.tookEcho(number, ms)
  }

  broken(reason: string): void {
    this.#socket.destroy()
    this.#lose(reason)
  }

  #request(): string {
    const { node, protocol, roomId } = this.#options
    return (
      `GET ${protocol.path(roomId)} HTTP/1.1\r\nHost: ${node.authority}\r\n` +
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`
    )
  }

  #take(length: number): void {
    if (this.#over) return
    let from = 0
    if (this.#stream === undefined) {
      const begun = this.#head.length
      this.#head += readBuffer.toString('latin1', 0, length)
      const end = this.#head.indexOf('\r\n\r\n')
      if (end === -1) {
        if (this.#head.length > LARGEST_HEAD) this.#fail({ kind: 'unreachable', why: 'no HTTP' })
        return
      }
      from = end + 4 - begun
      this.#open(this.#head.slice(0, end))
      this.#head = ''
    }
    this.#stream?.take(readBuffer, from, length, performance.now())
    this.sender?.fill()
  }

  #open(head: string): void {
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0)
    if (status === 101) {
      const { log, tally, protocol } = this.#options
      this.#stream = new Stream(log, tally, this.sender?.index ?? -1, this)
      for (const text of protocol.hello) this.write(maskedFrame(TEXT, Buffer.from(text)))
      return
    }
    const seconds = /^retry-after: *(\d+)/im.exec(head)?.[1]
    const later = (status === 429 || status === 503) && seconds !== undefined
    const retryMs = later ? Number(seconds) * 1000 : undefined
    this.#fail({ kind: 'refused', status, retryMs })
  }

  #fail(outcome: Outcome): void {
    this.stop()
    this.#socket.destroy()
    this.#joining?.(outcome)
    this.#joining = undefined
  }

  #gone(why: string): void {
    if (!this.#over) this.#lose(why)
  }

  /** It had joined, or was about to. */
  #lose(why: string): void {
    this.stop()
    if (this.#joining === undefined) this.#options.onLost(why)
    else this.#fail({ kind: 'unreachable', why })
  }
}

const closeFrame = (code: number): Buffer =>
  maskedFrame(CLOSE, Uint8Array.of(code >> 8, code & 0xff))
