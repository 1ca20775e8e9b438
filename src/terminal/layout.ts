/** Of the terminal, in cells. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Where on the screen things are. Every number is 0 or more, however small the terminal is. */
export interface Layout extends Size {
  /** Rooms and members stand left of the messages; 0: there is no room for that. */
  readonly sidebarCells: number
  /** Whether a line at the top says which room it is. */
  readonly hasTitle: boolean
  /** Lines for notices above the line that is written. */
  readonly hintRows: number
  readonly messages: { readonly cells: number; readonly rows: number }
}

const SIDEBAR_FROM_COLUMNS = 72
const SIDEBAR_CELLS = 24
const TITLE_FROM_ROWS = 3
const HINT_FROM_ROWS = 5
const MOST_HINT_ROWS = 3

/**
 * @param isWhole whether the messages' place takes the sidebar's too
 * @param hintRows that the notice would take
 */
export const layoutOf = ({ columns, rows }: Size, isWhole: boolean, hintRows: number): Layout => {
  const sidebarCells = columns >= SIDEBAR_FROM_COLUMNS && !isWhole ? SIDEBAR_CELLS : 0
  const hasTitle = rows >= TITLE_FROM_ROWS
  const mostHintRows = Math.min(MOST_HINT_ROWS, rows - HINT_FROM_ROWS + 1)
  const fittingHintRows = Math.max(0, Math.min(hintRows, mostHintRows))
  return {
    columns,
    rows,
    sidebarCells,
    hasTitle,
    hintRows: fittingHintRows,
    messages: {
      cells: Math.max(1, columns - sidebarCells),
      rows: Math.max(0, rows - 1 - Number(hasTitle) - fittingHintRows),
    },
  }
}
