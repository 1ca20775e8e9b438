import { ShareChatError } from '../../src/client/client.ts'
import type { FailedEvent } from '../../src/protocol/events.ts'

const PATIENCE_MS = 30_000
const NO_ANSWER = 'No server answers.'

/** What a room is made with: as in docs/protocol.md, "Rooms". */
export interface RoomWish {
  readonly topic?: string
  readonly capacity?: number
  readonly public?: true
  readonly owner?: true
}

export interface NewRoom {
  readonly roomId: string
  /** If it was wished for: whoever has it is the owner. */
  readonly ownerToken?: string
}

export interface NewCode {
  readonly code: string
  /** ISO 8601, UTC. */
  readonly expiresAt: string
}

/** What the owner changes. */
export interface RoomChange {
  readonly topic?: string
  readonly locked?: boolean
}

/** What of a room's info the owner changes. */
export interface RoomInfo {
  readonly topic: string
  readonly locked: boolean
}

interface Details {
  readonly body?: object
  /** Of the member or owner that asks. */
  readonly secret?: string
}

/**
 * What the page asks over HTTP besides what the client does. Nothing is tried again.
 * Every method rejects with a ShareChatError: one of the protocol's codes, or `unavailable`.
 */
export class Requests {
  readonly #page: string

  /** @param page the address of this page, behind whatever proxy it is */
  constructor(page: string) {
    this.#page = page
  }

  createRoom(wish: RoomWish): Promise<NewRoom> {
    return this.#ask('POST', 'room', { body: wish })
  }

  /** @param secret `resume` of the member that wrote it */
  edit(roomId: string, id: string, secret: string, message: string): Promise<{ seq: number }> {
    return this.#ask('PUT', `room/${roomId}/messages/${id}`, { secret, body: { message } })
  }

  /** @param secret `resume` of the member that wrote it, or the owner's token */
  delete(roomId: string, id: string, secret: string): Promise<unknown> {
    return this.#ask('DELETE', `room/${roomId}/messages/${id}`, { secret })
  }

  createCode(roomId: string): Promise<NewCode> {
    return this.#ask('POST', `room/${roomId}/codes`, { body: {} })
  }

  /** Uses the code. @param code six digits */
  takeCode(code: string): Promise<{ readonly roomId: string }> {
    return this.#ask('GET', `codes/${code}`)
  }

  roomInfo(roomId: string): Promise<RoomInfo> {
    return this.#ask('GET', `room/${roomId}/info`)
  }

  changeRoom(roomId: string, secret: string, change: RoomChange): Promise<unknown> {
    return this.#ask('PATCH', `room/${roomId}`, { secret, body: change })
  }

  endRoom(roomId: string, secret: string): Promise<unknown> {
    return this.#ask('DELETE', `room/${roomId}`, { secret })
  }

  removeMember(roomId: string, memberId: string, secret: string): Promise<unknown> {
    return this.#ask('DELETE', `room/${roomId}/members/${memberId}`, { secret })
  }

  async #ask<Answer>(
    method: string,
    path: string,
    { body, secret }: Details = {},
  ): Promise<Answer> {
    let response: Response
    let answer: unknown
    try {
      response = await fetch(new URL(`api/${path}`, this.#page), {
        method,
        headers: {
          ...(body && { 'Content-Type': 'application/json' }),
          ...(secret !== undefined && { Authorization: `Bearer ${secret}` }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
      answer = response.status === 204 ? undefined : await response.json()
    } catch {
      throw new ShareChatError('unavailable', NO_ANSWER)
    }
    if (response.ok) return answer as Answer
    const { code, message } = (answer as { error?: Partial<FailedEvent> }).error ?? {}
    throw new ShareChatError(code ?? 'unavailable', message ?? NO_ANSWER)
  }
}
