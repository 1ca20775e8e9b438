import { type Client, readLink, type Room, roomLink, ShareChatError } from '../client/client.ts'
import { takeCode } from '../client/finding.ts'
import { createRoom } from '../client/owner.ts'
import { lastOwn, type Member, newPane, type Pane } from './pane.ts'
import { sentenceOf } from './sentences.ts'
import {
  inFront,
  missing,
  type State,
  withChange,
  withConfirmed,
  withFacts,
  withLoading,
  withMessage,
  withoutRoom,
  withPage,
  withPanel,
  withRefused,
  withReset,
  withRoom,
  withTyping,
  withUnconfirmed,
} from './state.ts'

/** After a page of the log did not come. */
const PAGE_RETRY_MS = 2_000
const CODE = /^\d{6}$/

export interface RoomsParts {
  readonly client: Client
  /** The server of the client: links to its rooms begin with it. */
  readonly url: string
  readonly change: (how: (state: State) => State) => void
  /** Shows one sentence. */
  readonly tell: (notice: string) => void
}

/** The rooms that the terminal is in: what they report goes into the state. */
export class Rooms {
  readonly #parts: RoomsParts
  readonly #rooms = new Map<string, Room>()
  readonly #joining = new Set<string>()
  readonly #ownerTokens = new Map<string, string>()
  /** By room, the id of what was said last, when it is stored. */
  readonly #sent = new Map<string, Promise<string | undefined>>()
  #nextNumber = 1

  constructor(parts: RoomsParts) {
    this.#parts = parts
  }

  get(roomId: string): Room | undefined {
    return this.#rooms.get(roomId)
  }

  /** That of the room's owner, if this terminal has it. */
  ownerToken(roomId: string): string | undefined {
    return this.#ownerTokens.get(roomId)
  }

  own(roomId: string, ownerToken: string): void {
    this.#ownerTokens.set(roomId, ownerToken)
  }

  /** Makes a room and joins it. @throws ShareChatError */
  async create(isOwned: boolean): Promise<void> {
    const { url, change } = this.#parts
    const { roomId, ownerToken } = await createRoom(url, isOwned ? { owner: true } : {})
    if (ownerToken !== undefined) this.own(roomId, ownerToken)
    await this.join(roomId)
    change((state) => withPanel(state, 'new room'))
  }

  /** Joins a room by its link, its id or a code. @throws ShareChatError */
  async joinTarget(target: string): Promise<void> {
    const { url, tell } = this.#parts
    const link = readLink(target)
    if (link && link.url !== readLink(roomLink(url, link.roomId))?.url) {
      return tell(`That room is on another server: sharechat join ${link.url}/#…`)
    }
    if (CODE.test(target)) return this.join((await takeCode(url, target)).roomId)
    await this.join(link?.roomId ?? target)
  }

  /** Joins a room, or shows it if it is joined. @throws ShareChatError */
  async join(roomId: string): Promise<void> {
    const { client, url, change, tell } = this.#parts
    if (this.#rooms.has(roomId)) return change((state) => inFront(state, roomId))
    if (this.#joining.has(roomId)) return
    this.#joining.add(roomId)
    tell('Joining…')
    let room: Room
    try {
      room = await client.join(roomId)
    } finally {
      this.#joining.delete(roomId)
    }
    // In the turn in which it was joined: nothing of it is missed.
    this.#listen(room)
    this.#rooms.set(roomId, room)
    const pane = newPane({
      roomId,
      link: roomLink(url, roomId),
      ...settingsOf(room),
      ...membersOf(room),
      you: room.you,
      state: room.state,
    })
    change((state) => ({ ...withRoom(state, pane), notice: '' }))
  }

  async leave(room: Room): Promise<void> {
    this.#rooms.delete(room.id)
    this.#parts.change((state) => withoutRoom(state, room.id))
    await room.leave()
  }

  say(room: Room, text: string): void {
    const { change, tell } = this.#parts
    const number = this.#nextNumber++
    change((state) => withUnconfirmed(state, room.id, number, text))
    const sent = room.send(text).then(
      ({ id, seq }) => {
        change((state) => withConfirmed(state, room.id, number, seq))
        return id
      },
      (error: unknown) => {
        change((state) => withRefused(state, room.id, number))
        tell(`Not said: ${sentenceOf(error)} (Up has it)`)
        return undefined
      },
    )
    this.#sent.set(room.id, sent)
  }

  /**
   * The id of what this member said last, when it is stored; undefined if it will not be, or if there is
   * nothing that is known to be the last.
   */
  async lastOwn(pane: Pane): Promise<string | undefined> {
    return pane.unconfirmed.length > 0 ? this.#sent.get(pane.roomId) : lastOwn(pane)?.id
  }

  /** Fetches the page of the log that the view needs, if one is missing. */
  loadMissing(now: State): void {
    const { change } = this.#parts
    const wanted = missing(now)
    const room = wanted && this.#rooms.get(wanted.roomId)
    if (!wanted || !room) return
    const { roomId, page } = wanted
    change((state) => withLoading(state, roomId, true))
    const range =
      page.part === 'older'
        ? { before: page.before }
        : page.part === 'newer'
          ? { after: page.after }
          : {}
    room.history(range).then(
      (entries) => change((state) => withPage(state, roomId, page.part, entries)),
      () => {
        const retry = setTimeout(
          () => change((state) => withLoading(state, roomId, false)),
          PAGE_RETRY_MS,
        )
        retry.unref()
      },
    )
  }

  #listen(room: Room): void {
    const { change } = this.#parts
    const { id } = room
    room.on('message', (message) => change((state) => withMessage(state, id, message)))
    room.on('change', (what) =>
      change((state) =>
        what.event === 'settings'
          ? withFacts(state, id, settingsOf(room))
          : withChange(state, id, what),
      ),
    )
    room.on('members', () => change((state) => withFacts(state, id, membersOf(room))))
    room.on('you', (you) => change((state) => withFacts(state, id, { you })))
    room.on('reset', () => change((state) => withReset(state, id)))
    room.on('typing', (member) =>
      change((state) => withTyping(state, id, member, performance.now())),
    )
    room.on('state', (roomState) => {
      const facts = { state: roomState, ...settingsOf(room) }
      change((state) => withFacts(state, id, facts))
      if (roomState === 'over' && this.#rooms.has(id)) void this.#tellEnd(room)
    })
  }

  /** Only who reads on is told why nothing comes. */
  async #tellEnd(room: Room): Promise<void> {
    try {
      await room.messages(room.seq).next()
    } catch (error) {
      const isGone = error instanceof ShareChatError && error.code === 'not_found'
      this.#parts.tell(isGone ? 'This room has ended. /leave closes it.' : sentenceOf(error))
    }
  }
}

const settingsOf = (room: Room): { readonly roomName: string; readonly topic: string } => ({
  roomName: room.name,
  topic: room.topic,
})

/** Sorted, so that nobody jumps about. */
const membersOf = (
  room: Room,
): { readonly members: readonly Member[]; readonly memberCount: number } => ({
  members: room.members.toSorted((a, b) => a.name.localeCompare(b.name)),
  memberCount: room.memberCount,
})
