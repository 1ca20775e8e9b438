import type { WebSocket } from 'ws'
import type { CloseReason } from '../../ports/connection.ts'
import type { ConnectionEnd, Meter } from '../../ports/meter.ts'
import { CLOSE, NOT_UTF8 } from './status.ts'

/** What `ws` says of a connection that ended without a close frame of the peer's. */
export const NO_CLOSE_FRAME = 1006

const PROTOCOL_ERROR = 1002
const TOO_MANY_PIECES = 1008
const TOO_LONG = 1009

/** What `ws` closes with, by the codes of its errors; anything else is 1002. */
const ERRORS: Partial<Record<string, number>> = {
  WS_ERR_INVALID_UTF8: NOT_UTF8,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: TOO_MANY_PIECES,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: TOO_LONG,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: TOO_LONG,
}

/** The open WebSockets of this server, counted, and how each of them ends. */
export class Connections {
  readonly open = { plain: 0, json: 0 }
  readonly #meter: Meter
  /** Those whose end began with something that only its finder knew, until they have ended. */
  readonly #found = new WeakMap<WebSocket, { readonly how: ConnectionEnd; readonly code: number }>()
  readonly #onError: (this: WebSocket, error: NodeJS.ErrnoException) => void

  constructor(meter: Meter) {
    this.#meter = meter
    const found = this.#found
    this.#onError = function ({ code = '' }) {
      // `ws` has begun to close it before it tells of an error; TCP's own ones have no such code.
      if (!code.startsWith('WS_ERR_')) return
      found.set(this, { how: 'protocol', code: ERRORS[code] ?? PROTOCOL_ERROR })
    }
  }

  /** A WebSocket is open; it has no error listener yet. */
  add(ws: WebSocket, dialect: keyof Connections['open']): void {
    this.open[dialect] += 1
    ws.on('error', this.#onError)
  }

  /** What came in a binary frame was no text: it is being closed. */
  notUtf8(ws: WebSocket): void {
    this.#found.set(ws, { how: 'protocol', code: NOT_UTF8 })
  }

  /** Nothing came from it for too long: it is being cut. */
  silent(ws: WebSocket): void {
    this.#found.set(ws, { how: 'silent', code: NO_CLOSE_FRAME })
  }

  /**
   * It has ended.
   * @param code what `ws` tells of it
   * @param reason why this side closed it, if it did
   */
  remove(
    ws: WebSocket,
    dialect: keyof Connections['open'],
    code: number,
    reason: CloseReason | undefined,
  ): void {
    this.open[dialect] -= 1
    const found = this.#found.get(ws)
    if (reason) this.#meter.closed(reason, CLOSE[reason][0])
    else if (found) this.#meter.closed(found.how, found.code)
    else this.#meter.closed(code === NO_CLOSE_FRAME ? 'lost' : 'client', code)
  }
}
