import { wrapped } from './cells.ts'
import { type Edit, edit, EMPTY_LINE, insert, type Line } from './line-editor.ts'
import { type Layout, layoutOf, type Size } from './layout.ts'
import { changedEntries, type Entry, type EntryChange } from './log-window.ts'
import {
  atEnd,
  changed,
  confirmed,
  isTyping,
  loaded,
  type Member,
  missingPage,
  type Page,
  type Pane,
  received,
  refused,
  scrolledBy,
  voided,
} from './pane.ts'
import { type Found, isFound, type Panel, panelText, scrolledPanel, type Subject } from './panel.ts'
import { printableLine } from './printable.ts'

export type ConnectionState = 'connecting' | 'live' | 'offline'

/** All that the screen shows. Nothing in here is changed in place. */
export interface State {
  readonly size: Size
  readonly connection: ConnectionState
  readonly panes: readonly Pane[]
  /** The room in front; undefined only without rooms. */
  readonly current: string | undefined
  readonly line: Line
  /** What was entered before, newest last. */
  readonly entered: readonly string[]
  /** Which of `entered` is in the line; its length: none, what is written now. */
  readonly recalled: number
  /** What was being written when the recalling began. */
  readonly draft: string
  /** Over the messages until the next Escape, Enter or letter. */
  readonly panel: Panel | undefined
  /** One sentence about what has just happened; the next key takes it away. */
  readonly notice: string
}

const MAX_ENTERED = 200

export const startState = (size: Size): State => ({
  size,
  connection: 'connecting',
  panes: [],
  current: undefined,
  line: EMPTY_LINE,
  entered: [],
  recalled: 0,
  draft: '',
  panel: undefined,
  notice: '',
})

export const currentPane = (state: State): Pane | undefined =>
  state.panes.find(({ roomId }) => roomId === state.current)

export const layoutOfState = ({ size, panel, notice }: State): Layout =>
  layoutOf(size, panel !== undefined, noticeLines(notice, size.columns).length)

/** What is told, in lines; one, if nothing is. */
export const noticeLines = (notice: string, columns: number): readonly string[] =>
  wrapped(printableLine(notice), columns)

/** Changes one room; nothing happens if it is no longer there. */
const withPane = (state: State, roomId: string, change: (pane: Pane) => Pane): State => ({
  ...state,
  panes: state.panes.map((pane) => (pane.roomId === roomId ? change(pane) : pane)),
})

// What the rooms report.

/** Adds a room, behind the others, and brings it to the front. */
export const withRoom = (state: State, pane: Pane): State =>
  inFront({ ...state, panes: [...state.panes, pane] }, pane.roomId)

export const withoutRoom = (state: State, roomId: string): State => {
  const at = state.panes.findIndex((pane) => pane.roomId === roomId)
  const panes = state.panes.filter((pane) => pane.roomId !== roomId)
  if (state.current !== roomId) return { ...state, panes }
  const next = panes[Math.min(at, panes.length - 1)]
  return next ? inFront({ ...state, panes }, next.roomId) : { ...state, panes, current: undefined }
}

export const withMessage = (state: State, roomId: string, entry: Entry): State =>
  withPane(state, roomId, (pane) => received(pane, entry, roomId === state.current))

/** A message was edited or deleted: wherever it is shown, it is as it is now. */
export const withChange = (state: State, roomId: string, change: EntryChange): State => {
  const next = withPane(state, roomId, (pane) => changed(pane, change))
  const { panel } = state
  if (state.current !== roomId || !panel || !isFound(panel.about)) return next
  const entries = changedEntries(panel.about.entries, change)
  return { ...next, panel: { ...panel, about: { ...panel.about, entries } } }
}

/** What of a room is as its SDK object says. */
export const withFacts = (
  state: State,
  roomId: string,
  facts: Partial<Pick<Pane, 'roomName' | 'topic' | 'you' | 'members' | 'memberCount' | 'state'>>,
): State => withPane(state, roomId, (pane) => ({ ...pane, ...facts }))

export const withReset = (state: State, roomId: string): State => withPane(state, roomId, voided)

export const withTyping = (state: State, roomId: string, member: Member, now: number): State =>
  withPane(state, roomId, (pane) => isTyping(pane, member, now))

/** Forgets typings that nothing followed. */
export const withoutOldTyping = (state: State, now: number): State => ({
  ...state,
  panes: state.panes.map((pane) =>
    pane.typing.some(({ until }) => until <= now)
      ? { ...pane, typing: pane.typing.filter(({ until }) => until > now) }
      : pane,
  ),
})

