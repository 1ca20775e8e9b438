import { readLink, type Client, type Message } from '../../src/client/client.ts'
import { OpenRoom, type OpenRoomParts } from './open-room.ts'
import type { OwnerTokens } from './owner-tokens.ts'
import type { ListedRoom, NewRoom, PageOf, Requests, RoomWish } from './requests.ts'

export interface OpenRoomsParts {
  /** Called once, when there is a room to be in. */
  readonly connect: () => Client
  readonly requests: Pick<Requests, 'createRoom' | 'takeCode' | 'listRooms'> &
    OpenRoomParts['requests']
  readonly tokens: Pick<OwnerTokens, 'keep' | 'of' | 'forget'>
  readonly changed: () => void
  /** Called with every chat message of somebody else that nobody is looking at. */
  readonly onUnread: (room: OpenRoom, message: Message) => void
  /** Called with every chat message of somebody else that is looked at. */
  readonly onHeard: (message: Message) => void
  /** Called with the id of every message whose text is not what it was. */
  readonly onChanged: (id: string) => void
}

/** The rooms of this page; one of them, or none, is on the screen. */
export class OpenRooms {
  readonly #parts: OpenRoomsParts
  readonly #rooms = new Map<string, OpenRoom>()
  #client: Client | undefined
  #shown: OpenRoom | undefined
  #isVisible = true

  constructor(parts: OpenRoomsParts) {
    this.#parts = parts
  }

  get all(): readonly OpenRoom[] {
    return Array.from(this.#rooms.values())
  }

  get shown(): OpenRoom | undefined {
    return this.#shown
  }

  get unread(): number {
    return this.all.reduce((sum, { unread }) => sum + unread, 0)
  }

  /** @returns the new room's id @throws ShareChatError */
  async create(wish: RoomWish = {}): Promise<string> {
    const { requests, tokens } = this.#parts
    const { roomId, ownerToken }: NewRoom = await requests.createRoom(wish)
    if (ownerToken !== undefined) tokens.keep(roomId, ownerToken)
    return roomId
  }

  /** @param code six digits @returns the id of the room that it leads to @throws ShareChatError */
  async takeCode(code: string): Promise<string> {
    return (await this.#parts.requests.takeCode(code)).roomId
  }

  /**
   * The rooms that everybody may find.
   * @param after only what is behind the room with this id @throws ShareChatError
   */
  list(after?: string): Promise<PageOf<ListedRoom>> {
    return this.#parts.requests.listRooms(after)
  }

  /** Opens a room without showing it. */
  open(id: string): OpenRoom {
    const room =
      this.#rooms.get(id) ?? new OpenRoom({ ...this.#parts, id, client: this.#connected() })
    this.#rooms.set(id, room)
    this.#parts.changed()
    return room
  }

  /** @param link this page's address: its room is opened and shown; without one, the start page */
  show(link: string): void {
    const id = readLink(link)?.roomId
    this.#shown = id === undefined ? undefined : this.open(id)
    this.#watch()
    this.#parts.changed()
  }

  /** Whether anybody can see this page. */
  look(isVisible: boolean): void {
    this.#isVisible = isVisible
    this.#watch()
  }

  /** Leaves a room and forgets it. */
  close(room: OpenRoom): void {
    this.#rooms.delete(room.id)
    if (this.#shown === room) this.#shown = undefined
    void room.leave()
    this.#parts.changed()
  }

  #watch(): void {
    for (const room of this.#rooms.values()) room.watch(this.#isVisible && room === this.#shown)
  }

  #connected(): Client {
    return (this.#client ??= this.#parts.connect())
  }
}
