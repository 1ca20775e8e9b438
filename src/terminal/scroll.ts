import type { Entry } from './log-window.ts'
import { paragraphOf, type ScreenLine } from './paragraphs.ts'

/** Which line is the lowest in view: one of an entry's. */
export interface Anchor {
  readonly seq: number
  /** Counted from the first line of the entry's paragraph. */
  readonly line: number
}

/** The lines that are in view, oldest first: `rows` at most, up to the anchor or to the end. */
export const inView = (
  entries: readonly Entry[],
  anchor: Anchor | undefined,
  cells: number,
  rows: number,
): readonly ScreenLine[] => {
  const { index, line } = placeOf(entries, anchor, cells)
  const lines: ScreenLine[] = []
  for (let at = index; at >= 0 && lines.length < rows; at--) {
    const paragraph = linesAt(entries, at, cells)
    const held = at === index ? paragraph.slice(0, line + 1) : paragraph
    lines.unshift(...held.slice(-(rows - lines.length)))
  }
  return lines
}

/**
 * Scrolls.
 * @param by so many lines; towards the end if positive
 * @returns undefined at the end of the entries
 */
export const scrolled = (
  entries: readonly Entry[],
  anchor: Anchor | undefined,
  by: number,
  cells: number,
  rows: number,
): Anchor | undefined => {
  let { index, line } = placeOf(entries, anchor, cells)
  for (let left = by; left > 0; left--) {
    if (line + 1 < linesAt(entries, index, cells).length) line++
    else if (index + 1 < entries.length) {
      index++
      line = 0
    } else return undefined
  }
  if (by < 0) {
    const highest = topmost(entries, cells, rows)
    for (let left = by; left < 0; left++) {
      if (index < highest.index || (index === highest.index && line <= highest.line)) break
      if (line > 0) line--
      else {
        index--
        line = linesAt(entries, index, cells).length - 1
      }
    }
  }
  const entry = entries[index]
  const isEnd = index === entries.length - 1 && line === linesAt(entries, index, cells).length - 1
  return entry === undefined || isEnd ? undefined : { seq: entry.seq, line }
}

/** Whether the view begins with the first line of the entries. */
export const isAtTop = (
  entries: readonly Entry[],
  anchor: Anchor | undefined,
  cells: number,
  rows: number,
): boolean => {
  const { index, line } = placeOf(entries, anchor, cells)
  const highest = topmost(entries, cells, rows)
  return index < highest.index || (index === highest.index && line <= highest.line)
}

interface Place {
  readonly index: number
  readonly line: number
}

/** Where the anchor is; what of it is no longer there counts as the nearest that is. */
const placeOf = (entries: readonly Entry[], anchor: Anchor | undefined, cells: number): Place => {
  const found = anchor ? entries.findLastIndex(({ seq }) => seq <= anchor.seq) : entries.length - 1
  const index = Math.max(0, found)
  const last = linesAt(entries, index, cells).length - 1
  const line = anchor && entries[index]?.seq === anchor.seq ? Math.min(anchor.line, last) : last
  return { index, line: Math.max(0, line) }
}

/** The lowest line of the view that begins with the very first line. */
const topmost = (entries: readonly Entry[], cells: number, rows: number): Place => {
  let left = rows
  for (let index = 0; index < entries.length; index++) {
    const { length } = linesAt(entries, index, cells)
    if (length >= left) return { index, line: left - 1 }
    left -= length
  }
  return { index: Math.max(0, entries.length - 1), line: Number.MAX_SAFE_INTEGER }
}

const linesAt = (
  entries: readonly Entry[],
  index: number,
  cells: number,
): readonly ScreenLine[] => {
  const entry = entries[index]
  return entry ? paragraphOf(entry, cells) : []
}
