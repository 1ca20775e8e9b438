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
  /** Whether there is a line for notices above the line that is written. */
  readonly hasHint: boolean
  readonly messages: { readonly cells: number; readonly rows: number }
}

const SIDEBAR_FROM_COLUMNS = 72
const SIDEBAR_CELLS = 24
const TITLE_FROM_ROWS = 3
const HINT_FROM_ROWS = 5

/** @param isWhole whether the messages' place takes the sidebar's too */
export const layoutOf = ({ columns, rows }: Size, isWhole: boolean): Layout => {
  const sidebarCells = columns >= SIDEBAR_FROM_COLUMNS && !isWhole ? SIDEBAR_CELLS : 0
  const hasTitle = rows >= TITLE_FROM_ROWS
  const hasHint = rows >= HINT_FROM_ROWS
  return {
    columns,
    rows,
    sidebarCells,
    hasTitle,
    hasHint,
    messages: {
      cells: Math.max(1, columns - sidebarCells),
      rows: Math.max(0, rows - 1 - Number(hasTitle) - Number(hasHint)),
    },
  }
}
