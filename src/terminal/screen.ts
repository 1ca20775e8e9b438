/** Into the alternate screen, without wrapping by the terminal, with pastes marked as such. */
const ENTER = '\u001b[?1049h\u001b[?7l\u001b[?2004h\u001b[2J'
const LEAVE = '\u001b[0m\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[?1049l'
/** The terminal shows what is between these at once, if it knows them. */
const BEGIN = '\u001b[?2026h\u001b[?25l'
const END = '\u001b[?25h\u001b[?2026l'

/** Of the cursor, counted from 0. */
export interface Position {
  readonly row: number
  readonly column: number
}

/**
 * The terminal while it belongs to this program. Every line is written to its own place and only
 * when it has changed, so nothing scrolls, nothing flickers, and a terminal that counts the cells
 * of a character in another way is wrong in that line only.
 */
export class Screen {
  readonly #write: (text: string) => void
  #lines: readonly string[] = []
  #cursor: Position = { row: -1, column: -1 }
  #isOurs = false

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  enter(): void {
    this.#isOurs = true
    this.#lines = []
    this.#write(ENTER)
  }

  /** Gives the terminal back as it was. Idempotent. */
  leave(): void {
    if (!this.#isOurs) return
    this.#isOurs = false
    this.#write(LEAVE)
  }

  /** What is on the screen is not what was painted: the next paint is all of it. */
  forget(): void {
    if (this.#isOurs) this.#write('\u001b[2J')
    this.#lines = []
  }

  paint(lines: readonly string[], cursor: Position): void {
    if (!this.#isOurs) return
    const changed = lines.flatMap((line, row) =>
      line === (this.#lines[row] ?? '')
        ? []
        : [`${place({ row, column: 0 })}\u001b[2K${line}\u001b[0m`],
    )
    const gone = this.#lines
      .slice(lines.length)
      .map((_, at) => `${place({ row: lines.length + at, column: 0 })}\u001b[2K`)
    const isMoved = cursor.row !== this.#cursor.row || cursor.column !== this.#cursor.column
    this.#lines = lines
    this.#cursor = cursor
    if (changed.length + gone.length === 0 && !isMoved) return
    this.#write(`${BEGIN}${changed.join('')}${gone.join('')}${place(cursor)}${END}`)
  }
}

const place = ({ row, column }: Position): string => `\u001b[${row + 1};${column + 1}H`
