/** What a run of the fault suite has seen, all of it: the checker needs nothing else. */
export interface History {
  readonly seed: number
  readonly leaseMs: number
  /** How long a member without a connection can be resumed. */
  readonly resumeMs: number
  /** What has to be added to a time of the clock for the time of the day. */
  readonly origin: number
  /** When members began and ended to talk; all times are milliseconds of one monotonic clock. */
  readonly talk: Span
  readonly faults: readonly Fault[]
  /** When this process itself did not get its turn: what it measured then says nothing. */
  readonly stalls: readonly Span[]
  readonly visits: readonly Visit[]
  /** When somebody asked to be a member again, whatever came of it. */
  readonly resumes: readonly Resume[]
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

/** One connection to a room, from the upgrade on, or in the JSON dialect from its `room` on. */
export interface Visit {
  readonly id: number
  readonly roomId: string
  /** The place of its node; a node that is started again has the place of the old one. */
  readonly node: number
  readonly opened: number
  /** Messages as the plain dialect has them. */
  readonly frames: readonly Frame[]
  readonly said: readonly Timed[]
  readonly end: VisitEnd | undefined
  readonly json?: JsonVisit
}

/** What a connection that speaks the JSON dialect was told besides messages. */
export interface JsonVisit {
  readonly memberId: string
  /** Who it wanted to be again. */
  readonly wanted: string | undefined
  /** The seq after which it wanted everything; undefined: from its own `joined` on. */
  readonly after: number | undefined
  readonly seq: number
  readonly answers: readonly Answer[]
}

/** What became of a text: a place in the log, or a refusal. A text is its own ref. */
export type Answer = Timed &
  ({ readonly id: string; readonly seq: number } | { readonly code: string })

export interface Resume {
  readonly at: number
  readonly memberId: string
}

export interface Frame extends Timed {
  /** In the JSON dialect. */
  readonly seq?: number
}

export interface Timed {
  readonly at: number
  readonly text: string
}

export interface VisitEnd {
  readonly at: number
  /** If it ended itself in the JSON dialect, 1000 says that it left, 1006 that it was lost. */
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
  const { faults, stalls, visits, views, resumes, ...head } = history
  const events = [
    ...faults.map(({ from, ...fault }) => ({ at: from, fault })),
    ...stalls.map(({ from, to }) => ({ at: from, stall: to })),
    ...resumes.map(({ at, memberId }) => ({ at, resume: memberId })),
    ...visits.flatMap(({ id, roomId, node, opened, frames, said, end, json }) => [
      { at: opened, visit: id, opened: { roomId, node, ...json, answers: undefined } },
      ...frames.map(({ at, text }) => ({ at, visit: id, got: text })),
      ...(json?.answers ?? []).map(({ at, ...answer }) => ({ at, visit: id, answer })),
      ...said.map(({ at, text }) => ({ at, visit: id, said: text })),
      ...(end === undefined ? [] : [{ at: end.at, visit: id, end }]),
    ]),
  ].sort((a, b) => a.at - b.at)
  return [head, ...events, ...views].map((event) => `${JSON.stringify(event)}\n`).join('')
}
