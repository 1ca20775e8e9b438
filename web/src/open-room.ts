import {
  ShareChatError,
  type Change,
  type Client,
  type MemberRef,
  type Message,
  type Room,
  type RoomState,
} from '../../src/client/client.ts'
import { LogWindow } from './log-window.ts'
import { MessageChange, type OpenChange } from './message-change.ts'
import type { MessageSearch } from './message-search.ts'
import { OutgoingTexts } from './outgoing.ts'
import type { OwnerTokens } from './owner-tokens.ts'
import type { NewCode, PageOf, Requests } from './requests.ts'
import { RoomOwner, type OwnerRequests } from './room-owner.ts'
import { Typists } from './typists.ts'

export interface OpenRoomParts {
  readonly id: string
  readonly client: Pick<Client, 'join' | 'isRestarting'>
  readonly requests: Pick<Requests, 'edit' | 'createCode' | 'search'> & OwnerRequests
  readonly tokens: Pick<OwnerTokens, 'of' | 'forget'>
  readonly changed: () => void
  /** Called with every chat message of somebody else that nobody is looking at. */
  readonly onUnread: (room: OpenRoom, message: Message) => void
  /** Called with every chat message of somebody else that is looked at. */
  readonly onHeard: (message: Message) => void
  /** Called with the id of every message whose text is not what it was. */
  readonly onChanged: (id: string) => void
}

/** A room that this page is in, or tries to be in, and what is shown of it. */
export class OpenRoom {
  readonly id: string
  readonly log: LogWindow
  readonly outgoing: OutgoingTexts
  readonly typists: Typists
  readonly change: MessageChange
  /** If this page has the owner's token. */
  readonly owner: RoomOwner | undefined
  /** What is written and not sent yet. */
  draft = ''
  /** The first seq that was unread when somebody looked: the marker is before it. */
  marker: number | undefined
  /** Whether we came back too late, so that the others see somebody else. */
  isRenamed = false
  /** What was searched for here; made by who asks for it first. */
  search: MessageSearch | undefined
  /** The message of the log that somebody was led to; another object each time. */
  sought: { readonly seq: number } | undefined
  /** Why it is over, or was never joined. */
  end: string | undefined
  readonly #parts: OpenRoomParts
  readonly #mine = new Set<string>()
  /** The seqs of chat messages of others since somebody looked. */
  readonly #unread = new Set<number>()
  #room: Room | undefined
  #hasLeft = false
  #isWatched = false
  #isAtEnd = true

