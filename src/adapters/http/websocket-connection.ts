import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { CloseReason, Connection } from '../../ports/connection.ts'
import type { ErrorCode } from '../../ports/errors.ts'
import type { Message } from '../../ports/model.ts'
import { encodeMessage, plainDialect } from './frames.ts'
import { CLOSE } from './status.ts'

/**
 * A connection that speaks the plain dialect. It exists before the WebSocket is open, because the
 * join is decided first; what is written until then is kept.
 *
 * Frames that are encoded once go straight to the TCP socket, beside those that `ws` makes itself
 * (ping, pong, close). They cannot get into each other: without compression and Blobs `ws` writes
 * every frame at once, and nothing is written here once it has begun to close.
 */
export class WebSocketConnection implements Connection {
  readonly dialect = plainDialect
  written = 0
  readonly #socket: Socket
  #ws: WebSocket | undefined
  #early: Uint8Array[] = []
  #earlyBytes = 0
  #closed: CloseReason | undefined

  /** @param socket the TCP socket that is to become the WebSocket */
  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Why this side closed it. */
  get closed(): CloseReason | undefined {
    return this.#closed
  }

  get unsent(): number {
    return this.#earlyBytes + this.#socket.writableLength
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed) return false
    this.written += bytes.length
    if (!this.#ws) {
      this.#early.push(bytes)
      this.#earlyBytes += bytes.length
      return true
    }
    if (this.#ws.readyState !== this.#ws.OPEN) return false
    this.#socket.write(bytes)
    return true
  }

  refuse(_code: ErrorCode, failed: Message): void {
    this.write(plainDialect.encode([{ seq: 0, plain: encodeMessage(failed) }]).bytes)
  }

  /** The two seconds are the server's `closeTimeout`: `ws` destroys the socket then. */
  close(reason: CloseReason): void {
    if (this.#closed) return
    this.#closed = reason
    this.#ws?.close(...CLOSE[reason])
  }

  /**
   * To be called right before the handshake is answered. The answer and what is written in the same
   * turn of the event loop, as a rule the first frame, are one system call then.
   */
  expectUpgrade(): void {
    this.#socket.cork()
    setImmediate(() => this.#socket.uncork())
  }

  /**
   * The WebSocket is open. Everything kept so far goes out first.
   * @param ws the WebSocket on this connection's TCP socket
   */
  open(ws: WebSocket): void {
    this.#ws = ws
    for (const bytes of this.#early) this.#socket.write(bytes)
    this.#early = []
    this.#earlyBytes = 0
    if (this.#closed) ws.close(...CLOSE[this.#closed])
  }
}
