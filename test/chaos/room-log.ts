import type { Act, History, Read, RoomLog, RoomView, Row } from './history.ts'
import { type Message, type ReadFrame, type ReadVisit, readVisit } from './visits.ts'

/** Stands for the owner where a member's id is. */
export const NOBODY = '00000000-0000-0000-0000-000000000000'

/** What a message says from some place of the log on. */
export interface State {
  readonly seq: number
  /** Undefined: nobody saw it, and it is deleted now. */
  readonly text: string | undefined
  readonly deleted: boolean
}

/** A frame's row, and which of its message's states the frame tells. */
export interface Told {
  readonly row: Row
  /** The message itself, or what is changed. */
  readonly target: Row
  readonly state: number
}

/** The log of a room, as one can only tell it after the end: with all that its messages ever said. */
export class ReadLog {
  readonly rows: readonly Row[]
  readonly byId: ReadonlyMap<string, Row>
  /** Messages by what they said first. */
  readonly byText: ReadonlyMap<string, Row>
  /** The `left` of members whom the owner removed, by member. */
  readonly #removed: ReadonlyMap<string, Row>
  readonly #states = new Map<number, readonly State[]>()
  readonly #elements: ReadonlyMap<string, Message>

  /**
   * @param view what some node tells of the same log
   * @param reads of this room; like the visits they have seen what is deleted now
   */
  constructor(
    { rows }: RoomLog,
    view: RoomView,
    visits: readonly ReadVisit[],
    reads: readonly Read[],
  ) {
    this.rows = rows
    this.byId = new Map(rows.map((row) => [row.id, row]))
    const removed = rows.filter((row) => row.removed === true)
    this.#removed = new Map(removed.map((row) => [row.memberId, row]))
    const elements = view.messages.map((element) => JSON.parse(element) as Message)
    this.#elements = new Map(elements.map((message) => [message.id, message]))
    const said = new Map<string, string>()
    const seen = [
      ...visits.flatMap(({ stored }) => stored.map(({ message }) => message)),
      ...reads.flatMap((read) => read.elements.map((element) => JSON.parse(element) as Message)),
    ]
    for (const message of seen) {
      if (message.type === 'chat' && !isChanged(message)) said.set(message.id, message.message)
    }
    for (const { visit } of visits) {
      for (const { id, text } of visit.said) if (id !== undefined) said.set(id, text)
    }
    const changed = new Set(rows.map(({ target }) => target))
    for (const { seq, id, message } of rows) {
      const text = changed.has(seq) ? said.get(id) : message
      const states: State[] = [{ seq, text, deleted: false }]
      this.#states.set(seq, states)
      for (const row of changed.has(seq) ? rows : []) {
        if (row.target !== seq) continue
        const deleted = row.type === 'deleted'
        states.push({ seq: row.seq, text: deleted ? '' : said.get(row.id), deleted })
      }
    }
    const chats = rows.filter(({ type }) => type === 'chat')
    this.byText = new Map(chats.map((row) => [this.statesOf(row.seq)[0]?.text ?? row.id, row]))
  }

  /** The row that came of an act of the owner's, if it has one. */
  rowOf({ kind, id }: Act): Row | undefined {
    if (kind === 'remove') return this.#removed.get(id)
    const target = this.byId.get(id)
    const state = target && this.statesOf(target.seq).find(({ deleted }) => deleted)
    return state && this.rows[state.seq - 1]
  }

  /** What the message with this seq said, first and after each of its changes. */
  statesOf(seq: number): readonly State[] {
    return this.#states.get(seq) ?? []
  }

  /** Undefined: no row is, or ever was, as this frame says. */
  told(frame: ReadFrame): Told | undefined {
    const { seq, message } = frame
    if (message.type === 'edited' || message.type === 'deleted') {
      const isIt = (row: Row | undefined): boolean =>
        row?.type === message.type && this.rows[(row.target ?? 0) - 1]?.id === message.id
      const here = this.rows[(seq ?? 0) - 1]
      const row = isIt(here) ? here : this.rows.find(isIt)
      const target = this.rows[(row?.target ?? 0) - 1]
      if (!row || !target) return undefined
      const own = this.statesOf(target.seq).findIndex((state) => state.seq === row.seq)
      const state = message.type === 'deleted' ? own : this.stateOf(target, message)
      return state < 0 ? undefined : { row, target, state }
    }
    const row = this.byId.get(message.id)
    const element = this.#elements.get(message.id)
    if (!row || !element) return undefined
    const text = isChanged(message) ? `${bare(message, message.message)}\n` : frame.text
    if (text !== `${bare(element, message.message)}\n`) return undefined
    const state = this.stateOf(row, message)
    return state < 0 ? undefined : { row, target: row, state }
  }

  /** The latest of a message's states that is as told, or -1. */
  stateOf(row: Row, { message, deleted, type }: Message): number {
    return this.statesOf(row.seq).findLastIndex(
      (state) =>
        state.text === message &&
        (state.deleted === (deleted !== undefined) || (type === 'edited' && message === '')),
    )
  }
}

/** Rows that members of the plain dialect are shown. */
export const isPlain = ({ type, deleted }: Row): boolean =>
  deleted !== true && (type === 'chat' || type === 'joined' || type === 'left')

const isChanged = ({ edited, deleted }: Message): boolean =>
  edited !== undefined || deleted !== undefined

/** The seven fields, as they stand on the wire, with another text. */
const bare = (message: Message & { readonly seq?: number }, text: string): string => {
  const { seq: _seq, edited: _edited, deleted: _deleted, ...rest } = message
  return JSON.stringify({ ...rest, message: text })
}

/** All that is known of a room. */
export interface Story {
  readonly roomId: string
  readonly log: ReadLog
  readonly views: readonly RoomView[]
  readonly visits: readonly ReadVisit[]
  readonly acts: readonly Act[]
  readonly reads: readonly Read[]
}

/** The rooms that were not dismissed. */
export const storiesOf = (history: History): readonly Story[] => {
  const visits = history.visits.map(readVisit)
  return history.logs.map((log) => {
    const { roomId } = log
    const views = history.views.filter((view) => view.roomId === roomId)
    const here = visits.filter(({ visit }) => visit.roomId === roomId)
    const reads = history.reads.filter((read) => read.roomId === roomId)
    const acts = history.acts.filter((act) => act.roomId === roomId)
    return {
      roomId,
      log: new ReadLog(log, views[0]!, here, reads),
      views,
      visits: here,
      acts,
      reads,
    }
  })
}
