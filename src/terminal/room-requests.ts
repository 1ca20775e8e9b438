import type { Room } from '../client/client.ts'
import { createCode, publicRooms, searchMessages } from '../client/finding.ts'
import { roomLink } from '../client/link.ts'
import {
  changeRoom,
  deleteMessage,
  editMessage,
  endRoom,
  removeMember,
  type RoomChanges,
  type RoomInfo,
  roomInfo,
} from '../client/owner.ts'
import { type Member, membersNamed, type Pane } from './pane.ts'
import { linkLines, type PanelText, SEARCH_LIMIT, type Subject } from './panel.ts'
import { dayOf, timeOf } from './paragraphs.ts'
import { printableLine } from './printable.ts'
import { changeSentenceOf, sentenceOf } from './sentences.ts'

const NOT_OWNER = 'Only the owner can do that: join with --owner <file>.'
const NOT_YOURS = 'You are not the member any more that said it.'
const NOT_AT_END = 'Go back to the newest message first: Escape.'

export interface RoomRequestsParts {
  /** Of the server. */
  readonly url: string
  /** Shows one sentence. */
  readonly tell: (notice: string) => void
  /** Shows a panel over this room, if it is still in front. */
  readonly show: (roomId: string | undefined, about: Subject) => void
}

/**
 * What is asked for over HTTP, of one room or of the server. Every method resolves when what came of it
 * is told; none throws.
 */
export class RoomRequests {
  readonly #parts: RoomRequestsParts

  constructor(parts: RoomRequestsParts) {
    this.#parts = parts
  }

  /** Gives a message of this member another text. @param own its id; undefined: there is none */
  async edit(
    pane: Pane,
    room: Room,
    own: Promise<string | undefined>,
    text: string,
  ): Promise<void> {
    const messageId = await own
    if (messageId === undefined) return this.#parts.tell(noneOf(pane))
    await this.#change(NOT_YOURS, '', () =>
      editMessage(this.#parts.url, room.id, room.resume, messageId, text),
    )
  }

  async deleteOwn(pane: Pane, room: Room, own: Promise<string | undefined>): Promise<void> {
    const messageId = await own
    if (messageId === undefined) return this.#parts.tell(noneOf(pane))
    await this.#change(NOT_YOURS, 'Deleted.', () =>
      deleteMessage(this.#parts.url, room.id, room.resume, messageId),
    )
  }

  /** Deletes the last message of the member with this name, or with one that begins so. */
  async deleteOf(pane: Pane, ownerToken: string | undefined, name: string): Promise<void> {
    if (!pane.log.atEnd) return this.#parts.tell(NOT_AT_END)
    const said = pane.log.entries.filter(
      ({ type, deleted }) => type === 'chat' && deleted === undefined,
    )
    const member = this.#named(said.map(authorOf), name)
    const last = said.findLast(({ memberId }) => memberId === member?.id)
    if (!last) return
    await this.#asOwner(ownerToken, 'Deleted.', (token) =>
      deleteMessage(this.#parts.url, pane.roomId, token, last.id),
    )
  }

  async remove(pane: Pane, ownerToken: string | undefined, name: string): Promise<void> {
    const member = this.#named(pane.members, name)
    if (!member) return
    await this.#asOwner(ownerToken, `${member.name} is removed.`, (token) =>
      removeMember(this.#parts.url, pane.roomId, token, member.id),
    )
  }

  async change(
    { roomId }: Pane,
    ownerToken: string | undefined,
    changes: RoomChanges,
  ): Promise<void> {
    await this.#asOwner(ownerToken, 'Saved.', (token) =>
      changeRoom(this.#parts.url, roomId, token, changes),
    )
  }

  async end({ roomId }: Pane, ownerToken: string | undefined): Promise<void> {
    await this.#asOwner(ownerToken, '', (token) => endRoom(this.#parts.url, roomId, token))
  }

