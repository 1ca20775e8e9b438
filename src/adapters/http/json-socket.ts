import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { type CloseReason, MAX_UNSENT_BYTES } from '../../ports/connection.ts'
import type { Event } from '../../protocol/events.ts'
import { eventFrame } from './json-frames.ts'
import { retryMs } from './retry.ts'
import { CLOSE } from './status.ts'

/**
 * A WebSocket that speaks the JSON dialect, whatever rooms it has. Frames go straight to the TCP
 * socket: see WebSocketConnection.
 */
export class JsonSocket {
  written = 0
  readonly #ws: WebSocket
  readonly #socket: Socket
  readonly #random: () => number
  #closing = false
  #closed: CloseReason | undefined

  /** @param socket the TCP socket of the WebSocket, which is open */
  constructor(ws: WebSocket, socket: Socket, random: () => number) {
    this.#ws = ws
    this.#socket = socket
    this.#random = random
  }

  get unsent(): number {
    return this.#socket.writableLength
  }

  /** Whether this side has begun to close it. */
  get closing(): boolean {
    return this.#closing
  }

  /** Why this side closed it, if that was for a reason of its own. */
  get closed(): CloseReason | undefined {
    return this.#closed
  }

  /** Writes whole frames, however much is unsent: who writes messages looks at that. */
  write(bytes: Uint8Array): boolean {
    if (this.#closing || this.#ws.readyState !== this.#ws.OPEN) return false
    this.written += bytes.length
    this.#socket.write(bytes)
    return true
  }

  /** Writes an event, or closes with `slow` if too much would be unsent. */
  tell(event: Event): void {
    const frame = eventFrame(event)
    if (this.unsent + frame.length > MAX_UNSENT_BYTES) this.close('slow')
    else this.write(frame)
  }

  close(reason: CloseReason): void {
    if (!this.#closing) this.#closed = reason
    if (reason === 'drain') {
      this.write(eventFrame({ event: 'goaway', reconnectAfterMs: retryMs(this.#random) }))
    }
    this.closeWith(...CLOSE[reason])
  }

  closeWith(code: number, words: string): void {
    if (this.#closing) return
    this.#closing = true
    this.#ws.close(code, words)
  }
}