export const withUnconfirmed = (
  state: State,
  roomId: string,
  number: number,
  text: string,
): State =>
  withPane(state, roomId, (pane) => ({
    ...atEnd(pane),
    unconfirmed: [...pane.unconfirmed, { number, text }],
  }))

export const withConfirmed = (state: State, roomId: string, number: number, seq: number): State =>
  withPane(state, roomId, (pane) => confirmed(pane, number, seq))

export const withRefused = (state: State, roomId: string, number: number): State =>
  withPane(state, roomId, (pane) => refused(pane, number))

export const withPage = (
  state: State,
  roomId: string,
  part: Page['part'],
  page: readonly Entry[],
): State => withPane(state, roomId, (pane) => loaded(pane, part, page))

export const withLoading = (state: State, roomId: string, loading: boolean): State =>
  withPane(state, roomId, (pane) => ({ ...pane, loading, changes: [] }))

/** The page of the log that the view of the room in front needs. */
export const missing = (
  state: State,
): { readonly roomId: string; readonly page: Page } | undefined => {
  const pane = currentPane(state)
  const page = pane && missingPage(pane, layoutOfState(state).messages)
  return pane && page && { roomId: pane.roomId, page }
}

// What the keyboard asks for.

export const inFront = (state: State, roomId: string): State =>
  withPane({ ...state, current: roomId, panel: undefined }, roomId, (pane) => ({
    ...pane,
    unread: pane.anchor === undefined ? 0 : pane.unread,
  }))

/** The next room of the list, or the one before if `by` is -1, around the ends. */
export const turned = (state: State, by: 1 | -1): State => {
  const at = state.panes.findIndex(({ roomId }) => roomId === state.current)
  const next = state.panes.at((at + by) % state.panes.length)
  return next ? inFront(state, next.roomId) : state
}

/** Scrolls the panel if there is one, else the messages. */
export const scrolledLines = (state: State, by: number): State => {
  const { messages } = layoutOfState(state)
  const { panel } = state
  if (panel) {
    const text = panelText(panel, currentPane(state), messages.cells)
    return { ...state, panel: scrolledPanel(panel, by, text, messages.rows) }
  }
  return state.current === undefined
    ? state
    : withPane(state, state.current, (pane) => scrolledBy(pane, by, messages))
}

/** By a screenful but one line. */
export const scrolledPages = (state: State, by: 1 | -1): State =>
  scrolledLines(state, by * Math.max(1, layoutOfState(state).messages.rows - 1))

export const scrolledToEnd = (state: State): State =>
  state.current === undefined ? state : withPane(state, state.current, atEnd)

export const typed = (state: State, text: string): State => ({
  ...state,
  line: insert(state.line, text),
  panel: undefined,
  notice: '',
})

export const edited = (state: State, how: Edit): State => ({
  ...state,
  line: edit(state.line, how),
  notice: '',
})

/** What was entered one before, or after if `by` is 1. */
export const recalled = (state: State, by: 1 | -1): State => {
  const at = state.recalled + by
  if (at < 0 || at > state.entered.length) return state
  const draft = state.recalled === state.entered.length ? state.line.text : state.draft
  const text = state.entered[at] ?? draft
  return { ...state, recalled: at, draft, line: { text, cursor: text.length } }
}

/** Empties the line and keeps what was in it. */
export const entered = (state: State): State => {
  const { text } = state.line
  const isNew = text.trim() !== '' && text !== state.entered.at(-1)
  const all = isNew ? [...state.entered, text].slice(-MAX_ENTERED) : state.entered
  return { ...state, line: EMPTY_LINE, entered: all, recalled: all.length, draft: '' }
}

/** Writes something into the line, over what is there. */
export const withLine = (state: State, text: string): State => ({
  ...state,
  line: { text, cursor: text.length },
})

export const withPanel = (state: State, about: Subject): State => ({
  ...state,
  panel: { about: isFound(about) ? asHeld(about, currentPane(state)) : about, above: 0 },
})

/** What was found may be older than what has come meanwhile. */
const asHeld = (found: Found, pane: Pane | undefined): Found => ({
  ...found,
  entries: found.entries.map(
    (entry) => pane?.log.entries.find(({ seq }) => seq === entry.seq) ?? entry,
  ),
})

export const withoutPanel = (state: State): State => ({ ...state, panel: undefined, notice: '' })
