import { cellsOf, wrapped } from './cells.ts'
import type { Entry } from './log-window.ts'
import { printable, printableLine } from './printable.ts'

export const COLORS = ['cyan', 'green', 'yellow', 'blue', 'magenta', 'red'] as const
export type Color = (typeof COLORS)[number]

/** A piece of a line in one style. */
export interface Part {
  readonly text: string
  readonly color?: Color
  readonly faint?: boolean
  readonly bold?: boolean
}

/** One line of the screen. */
export type ScreenLine = readonly Part[]

/** Below this width a message has no time of day. */
const TIME_FROM_CELLS = 50
const INDENT = 2

/** Behind the text of an edited message, and in place of a deleted one. */
const EDITED = '(edited)'
const DELETED = '(deleted)'

/** The lines of a message on a screen of this width; nothing in them can move the cursor. */
export const paragraphOf = (entry: Entry, cells: number): readonly ScreenLine[] => {
  const held = paragraphs.get(entry)
  if (held?.cells === cells) return held.lines
  const lines = written(entry, cells)
  paragraphs.set(entry, { cells, lines })
  return lines
}

const paragraphs = new WeakMap<
  Entry,
  { readonly cells: number; readonly lines: readonly ScreenLine[] }
>()

const written = (entry: Entry, cells: number): readonly ScreenLine[] => {
  const time = cells >= TIME_FROM_CELLS ? `${timeOf(entry.sent)} ` : ''
  if (entry.type !== 'chat') {
    const lines = wrapped(printable(entry.message), cells, cellsOf(time), indentFor(cells))
    return lines.map((text, at) => [{ text: at === 0 ? time + text : text, faint: true }])
  }
  const name = `${printableLine(entry.memberName)}: `
  const head = cellsOf(time) + cellsOf(name)
  const text = textOf(entry)
  // A name that leaves no room for words has its own lines.
  if (head > cells / 2) {
    return [
      ...wrapped(name.trimEnd(), cells, cellsOf(time)).map((part, at): ScreenLine =>
        named(at === 0 ? time : '', part, entry.memberId),
      ),
      ...marked(
        entry,
        wrapped(text, cells - indentFor(cells)).map((line) => ' '.repeat(indentFor(cells)) + line),
      ),
    ]
  }
  const lines = marked(entry, wrapped(text, cells, head, indentFor(cells)))
  return lines.map((line, at) =>
    at === 0 ? [...named(time, name, entry.memberId), ...line] : line,
  )
}

const textOf = ({ message, edited, deleted }: Entry): string => {
  if (deleted !== undefined) return DELETED
  return edited === undefined ? printable(message) : `${printable(message)} ${EDITED}`
}

/** The lines of a text, with its mark not as if it had been said. */
const marked = ({ edited, deleted }: Entry, lines: readonly string[]): readonly ScreenLine[] => {
  const mark = deleted === undefined ? (edited === undefined ? '' : EDITED) : DELETED
  const last = lines.length - 1
  return lines.map((text, at) =>
    mark === '' || at !== last || !text.endsWith(mark)
      ? [{ text }]
      : [{ text: text.slice(0, -mark.length) }, { text: mark, faint: true }],
  )
}

const indentFor = (cells: number): number => (cells > 4 * INDENT ? INDENT : 0)

const named = (time: string, name: string, memberId: string): ScreenLine => [
  { text: time, faint: true },
  { text: name, color: colorOf(memberId), bold: true },
]

/** The same member has the same color everywhere. */
export const colorOf = (memberId: string): Color =>
  COLORS[Number.parseInt(memberId.slice(0, 4), 16) % COLORS.length] ?? COLORS[0]

/** Hours and minutes where the reader is. */
export const timeOf = (sent: string): string => {
  const at = new Date(sent)
  return `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`
}

/** Year, month and day where the reader is. */
export const dayOf = (sent: string): string => {
  const at = new Date(sent)
  return `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())}`
}

const twoDigits = (value: number): string => String(value).padStart(2, '0')