  constructor(parts: OpenRoomParts) {
    this.#parts = parts
    this.id = parts.id
    this.log = new LogWindow(
      (range) => this.#room?.history(range) ?? Promise.reject(new Error('not joined')),
      parts.changed,
    )
    this.outgoing = new OutgoingTexts(parts.changed)
    this.typists = new Typists(parts.changed)
    this.change = new MessageChange((change) => this.#store(change), parts.changed)
    const { requests, tokens } = parts
    if (tokens.of(this.id) !== undefined) this.owner = new RoomOwner(requests, tokens, this.id)
    void this.join()
  }

  get unread(): number {
    return this.#unread.size
  }

  get name(): string {
    return this.#room?.name ?? ''
  }

  get state(): RoomState | 'restarting' {
    if (this.end !== undefined) return 'over'
    const { state = 'connecting' } = this.#room ?? {}
    return state === 'offline' && this.#parts.client.isRestarting ? 'restarting' : state
  }

  get hasJoined(): boolean {
    return this.#room !== undefined
  }

  get topic(): string {
    return this.#room?.topic ?? ''
  }

  get you(): MemberRef | undefined {
    return this.#room?.you
  }

  get members(): readonly MemberRef[] {
    return this.#room?.members ?? []
  }

  get memberCount(): number {
    return this.#room?.memberCount ?? 0
  }

  isMine(message: Message): boolean {
    return this.#mine.has(message.memberId)
  }

  /** Whether it was said by whom we are now: an earlier membership is somebody else. */
  mayEdit({ type, memberId }: Message): boolean {
    return type === 'chat' && memberId === this.you?.id
  }

  mayDelete(message: Message): boolean {
    return this.mayEdit(message) || (this.owner !== undefined && message.type === 'chat')
  }

  /** Joins, also again after it could not be joined. Resolves when it has, or will not. */
  async join(): Promise<void> {
    this.end = undefined
    this.#parts.changed()
    try {
      const room = await this.#parts.client.join(this.id)
      if (this.#hasLeft) await room.leave()
      else this.#listen(room)
    } catch (error) {
      this.#endWith(error)
    }
  }

  send(text: string): void {
    if (this.#room) void this.outgoing.send(this.#room, text)
    this.marker = undefined
    this.sought = undefined
  }

  sendAgain(key: number): void {
    const failed = this.outgoing.all.find((outgoing) => outgoing.key === key)
    if (!failed) return
    this.outgoing.discard(key)
    this.send(failed.text)
  }

  /** Six digits that lead here for some minutes. @throws ShareChatError */
  createCode(): Promise<NewCode> {
    return this.#parts.requests.createCode(this.id)
  }

  /** As Requests.search. @throws ShareChatError */
  find(words: string, before?: number): Promise<PageOf<Message>> {
    return this.#parts.requests.search(this.id, words, before)
  }

  /** Leads to a message of the log, if it is still there. Resolves when what is around it is held. */
  async seek(seq: number): Promise<void> {
    const sought = { seq }
    this.sought = sought
    this.#parts.changed()
    await this.log.toSeq(seq)
    const isHeld = this.log.messages.some((message) => message.seq === seq)
    if (this.sought === sought && !isHeld) this.sought = undefined
    this.#parts.changed()
  }

  typing(): void {
    this.#room?.typing()
  }

  /** Resolves when the server was told, or is not there to be told. */
  async leave(): Promise<void> {
    this.#hasLeft = true
    this.typists.clear()
    await this.#room?.leave()
  }

  /** Whether this room is on the screen and somebody is there. */
  watch(isWatched: boolean): void {
    if (this.#isWatched === isWatched) return
    this.#isWatched = isWatched
    if (!isWatched) this.marker = undefined
    this.#look()
  }

  /** Whether the end of the log is in sight. */
  lookAtEnd(isAtEnd: boolean): void {
    if (this.#isAtEnd === isAtEnd) return
    this.#isAtEnd = isAtEnd
    this.#look()
  }

  #look(): void {
    if (this.#isWatched && this.#isAtEnd) this.#unread.clear()
    this.#parts.changed()
  }

  #listen(room: Room): void {
    const { changed } = this.#parts
    this.#room = room
    this.#mine.add(room.you.id)
    this.log.begin(room.seq)
    room.on('message', (message) => this.#take(message))
    room.on('change', (change) => this.#takeChange(change))
    room.on('members', changed)
    room.on('typing', (member) => this.typists.add(member))
    room.on('reset', (from) => {
      this.marker = undefined
      this.#unread.clear()
      this.change.cancel()
      this.search?.clear()
      this.outgoing.seen(from - 1)
      this.log.begin(from - 1)
    })
    room.on('you', ({ id }) => {
      this.#mine.add(id)
      this.isRenamed = true
      changed()
    })
    room.on('state', (state) => {
      if (state === 'over') void this.#learnEnd(room)
      if (state === 'live') void this.log.again()
      changed()
    })
    void this.log.older()
  }

  async #store({ what, id, text }: OpenChange): Promise<{ readonly seq: number } | undefined> {
    const { requests } = this.#parts
    const secret = this.#room?.resume ?? ''
    if (what === 'edit') return requests.edit(this.id, id, secret, text)
    if (this.owner) await this.owner.deleteMessage(id)
    else await requests.delete(this.id, id, secret)
    return undefined
  }

  /** Only who reads on is told why nothing comes. */
  async #learnEnd(room: Room): Promise<void> {
    try {
      await room.messages(room.seq).next()
      this.#endWith(undefined)
    } catch (error) {
      this.#endWith(error)
    }
  }

  #endWith(error: unknown): void {
    this.end = error instanceof ShareChatError ? error.code : 'not_joined'
    this.typists.clear()
    this.#parts.changed()
  }

  #take(message: Message): void {
    const { onUnread, onHeard } = this.#parts
    this.typists.remove(message.memberId)
    const isLookedAt = this.#isWatched && this.#isAtEnd
    this.log.add(message, isLookedAt || !this.#isWatched)
    this.outgoing.seen(message.seq)
    if (message.type !== 'chat' || message.deleted || this.isMine(message)) return
    if (!isLookedAt) {
      if (this.unread === 0) this.marker = message.seq
      this.#unread.add(message.seq)
    }
    if (this.#isWatched) onHeard(message)
    else onUnread(this, message)
  }

  #takeChange(change: Change): void {
    this.log.change(change)
    this.search?.change(change)
    this.change.seen(change)
    if (change.event === 'settings') return
    this.#parts.onChanged(change.id)
    const wasUnread = change.event === 'deleted' && this.#unread.delete(change.target)
    if (wasUnread && this.unread === 0) this.marker = undefined
  }
}
