import { ShareChatError, type Message } from '../../src/client/client.ts'
import { HISTORY_TYPE } from '../../src/protocol/dialect.ts'
import type { FailedEvent } from '../../src/protocol/events.ts'

const PATIENCE_MS = 30_000
/** Rooms, and messages that were found. */
const PAGE = 20
const NO_ANSWER = 'No server answers.'

/** What a room is made with: as in docs/protocol.md, "Rooms". */
export interface RoomWish {
  readonly name?: string
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

/** What of a room's info the owner changes. */
export interface RoomInfo {
  readonly roomName: string
  readonly topic: string
  /** The most members; null: as many as the server allows. */
  readonly capacity: number | null
  readonly locked: boolean
  readonly public: boolean
  /** Seconds between two messages of a member; 0: as the server allows. */
  readonly slowMode: number
}

/** What the owner changes. */
export interface RoomChange extends Partial<Omit<RoomInfo, 'roomName'>> {
  readonly name?: string
}

/** A room of the server's directory. */
export interface ListedRoom {
  readonly roomId: string
  readonly roomName: string
  readonly topic: string
  readonly memberCount: number
}

/** A page of something: whether more of it follows. */
export interface PageOf<Item> {
  readonly items: readonly Item[]
  readonly hasMore: boolean
}

interface Details {
  readonly body?: object
  readonly accept?: string
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

  /**
   * The newest messages that have all the words, oldest first.
   * @param before of those, only what is before this seq
   */
  async search(roomId: string, words: string, before?: number): Promise<PageOf<Message>> {
    const query = new URLSearchParams({ search: words, limit: String(PAGE + 1) })
    if (before !== undefined) query.set('before', String(before))
    const path = `room/${roomId}/messages?${query}`
    const found = await this.#ask<readonly Message[]>('GET', path, { accept: HISTORY_TYPE })
    return { items: found.slice(-PAGE), hasMore: found.length > PAGE }
  }

  /** The rooms that are listed. @param after only what is behind the room with this id */
  async listRooms(after?: string): Promise<PageOf<ListedRoom>> {
    const query = new URLSearchParams({ limit: String(PAGE + 1), ...(after && { after }) })
    const rooms = await this.#ask<readonly ListedRoom[]>('GET', `rooms?${query}`)
    return { items: rooms.slice(0, PAGE), hasMore: rooms.length > PAGE }
  }

  roomInfo(roomId: string): Promise<RoomInfo> {
    return this.#ask('GET', `room/${roomId}/info`)
  }

  changeRoom(roomId: string, secret: string, change: RoomChange): Promise<RoomInfo> {
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
    { body, accept, secret }: Details = {},
  ): Promise<Answer> {
    let response: Response
    let answer: unknown
    try {
      response = await fetch(new URL(`api/${path}`, this.#page), {
        method,
        headers: {
          ...(accept !== undefined && { Accept: accept }),
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
