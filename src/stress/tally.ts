import { Histogram } from './histogram.ts'

/** Counts over all members of a run. */
export interface Tally {
  /** Texts of this run that came to a member for the first time. */
  delivered: number
  doubled: number
  /** Came after one that the room's order, or their sender's, has behind them. */
  reordered: number
  /** Came with other bytes than to others of the room, or into a room that they are not of. */
  altered: number
  /** Of everything, also of what is no text of this run. */
  bytes: number
  /** From sending to arriving, of everything delivered. */
  readonly latency: Histogram
}

export const emptyTally = (): Tally => ({
  delivered: 0,
  doubled: 0,
  reordered: 0,
  altered: 0,
  bytes: 0,
  latency: new Histogram(),
})
