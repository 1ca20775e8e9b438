import { readLine, type RoomCommand, type ServerCommand } from './commands.ts'
import type { Edit } from './line-editor.ts'
import { lastOwn } from './pane.ts'
import {
  currentPane,
  edited,
  entered,
  inFront,
  recalled,
  scrolledLines,
  scrolledPages,
  scrolledToEnd,
  type State,
  turned,
  typed,
  withLine,
  withoutPanel,
} from './state.ts'

/** A key as node:readline reports it. */
export interface Key {
  readonly name?: string | undefined
  readonly sequence?: string | undefined
  readonly ctrl?: boolean | undefined
  readonly meta?: boolean | undefined
  readonly shift?: boolean | undefined
}

/** What is to be done in the room in front, besides changing what the screen shows. */
export type RoomWish = RoomCommand | { readonly do: 'typing' }

/** What is to be done. */
export type Wish = RoomWish | ServerCommand | { readonly do: 'suspend' }

/** Whether it needs a room. */
export const isRoomWish = (wish: Wish): wish is RoomWish => !WITHOUT_ROOM.includes(wish.do)

const WITHOUT_ROOM: readonly Wish['do'][] = ['join', 'new', 'rooms', 'help', 'quit', 'suspend']

export interface Pressed {
  readonly state: State
  readonly wish?: Wish
}

const EDITS: Readonly<Record<string, Edit>> = {
  left: 'left',
  right: 'right',
  home: 'start',
  end: 'end',
  backspace: 'delete left',
  delete: 'delete right',
  'ctrl-a': 'start',
  'ctrl-b': 'left',
  'ctrl-e': 'end',
  'ctrl-f': 'right',
  'ctrl-h': 'delete left',
  'ctrl-k': 'delete to end',
  'ctrl-u': 'delete to start',
  'ctrl-w': 'delete word',
  'ctrl-left': 'word left',
  'ctrl-right': 'word right',
  'meta-b': 'word left',
  'meta-f': 'word right',
  'meta-left': 'word left',
  'meta-right': 'word right',
  'meta-backspace': 'delete word',
}

const CHANGES: Readonly<Record<string, (state: State) => State>> = {
  up: (state) => recalled(state, -1),
  down: (state) => recalled(state, 1),
  'ctrl-p': (state) => recalled(state, -1),
  'ctrl-n': (state) => recalled(state, 1),
  pageup: (state) => scrolledPages(state, -1),
  pagedown: (state) => scrolledPages(state, 1),
  'meta-up': (state) => scrolledLines(state, -1),
  'meta-down': (state) => scrolledLines(state, 1),
  'shift-up': (state) => scrolledLines(state, -1),
  'shift-down': (state) => scrolledLines(state, 1),
  tab: (state) => turned(state, 1),
  'shift-tab': (state) => turned(state, -1),
  escape: (state) =>
    state.panel || state.notice !== '' ? withoutPanel(state) : scrolledToEnd(state),
}

/** What a key does. */
export const pressed = (state: State, text: string | undefined, key: Key): Pressed => {
  const name = nameOf(key)
  if (name === 'return') return enteredLine(state)
  if (name === 'ctrl-c') return { state, wish: { do: 'quit' } }
  if (name === 'ctrl-d' && state.line.text === '') return { state, wish: { do: 'quit' } }
  if (name === 'ctrl-d') return { state: edited(state, 'delete right') }
  if (name === 'ctrl-z') return { state, wish: { do: 'suspend' } }
  const room = /^meta-([1-9])$/.exec(name)?.[1]
  if (room !== undefined) {
    const pane = state.panes[Number(room) - 1]
    return { state: pane ? inFront(state, pane.roomId) : state }
  }
  const how = Object.hasOwn(EDITS, name) ? EDITS[name] : undefined
  if (how !== undefined) return { state: edited(state, how) }
  const change = Object.hasOwn(CHANGES, name) ? CHANGES[name] : undefined
  if (change) return { state: change(state) }
  return text === undefined || key.ctrl || key.meta ? { state } : written(state, text)
}

/** A paste: its line ends stay, so that it becomes one message. */
export const pasted = (state: State, text: string): Pressed =>
  written(state, text.replaceAll(/\r\n?/gu, '\n'))

const written = (state: State, text: string): Pressed => {
  const added = text.replaceAll('\t', ' ').replaceAll(/(?!\n)\p{Cc}/gu, '')
  if (added === '') return { state }
  const next = typed(state, added)
  return next.line.text.startsWith('/') || !currentPane(state)
    ? { state: next }
    : { state: next, wish: { do: 'typing' } }
}

const enteredLine = (state: State): Pressed => {
  if (state.line.text === '') return { state: withoutPanel(state) }
  const command = readLine(state.line.text)
  const next = withoutPanel(entered(state))
  if (command.do === 'nothing') return { state: next }
  if (command.do === 'complain') return { state: { ...next, notice: command.why } }
  const pane = currentPane(state)
  if (!pane && isRoomWish(command)) {
    return { state: { ...next, notice: 'There is no room for it: /join <link>, /new' } }
  }
  if (pane && command.do === 'edit' && command.text === '') {
    const last = pane.unconfirmed.at(-1)?.text ?? lastOwn(pane)?.message
    if (last !== undefined) return { state: withLine(next, `/edit ${last}`) }
  }
  return { state: next, wish: command }
}

/** `ctrl-` and `meta-` in front of the name; `shift-` only where that is another key. */
const nameOf = ({ name, ctrl, meta, shift }: Key): string => {
  if (name === undefined) return ''
  const shifted = shift && ['tab', 'up', 'down'].includes(name) ? 'shift-' : ''
  return `${ctrl ? 'ctrl-' : ''}${meta && name !== 'escape' ? 'meta-' : ''}${shifted}${name}`
}
