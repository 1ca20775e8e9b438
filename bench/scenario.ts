import type { Services } from './services.ts'
import type { Fleet } from './fleet.ts'

/** What a scenario gets to work with. */
export interface Bench {
  readonly fleet: Fleet
  readonly services: Services
  /** How often everything is measured; what is compared takes turns within a round. */
  readonly rounds: number
  /** Ends the scenario early: its time is over, or nobody wants to know any more. */
  readonly signal: AbortSignal
}

export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface Scenario<Result> {
  /** In seconds; a scenario that takes longer has failed. */
  readonly limit: number
  run(bench: Bench): Promise<Result>
  table(result: Result): Table
}

/** A table as text, its first column to the left and the others to the right. */
export const printed = ({ title, head, rows }: Table): string => {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [`\n${title}\n`, line(head), rule, ...rows.map(line)].join('\n')
}

/** A number for people: three digits that count, thousands grouped. */
export const figure = (value: number | undefined): string => {
  if (value === undefined || Number.isNaN(value)) return '-'
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3)
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2
}
