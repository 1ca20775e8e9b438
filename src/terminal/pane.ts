import {
  EMPTY_WINDOW,
  type Entry,
  type EntryChange,
  type LogWindow,
  withChange,
  withNewer,
  withNewest,
  withNext,
  withOlder,
} from './log-window.ts'
import { type Anchor, isAtTop, scrolled } from './scroll.ts'

export type RoomState = 'connecting' | 'catching up' | 'live' | 'offline' | 'over'

export interface Member {
  readonly id: string
  readonly name: string
}

/** A room as the screen has it. */
export interface Pane {
  readonly roomId: string
  readonly roomName: string
  /** Empty: none. */
  readonly topic: string
  /** What others need to join it. */
  readonly link: string
  readonly you: Member
  readonly members: readonly Member[]
  readonly memberCount: number
  readonly state: RoomState
  readonly log: LogWindow
  /** The lowest line in view; undefined: the end, and what comes moves the view. */
  readonly anchor: Anchor | undefined
  /** Texts of others that nobody has seen yet. */
  readonly unread: number
  /** What this member sent and the room has not confirmed, oldest first. */
  readonly unconfirmed: readonly Unconfirmed[]
  readonly typing: readonly Typing[]
  /** A page of the log is on its way. */
  readonly loading: boolean
  /** What came to messages meanwhile: the page may be older than that. */
  readonly changes: readonly EntryChange[]
}

export interface Unconfirmed {
  readonly number: number
  readonly text: string
  /** Of its message, which is stored and will be here in a moment. */
  readonly seq?: number
}

export interface Typing {
  readonly member: Member
  /** When it is no longer believed, in milliseconds of the caller's clock. */
  readonly until: number
}

/** The part of the screen that has messages. */
export interface Area {
  readonly cells: number
  readonly rows: number
}

/** A typing that nothing follows is forgotten. */
export const TYPING_MS = 4_000

export const newPane = (
  room: Pick<
    Pane,
    'roomId' | 'roomName' | 'topic' | 'link' | 'you' | 'members' | 'memberCount' | 'state'
  >,
): Pane => ({
  ...room,
  log: EMPTY_WINDOW,
  anchor: undefined,
  unread: 0,
  unconfirmed: [],
  typing: [],
  loading: false,
  changes: [],
})

/** A message has come. */
export const received = (pane: Pane, entry: Entry, inFront: boolean): Pane => {
  const isOwn = entry.memberId === pane.you.id
  const isSeen = !isNews(pane, entry) || (inFront && pane.anchor === undefined)
  return {
    ...pane,
    log: withNext(pane.log, entry, pane.anchor !== undefined),
    unread: isSeen ? pane.unread : pane.unread + 1,
    unconfirmed: isOwn
      ? withoutText(unseen(pane.unconfirmed, entry.seq), entry.message)
      : unseen(pane.unconfirmed, entry.seq),
    typing: pane.typing.filter(({ member }) => member.id !== entry.memberId),
  }
}

/** Whether it is something that somebody else says. */
const isNews = ({ you }: Pane, { type, memberId, deleted }: Entry): boolean =>
  type === 'chat' && memberId !== you.id && deleted === undefined

/** Something has come to pass with a message. */
export const changed = (pane: Pane, change: EntryChange): Pane => {
  const { entries } = pane.log
  const before = entries.find(({ seq }) => seq === change.target)
  const log = withChange(pane.log, change)
  const after = log.entries.find(({ seq }) => seq === change.target)
  const isLost = before && after && isNews(pane, before) && !isNews(pane, after)
  return {
    ...pane,
    log,
    unread: isLost && isUnread(pane, before) ? pane.unread - 1 : pane.unread,
    changes: pane.loading ? [...pane.changes, change] : pane.changes,
  }
}

/** Those that are unread are the newest. */
const isUnread = (pane: Pane, { seq }: Entry): boolean =>
  pane.log.atEnd &&
  pane.log.entries.filter((entry) => entry.seq > seq && isNews(pane, entry)).length < pane.unread

/** What this member said last of what is here; undefined if that is not known for sure. */
export const lastOwn = ({ log, you }: Pane): Entry | undefined =>
  log.atEnd
    ? log.entries.findLast(
        ({ type, memberId, deleted }) =>
          type === 'chat' && memberId === you.id && deleted === undefined,
      )
    : undefined