  async info(pane: Pane, isOwner: boolean): Promise<void> {
    await this.#look(pane.roomId, async () =>
      infoText(pane, await roomInfo(this.#parts.url, pane.roomId), isOwner),
    )
  }

  async search({ roomId }: Pane, words: string): Promise<void> {
    await this.#look(roomId, async () => ({
      words,
      entries: await searchMessages(this.#parts.url, roomId, words, { limit: SEARCH_LIMIT }),
    }))
  }

  async code({ roomId }: Pane): Promise<void> {
    const { url } = this.#parts
    await this.#look(roomId, async () => {
      const { code, expiresAt } = await createCode(url, roomId)
      const join = `sharechat join --url ${url} ${code}`
      const lines = [code, '', `Until ${timeOf(expiresAt)} it leads here, on ${url}/ or with`, join]
      return { title: 'A code', lines }
    })
  }

  /** @param roomId of the room in front, if there is one */
  async rooms(roomId: string | undefined): Promise<void> {
    const { url } = this.#parts
    await this.#look(roomId, async () => {
      const rooms = await publicRooms(url)
      const lines = rooms.flatMap(({ roomName, topic, memberCount, ...room }) => [
        printableLine(
          `${roomName}${topic === '' ? '' : `: ${topic}`} · ${membersIn(memberCount, null)}`,
        ),
        roomLink(url, room.roomId),
        '',
      ])
      const how = rooms.length === 0 ? 'This server has none.' : '/join <link> joins one.'
      return { title: 'Public rooms', lines: [...lines, how] }
    })
  }

  /** What is asked and shown; one that fails is told. */
  async #look(roomId: string | undefined, ask: () => Promise<Subject>): Promise<void> {
    try {
      this.#parts.show(roomId, await ask())
    } catch (error) {
      this.#parts.tell(sentenceOf(error))
    }
  }

  async #asOwner(
    ownerToken: string | undefined,
    done: string,
    ask: (token: string) => Promise<unknown>,
  ): Promise<void> {
    if (ownerToken === undefined) return this.#parts.tell(NOT_OWNER)
    await this.#change(NOT_OWNER, done, () => ask(ownerToken))
  }

  async #change(forbidden: string, done: string, ask: () => Promise<unknown>): Promise<void> {
    try {
      await ask()
      if (done !== '') this.#parts.tell(done)
    } catch (error) {
      this.#parts.tell(changeSentenceOf(error, forbidden))
    }
  }

  /** The one member who is meant; else tells that there is none, or that there are more. */
  #named(members: readonly Member[], name: string): Member | undefined {
    const meant = membersNamed(members, name)
    if (meant.length === 1) return meant[0]
    this.#parts.tell(
      meant.length === 0
        ? `Nobody here is called ${name}. See /members.`
        : `${meant.length} names begin with ${name}: write one in full.`,
    )
    return undefined
  }
}

const authorOf = ({
  memberId,
  memberName,
}: {
  readonly memberId: string
  readonly memberName: string
}): Member => ({ id: memberId, name: memberName })

const noneOf = ({ log }: Pane): string =>
  log.atEnd ? 'You have said nothing here that could be changed.' : NOT_AT_END

const membersIn = (count: number, capacity: number | null): string =>
  `${count}${capacity === null ? '' : ` of ${capacity}`} ${count === 1 && capacity === null ? 'member' : 'members'}`

const infoText = (pane: Pane, info: RoomInfo, isOwner: boolean): PanelText => ({
  title: printableLine(info.roomName),
  lines: [
    ...(info.topic === '' ? [] : [printableLine(info.topic), '']),
    ...linkLines(pane),
    membersIn(info.memberCount, info.capacity),
    `${info.messageCount} ${info.messageCount === 1 ? 'message' : 'messages'}`,
    `Made ${dayOf(info.created)} ${timeOf(info.created)}`,
    ...(info.public ? ['Public: it is listed for everybody'] : []),
    ...(info.locked ? ['Locked: nobody new comes in'] : []),
    ...(info.slowMode === 0 ? [] : [`Slow: one text of each in ${info.slowMode} s`]),
    ...(isOwner ? ['You are its owner'] : []),
  ],
})
