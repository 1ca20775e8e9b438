import type { EncodeMessage } from '../ports/connection.ts'
import type { Entry, LogRow, Seq } from '../ports/model.ts'
import type { Run } from '../ports/queue.ts'

/** A run within a node. */
export interface LocalRun extends Run {
  /** The rows whose plain frame does not say all, by their seqs; absent: there are none. */
  readonly rows?: ReadonlyMap<Seq, LogRow>
  /** Those who are in the room already need not be told at once. */
  readonly mayWait?: boolean
}

const NO_FRAME = new Uint8Array(0)

/** Whether a row is a message that is told as it was first stored. */
const isPlain = (row: LogRow): boolean =>
  'memberName' in row &&
  row.edited === undefined &&
  row.deleted === undefined &&
  row.removed === undefined

/** The plain frame of a row; empty for what plain members are not told. */
const plainOf = (row: LogRow, encode: EncodeMessage): Entry['plain'] =>
  'memberName' in row && row.deleted === undefined ? encode(row) : NO_FRAME

export const entryOf = (row: LogRow, encode: EncodeMessage): Entry => {
  const entry = { seq: row.seq, plain: plainOf(row, encode) }
  return isPlain(row) ? entry : { ...entry, row }
}

/** Encodes rows of one room, in seq order, into runs without holes. */
export const runsOf = (rows: readonly LogRow[], encode: EncodeMessage): LocalRun[] => {
  const runs: { firstSeq: Seq; frames: Uint8Array[]; rows?: Map<Seq, LogRow> }[] = []
  let run: (typeof runs)[number] | undefined
  for (const row of rows) {
    if (!run || row.seq !== run.firstSeq + run.frames.length) {
      run = { firstSeq: row.seq, frames: [] }
      runs.push(run)
    }
    run.frames.push(plainOf(row, encode))
    if (!isPlain(row)) (run.rows ??= new Map()).set(row.seq, row)
  }
  return runs
}
