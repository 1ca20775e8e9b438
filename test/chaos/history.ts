/** What a run of the fault suite has seen, all of it: the checker needs nothing else. */
export interface History {
  readonly seed: number
  readonly leaseMs: number
  /** When members began and ended to talk; all times are milliseconds of one monotonic clock. */
  readonly talk: Span
  readonly faults: readonly Fault[]
  /** When this process itself did not get its turn: what it measured then says nothing. */
  readonly stalls: readonly Span[]
  readonly visits: readonly Visit[]
  /** What each node said of each room when everything was healed and quiet. */
  readonly views: readonly RoomView[]
  /** Nodes that ended, and answers that no server should give. */
  readonly oddities: readonly string[]
}

export interface Span {
  readonly from: number
  readonly to: number
}

export interface Fault extends Span {
  readonly kind: string
  /** The place of the node that it hits; undefined: all of them. */
  readonly node: number | undefined
}

/** One connection to a room, from the upgrade on. */
export interface Visit {
  readonly id: number
  readonly roomId: string
  /** The place of its node; a node that is started again has the place of the old one. */
  readonly node: number
  readonly opened: number
  readonly frames: readonly Timed[]
  readonly said: readonly Timed[]
  readonly end: VisitEnd | undefined
}

export interface Timed {
  readonly at: number
  readonly text: string
}

export interface VisitEnd {
  readonly at: number
  readonly code: number
  readonly by: 'server' | 'itself'
}

export interface RoomView {
  readonly roomId: string
  readonly node: number
  /** The elements of the history, byte for byte. */
  readonly elements: readonly string[]
  /** Ids of the members. */
  readonly members: readonly string[]
}

/** The history as lines of JSON, in the order of time; the final views come last. */
export const toLines = (history: History): string => {
  const { seed, leaseMs, talk, faults, stalls, visits, views, oddities } = history
  const events = [
    ...faults.map(({ from, ...fault }) => ({ at: from, fault })),
    ...stalls.map(({ from, to }) => ({ at: from, stall: to })),
    ...visits.flatMap(({ id, roomId, node, opened, frames, said, end }) => [
      { at: opened, visit: id, opened: { roomId, node } },
      ...frames.map(({ at, text }) => ({ at, visit: id, got: text })),
      ...said.map(({ at, text }) => ({ at, visit: id, said: text })),
      ...(end === undefined ? [] : [{ at: end.at, visit: id, end }]),
    ]),
  ].sort((a, b) => a.at - b.at)
  return [{ seed, leaseMs, talk }, ...events, ...views, { oddities }]
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('')
}