/** Who of these has this name; if nobody, all whose names begin so. */
export const membersNamed = (members: readonly Member[], name: string): readonly Member[] => {
  const wanted = name.toLowerCase()
  // If a name was given again, the last one is of now.
  const exact = members.findLast((member) => member.name.toLowerCase() === wanted)
  if (exact) return [exact]
  const meant = members.filter((member) => member.name.toLowerCase().startsWith(wanted))
  return [...new Map(meant.map((member) => [member.id, member])).values()]
}

/** The message of one's own may come before its confirmation: it is not shown twice meanwhile. */
const withoutText = (all: readonly Unconfirmed[], text: string): readonly Unconfirmed[] => {
  const at = all.findIndex((one) => one.text === text)
  return at === -1 ? all : all.toSpliced(at, 1)
}

/** What was sent is stored; it is waited for until its message is here. */
export const confirmed = (pane: Pane, number: number, seq: number): Pane => ({
  ...pane,
  unconfirmed: unseen(
    pane.unconfirmed.map((one) => (one.number === number ? { ...one, seq } : one)),
    pane.log.lastSeq,
  ),
})

/** What was sent is not stored, or perhaps not. */
export const refused = (pane: Pane, number: number): Pane => ({
  ...pane,
  unconfirmed: pane.unconfirmed.filter((one) => one.number !== number),
})

const unseen = (all: readonly Unconfirmed[], lastSeq: number): readonly Unconfirmed[] =>
  all.filter(({ seq }) => seq === undefined || seq > lastSeq)

/** The log that was held is no longer the room's. */
export const voided = (pane: Pane): Pane => ({
  ...pane,
  log: { ...EMPTY_WINDOW, atStart: true },
  anchor: undefined,
  unconfirmed: pane.unconfirmed.filter(({ seq }) => seq === undefined),
})

export const isTyping = (pane: Pane, member: Member, now: number): Pane => ({
  ...pane,
  typing: [
    ...pane.typing.filter((one) => one.member.id !== member.id),
    { member, until: now + TYPING_MS },
  ],
})

/** Shows what is that many lines further down, or up if negative. */
export const scrolledBy = (pane: Pane, by: number, { cells, rows }: Area): Pane => {
  const anchor = scrolled(pane.log.entries, pane.anchor, by, cells, rows)
  const last = pane.log.entries.at(-1)
  // The last that is held is not the last that there is: stay there until the rest has come.
  if (anchor === undefined && !pane.log.atEnd && last) {
    return { ...pane, anchor: { seq: last.seq, line: Number.MAX_SAFE_INTEGER } }
  }
  return { ...pane, anchor, unread: anchor === undefined ? 0 : pane.unread }
}

/** Shows the end of the log. */
export const atEnd = (pane: Pane): Pane => ({
  ...pane,
  anchor: undefined,
  unread: 0,
  log: pane.log.atEnd ? pane.log : { ...pane.log, entries: [], atStart: false },
})

/** A page of the log that the view needs. */
export type Page =
  | { readonly part: 'older'; readonly before: number }
  | { readonly part: 'newer'; readonly after: number }
  | { readonly part: 'newest' }

/** What is missing for the view; undefined: nothing, or it is on its way. */
export const missingPage = (pane: Pane, { cells, rows }: Area): Page | undefined => {
  if (pane.loading || pane.state === 'over') return undefined
  const { entries, atStart, atEnd: hasEnd } = pane.log
  const [first] = entries
  const last = entries.at(-1)
  if (!first || !last) return hasEnd ? undefined : { part: 'newest' }
  if (!atStart && isAtTop(entries, pane.anchor, cells, rows)) {
    return { part: 'older', before: first.seq }
  }
  if (!hasEnd && pane.anchor && pane.anchor.seq >= last.seq) {
    return { part: 'newer', after: last.seq }
  }
  return undefined
}

export const loaded = (pane: Pane, part: Page['part'], page: readonly Entry[]): Pane => {
  const add = { older: withOlder, newer: withNewer, newest: withNewest }[part]
  const log = pane.changes.reduce(withChange, add(pane.log, page))
  return { ...pane, log, loading: false, changes: [] }
}
