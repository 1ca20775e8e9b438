import { wrapped } from './cells.ts'

/** A page over the messages, such as the help. */
export interface Panel {
  readonly title: string
  readonly lines: readonly string[]
  /** How many lines are above the view. */
  readonly above: number
}

/** What of the panel is in view, below its title. */
export const linesInView = (
  { lines, above }: Panel,
  cells: number,
  rows: number,
): readonly string[] => wrappedLines(lines, cells).slice(above, above + rows - 1)

export const scrolledPanel = (panel: Panel, by: number, cells: number, rows: number): Panel => {
  const most = Math.max(0, wrappedLines(panel.lines, cells).length - (rows - 1))
  return { ...panel, above: Math.min(most, Math.max(0, panel.above + by)) }
}

/** Without indents: a link that takes two lines can be copied. */
const wrappedLines = (lines: readonly string[], cells: number): readonly string[] =>
  lines.flatMap((line) => wrapped(line, cells))
