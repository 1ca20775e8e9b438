import type { CloseReason, Connection } from '../../ports/connection.ts'
import type { ErrorCode } from '../../ports/errors.ts'
import type { Message } from '../../ports/model.ts'
import type { Event } from '../../protocol/events.ts'
import { eventFrame, jsonDialect } from './json-frames.ts'
import type { JsonSocket } from './json-socket.ts'

/**
 * One room of a JSON socket, as the domain sees it. What is written before the room is told of is
 * kept. To close it is to close the socket, whatever other rooms that has, unless it is only the room
 * that is gone.
 */
export class RoomConnection implements Connection {
  readonly dialect = jsonDialect
  readonly #socket: JsonSocket
  readonly #onGone: () => void
  #early: Uint8Array[] | undefined = []
  #earlyBytes = 0
  #closed: CloseReason | undefined

  /** @param onGone called when the room is gone */
  constructor(socket: JsonSocket, onGone: () => void) {
    this.#socket = socket
    this.#onGone = onGone
  }

  get unsent(): number {
    return this.#earlyBytes + this.#socket.unsent
  }

  get written(): number {
    return this.#socket.written
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed) return false
    if (!this.#early) return this.#socket.write(bytes)
    this.#early.push(bytes)
    this.#earlyBytes += bytes.length
    return true
  }

  refuse(code: ErrorCode, { roomId, message }: Message): void {
    this.write(eventFrame({ event: 'failed', roomId, code, message }))
  }

  close(reason: CloseReason): void {
    if (this.#closed) return
    this.#closed = reason
    if (!this.#early) this.#end(reason)
  }

  /** The join was taken. What is told of it goes out first, then everything kept so far. */
  open(events: readonly Event[]): void {
    this.#goOut([...events.map(eventFrame), ...(this.#early ?? [])])
  }

  /** The join was not taken: there is nothing to tell but why. */
  refuseJoin(event: Event): void {
    this.#goOut([eventFrame(event)])
  }

  #goOut(frames: readonly Uint8Array[]): void {
    this.#early = undefined
    this.#earlyBytes = 0
    this.#socket.write(Buffer.concat(frames))
    if (this.#closed) this.#end(this.#closed)
  }

  #end(reason: CloseReason): void {
    if (reason === 'room_gone') this.#onGone()
    else this.#socket.close(reason)
  }
}
