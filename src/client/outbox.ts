import type { SendCommand } from '../protocol/commands.ts'
import type { AckEvent, FailedEvent, Limits } from '../protocol/events.ts'
import type { Clock } from './clock.ts'
import { isPassing } from './codes.ts'
import { ShareChatError } from './error.ts'
import { messageIdOf, newRef } from './message-id.ts'
import { Pace } from './pace.ts'

/** Sends of one room that wait for their end. */
const MOST_SENDS = 256
/** A node closes the connection for a longer frame. */
const MOST_FRAME_BYTES = 65_536
/** Who was refused for its rate and says nothing for a second has made a pause. */
const PAUSE_MS = 1_100

export interface Stored {
  readonly id: string
  readonly seq: number
}

interface Sending {
  readonly command: SendCommand
  /** Of its frame: a little more than what its rate counts. */
  readonly bytes: number
  /** The ids that its message can have, one for each member as whom it was sent. */
  readonly ids: Set<string>
  readonly resolve: (stored: Stored) => void
  readonly reject: (error: ShareChatError) => void
  /** Whether it was sent and may still be answered. */
  isOut: boolean
}

export interface OutboxParts {
  readonly roomId: string
  readonly clock: Clock
  readonly say: (command: SendCommand) => void
}

/**
 * What was said in a room and is not known to be stored. It is said again until it is, in its order,
 * and never twice: the same member uses the same ref, and a new member waits until it has seen
 * everything that the old one can have stored (docs/protocol.md, "Coming back").
 */
export class Outbox {
  readonly #parts: OutboxParts
  /** By their refs, in the order in which they were said. */
  readonly #sends = new Map<string, Sending>()
  /** As whom to send; undefined: not now. */
  #memberId: string | undefined
  #pace: Pace | undefined
  #isHeld = false
  /** Of the latest that a refusal has asked for. */
  #pauseEnd = 0
  #cancelWait: (() => void) | undefined

  constructor(parts: OutboxParts) {
    this.#parts = parts
  }

  /** See Room.send. */
  send(message: string): Promise<Stored> {
    const ref = newRef()
    const command: SendCommand = { command: 'send', roomId: this.#parts.roomId, ref, message }
    if (this.#sends.size >= MOST_SENDS) {
      return Promise.reject(new ShareChatError('overloaded', 'Too many wait.'))
    }
    const bytes = new TextEncoder().encode(JSON.stringify(command)).length
    if (bytes > MOST_FRAME_BYTES) {
      return Promise.reject(new ShareChatError('too_large', 'Too long.'))
    }
    return new Promise((resolve, reject) => {
      this.#sends.set(ref, { command, bytes, ids: new Set(), resolve, reject, isOut: false })
      this.#sayNext()
    })
  }

  /** We are in the room now. */
  joined(memberId: string, limits: Limits): void {
    this.#memberId = memberId
    this.#pace = new Pace(limits, this.#parts.clock)
    this.#isHeld = [...this.#sends].some(([ref, { ids }]) =>
      [...ids].some((id) => id !== messageIdOf(memberId, ref)),
    )
    this.#sayNext()
  }

  /** We are not, for now: whatever is not answered will not be. */
  lost(): void {
    this.#memberId = undefined
    this.#stopWaiting()
    for (const send of this.#sends.values()) send.isOut = false
  }

  /** A message of the log. */
  seen(id: string, seq: number): void {
    for (const send of this.#sends.values()) {
      if (send.ids.has(id)) this.#settle(send).resolve({ id, seq })
    }
  }

  /** Everything that earlier members of ours can have stored has been seen. */
  caughtUp(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    for (const { ids } of this.#sends.values()) ids.clear()
    this.#sayNext()
  }

  acked({ ref, id, seq }: AckEvent): void {
    const send = this.#sends.get(ref)
    if (send) this.#settle(send).resolve({ id, seq })
  }

  failed(ref: string, { code, message, retryAfterMs = 0 }: FailedEvent): void {
    const send = this.#sends.get(ref)
    if (!send) return
    if (!isPassing(code)) return this.#settle(send).reject(new ShareChatError(code, message))
    send.isOut = false
    const now = this.#parts.clock.now()
    this.#pauseEnd = Math.max(this.#pauseEnd, now + Math.max(retryAfterMs, PAUSE_MS))
    this.#stopWaiting()
    this.#wait(this.#pauseEnd - now)
  }

  /** The room is over for us. */
  end(): void {
    this.lost()
    for (const send of this.#sends.values()) {
      const code = send.ids.size > 0 ? 'unknown' : 'not_joined'
      this.#settle(send).reject(new ShareChatError(code, 'Unconfirmed.'))
    }
  }

  #sayNext(): void {
    if (this.#memberId === undefined || this.#isHeld || this.#cancelWait) return
    for (const send of this.#sends.values()) {
      if (send.isOut) continue
      const wait = this.#pace?.take(send.bytes) ?? 0
      if (wait > 0) return this.#wait(wait)
      this.#sayAs(this.#memberId, send)
    }
  }

  #sayAs(memberId: string, send: Sending): void {
    send.isOut = true
    send.ids.add(messageIdOf(memberId, send.command.ref))
    this.#parts.say(send.command)
  }

  #wait(ms: number): void {
    this.#cancelWait = this.#parts.clock.after(ms, () => {
      this.#cancelWait = undefined
      this.#sayNext()
    })
  }

  #stopWaiting(): void {
    this.#cancelWait?.()
    this.#cancelWait = undefined
  }

  #settle(send: Sending): Sending {
    this.#sends.delete(send.command.ref)
    return send
  }
}
