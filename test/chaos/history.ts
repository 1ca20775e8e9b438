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
  /** Joins that were refused for good. */
  readonly refusals: readonly Refusal[]
  /** What the owners of rooms did. */
  readonly acts: readonly Act[]
  /** What was read over HTTP meanwhile. */
  readonly reads: readonly Read[]
  /** The repository's log of each room that was not dismissed, when everything was healed and quiet. */
  readonly logs: readonly RoomLog[]
  /** What each node said of each of these rooms then. */
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
  /** Where it came from. */
  readonly address: string
  /** When it asked to be let in. */
  readonly asked: number
  readonly opened: number
  /** Messages as the plain dialect has them, and changes with their `type`. */
  readonly frames: readonly Frame[]
  readonly said: readonly Said[]
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

/** A text, or a change of a message. A text is its own ref, and so is the text of an edit. */
export interface Said extends Timed {
  /** The id that it is to have in the log; in the JSON dialect only. */
  readonly id?: string
  /** Undefined: it is a message of its own. */
  readonly change?: { readonly type: 'edited' | 'deleted'; readonly target: string }
}

/** What became of what was said: a place in the log, with the id of the message, or a refusal. */
export type Answer = Timed &
  ({ readonly id: string; readonly seq: number } | { readonly code: string })

export interface Resume {
  readonly at: number
  readonly memberId: string
}

export interface Refusal {
  readonly at: number
  readonly roomId: string
  readonly address: string
  /** As HTTP has it. */
  readonly status: number
}

/** What an owner asked for. */
export interface Act {
  readonly at: number
  /** When it was acknowledged; undefined: it may have happened or not. */
  readonly done: number | undefined
  readonly roomId: string
  readonly kind: 'delete' | 'remove' | 'dismiss'
  /** Of the message, the member, or the room. */
  readonly id: string
}

export interface Read {
  /** When it began. */
  readonly at: number
  readonly roomId: string
  /** Of the path, behind the room's id. */
  readonly path: string
  readonly status: number
  /** The messages in the answer, each as JSON. */
  readonly elements: readonly string[]
}

export interface RoomLog {
  readonly roomId: string
  readonly rows: readonly Row[]
}

/** A row of the log; the first has seq 1. */
export interface Row {
  readonly seq: number
  readonly id: string
  readonly type: 'chat' | 'joined' | 'left' | 'edited' | 'deleted' | 'settings'
  /** Of who wrote it; of a change by the owner no member's. */
  readonly memberId: string
  readonly message: string
  readonly sent: string
  /** Of a change: the seq of what it changes. */
  readonly target?: number
  readonly deleted?: boolean
  /** A `left` that is the owner's doing. */
  readonly removed?: boolean
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
  /** The same with seqs, and with what was deleted. */
  readonly messages: readonly string[]
  /** Ids of the members. */
  readonly members: readonly string[]
}

/** The history as lines of JSON, in the order of time; the final views come last. */
export const toLines = (history: History): string => {
  const { faults, stalls, visits, views, resumes, refusals, acts, reads, logs, ...head } = history
  const events = [
    ...faults.map(({ from, ...fault }) => ({ at: from, fault })),
    ...stalls.map(({ from, to }) => ({ at: from, stall: to })),
    ...resumes.map(({ at, memberId }) => ({ at, resume: memberId })),
    ...refusals.map(({ at, ...refusal }) => ({ at, refusal })),
    ...acts.map(({ at, ...act }) => ({ at, act })),
    ...reads.map(({ at, ...read }) => ({ at, read })),
    ...visits.flatMap(({ id, roomId, node, address, asked, opened, frames, said, end, json }) => [
      {
        at: opened,
        visit: id,
        opened: { roomId, node, address, asked, ...json, answers: undefined },
      },
      ...frames.map(({ at, text, seq }) => ({ at, visit: id, got: text, seq })),
      ...(json?.answers ?? []).map(({ at, ...answer }) => ({ at, visit: id, answer })),
      ...said.map(({ at, text, change }) => ({ at, visit: id, said: text, change })),
      ...(end === undefined ? [] : [{ at: end.at, visit: id, end }]),
    ]),
  ].sort((a, b) => a.at - b.at)
  return [head, ...events, ...logs, ...views].map((event) => `${JSON.stringify(event)}\n`).join('')
}
