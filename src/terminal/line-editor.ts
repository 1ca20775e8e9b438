import { cellsOf, graphemesOf } from './cells.ts'

/** The line that is being written. */
export interface Line {
  readonly text: string
  /** Before which UTF-16 unit of the text the cursor is. */
  readonly cursor: number
}

export const EMPTY_LINE: Line = { text: '', cursor: 0 }

/** More than any server takes; a paste is cut there. */
const MAX_LENGTH = 65_536

export const insert = ({ text, cursor }: Line, added: string): Line => {
  const kept = added.slice(0, Math.max(0, MAX_LENGTH - text.length))
  return {
    text: text.slice(0, cursor) + kept + text.slice(cursor),
    cursor: cursor + kept.length,
  }
}

export type Edit =
  | 'left'
  | 'right'
  | 'start'
  | 'end'
  | 'word left'
  | 'word right'
  | 'delete left'
  | 'delete right'
  | 'delete word'
  | 'delete to start'
  | 'delete to end'

/** Moves and deletes by what a person sees as characters, never by a part of one. */
export const edit = (line: Line, how: Edit): Line => {
  const { text, cursor } = line
  const before = text.slice(0, cursor)
  const after = text.slice(cursor)
  switch (how) {
    case 'left':
      return { text, cursor: cursor - lastGrapheme(before) }
    case 'right':
      return { text, cursor: cursor + firstGrapheme(after) }
    case 'start':
      return { text, cursor: 0 }
    case 'end':
      return { text, cursor: text.length }
    case 'word left':
      return { text, cursor: beforeWord(before) }
    case 'word right':
      return { text, cursor: cursor + (/^\s*\S*/u.exec(after)?.[0].length ?? 0) }
    case 'delete left':
      return without(line, cursor - lastGrapheme(before), cursor)
    case 'delete right':
      return without(line, cursor, cursor + firstGrapheme(after))
    case 'delete word':
      return without(line, beforeWord(before), cursor)
    case 'delete to start':
      return without(line, 0, cursor)
    case 'delete to end':
      return without(line, cursor, text.length)
  }
}

const without = ({ text }: Line, from: number, to: number): Line => ({
  text: text.slice(0, from) + text.slice(to),
  cursor: from,
})

const firstGrapheme = (text: string): number => graphemesOf(text.slice(0, 256))[0]?.length ?? 0
const lastGrapheme = (text: string): number => graphemesOf(text.slice(-256)).at(-1)?.length ?? 0
const beforeWord = (text: string): number => {
  const word = text.trimEnd()
  return Math.max(word.lastIndexOf(' '), word.lastIndexOf('\n')) + 1
}

/** What of a line is in view, and in which cell of it the cursor is. */
export interface LineView {
  readonly text: string
  readonly cursorCell: number
}

/** The part of the line around its cursor that fits into so many cells; a line end is one `⏎`. */
export const lineView = ({ text, cursor }: Line, cells: number): LineView => {
  // The cursor needs a cell behind the last character.
  const room = Math.max(0, cells - 1)
  const near = 2 * cells * 16
  const before = graphemesOf(shown(text.slice(Math.max(0, cursor - near), cursor)))
  const kept: string[] = []
  let cursorCell = 0
  for (const grapheme of before.toReversed()) {
    const width = cellsOf(grapheme)
    if (cursorCell + width > room) break
    kept.push(grapheme)
    cursorCell += width
  }
  let used = cursorCell
  const after: string[] = []
  for (const grapheme of graphemesOf(shown(text.slice(cursor, cursor + near)))) {
    const width = cellsOf(grapheme)
    if (used + width > room) break
    after.push(grapheme)
    used += width
  }
  return { text: kept.toReversed().join('') + after.join(''), cursorCell }
}

const shown = (text: string): string => text.replaceAll('\n', '⏎')
