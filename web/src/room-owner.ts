import type { OwnerTokens } from './owner-tokens.ts'
import type { Requests, RoomChange, RoomInfo } from './requests.ts'

export type OwnerRequests = Pick<
  Requests,
  'roomInfo' | 'changeRoom' | 'endRoom' | 'removeMember' | 'delete'
>

/** What the owner of a room does. Every method rejects with a ShareChatError. */
export class RoomOwner {
  readonly #requests: OwnerRequests
  readonly #tokens: Pick<OwnerTokens, 'of' | 'forget'>
  readonly #roomId: string

  constructor(requests: OwnerRequests, tokens: Pick<OwnerTokens, 'of' | 'forget'>, roomId: string) {
    this.#requests = requests
    this.#tokens = tokens
    this.#roomId = roomId
  }

  info(): Promise<RoomInfo> {
    return this.#requests.roomInfo(this.#roomId)
  }

  /** Resolves with how the room is then. */
  change(change: RoomChange): Promise<RoomInfo> {
    return this.#requests.changeRoom(this.#roomId, this.#token, change)
  }

  async deleteMessage(id: string): Promise<void> {
    await this.#requests.delete(this.#roomId, id, this.#token)
  }

  async remove(memberId: string): Promise<void> {
    await this.#requests.removeMember(this.#roomId, memberId, this.#token)
  }

  /** Everything of the room is removed. */
  async end(): Promise<void> {
    await this.#requests.endRoom(this.#roomId, this.#token)
    this.#tokens.forget(this.#roomId)
  }

  get #token(): string {
    return this.#tokens.of(this.#roomId) ?? ''
  }
}
