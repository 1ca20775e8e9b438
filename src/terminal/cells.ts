import { eastAsianWidth } from 'get-east-asian-width'

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const ASCII = /^[ -~]*$/
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u
const WITHOUT_WIDTH = /^[\p{Mark}\p{Format}\p{Control}\p{Surrogate}]*$/u
/** A letter may carry any number of marks, and a terminal keeps them all. */
const MAX_GRAPHEME = 32

/** What a person sees as characters, such as an emoji of seven code points. */
export const graphemesOf = (text: string): readonly string[] =>
  ASCII.test(text) ? Array.from(text) : Array.from(graphemes.segment(text), segmentOf)

const segmentOf = ({ segment }: Intl.SegmentData): string => segment

/** How many cells of a terminal one grapheme takes: 0, 1 or 2. */
export const cellsOfGrapheme = (grapheme: string): number => {
  if (WITHOUT_WIDTH.test(grapheme)) return 0
  if (EMOJI.test(grapheme)) return 2
  return eastAsianWidth(grapheme.codePointAt(0) ?? 0)
}

/** How many cells of a terminal a text without line ends takes. */
export const cellsOf = (text: string): number =>
  ASCII.test(text)
    ? text.length
    : graphemesOf(text).reduce((sum, grapheme) => sum + cellsOfGrapheme(grapheme), 0)

/** The beginning of a text that fits, with an ellipsis if that is not all of it. */
export const cut = (text: string, cells: number): string => {
  if (cellsOf(text) <= cells) return text
  if (cells <= 0) return ''
  let kept = ''
  let used = 0
  for (const grapheme of graphemesOf(text)) {
    used += cellsOfGrapheme(grapheme)
    if (used > cells - 1) break
    kept += grapheme
  }
  return `${kept}…`
}

/** As `cut`, and filled with spaces up to `cells`. */
export const fitted = (text: string, cells: number): string => {
  const kept = cut(text, cells)
  return kept + ' '.repeat(Math.max(0, cells - cellsOf(kept)))
}

/**
 * Breaks a text into lines, at spaces where that is possible.
 * @param first cells of each first line that something else takes
 * @param cells of the terminal; each line takes so many at most, or is one grapheme
 * @param indent cells that every line but the very first begins with
 */
export const wrapped = (text: string, cells: number, first = 0, indent = 0): readonly string[] => {
  const margin = ' '.repeat(indent)
  const lines: string[] = []
  for (const paragraph of text.split('\n')) {
    const room = (): number => cells - (lines.length === 0 ? first : indent)
    const put = (line: string): void => {
      lines.push(lines.length === 0 ? line : margin + line)
    }
    if (ASCII.test(paragraph) && paragraph.length <= room()) put(paragraph)
    else breakInto(paragraph, room, put)
  }
  return lines
}

const breakInto = (text: string, room: () => number, put: (line: string) => void): void => {
  let line = ''
  let used = 0
  /** After the last space of the line; 0 is none. */
  let breakAt = 0
  let usedAtBreak = 0
  for (const whole of graphemesOf(text)) {
    const grapheme =
      whole.length > MAX_GRAPHEME ? whole.slice(0, MAX_GRAPHEME).toWellFormed() : whole
    const width = cellsOfGrapheme(grapheme)
    let isBroken = false
    // Twice when what is behind the break leaves no room for a wide character either.
    while (used + width > room() && line !== '') {
      const isAtSpace = grapheme !== ' ' && line.slice(0, breakAt).trimEnd() !== ''
      const at = isAtSpace ? breakAt : line.length
      put(line.slice(0, at).trimEnd())
      line = line.slice(at)
      used = isAtSpace ? used - usedAtBreak : 0
      breakAt = usedAtBreak = 0
      isBroken = true
    }
    // The space at which a line ends.
    if (grapheme === ' ' && isBroken) continue
    line += grapheme
    used += width
    if (grapheme === ' ') {
      breakAt = line.length
      usedAtBreak = used
    }
  }
  put(line)
}
