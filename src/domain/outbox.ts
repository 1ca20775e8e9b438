import type { Append, Appended, Rejected } from '../ports/append.ts'
import type { Cancel, Clock } from '../ports/clock.ts'
import { codeOf, type ErrorCode } from '../ports/errors.ts'
import type { Ids } from '../ports/ids.ts'
import type { Meter } from '../ports/meter.ts'
import type {
  LoggedDeletion,
  LoggedEdit,
  LoggedMessage,
  LogRow,
  NodeId,
  RoomId,
} from '../ports/model.ts'
import type { Repository } from '../ports/repository.ts'

const MAX_ENTRIES = 10_000
const MAX_BYTES = 16 << 20
const MAX_BATCH_ENTRIES = 1_000
const MAX_BATCH_BYTES = 1 << 20
const MAX_IN_FLIGHT = 2

/** How long an entry that could not be stored is tried again before its sender is told. */
const RETRY_MS = 5_000
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

/** What became of an entry. `failed` carries `unknown` if it may be stored all the same. */
export type Outcome =
  | { readonly message: LoggedMessage; readonly storedBy: NodeId }
  | { readonly change: LoggedEdit | LoggedDeletion }
  | Rejected
  | { readonly failed: ErrorCode }

/** Why an entry is refused at once, so that nothing becomes of it. */
export type NotTaken = 'draining' | 'overloaded'

interface Waiting {
  readonly entry: Append
  readonly bytes: number
  readonly deadline: number
  readonly settle: (outcome: Outcome) => void
  /** Whether an append of it ended without an answer, so that it may be stored. */
  doubtful: boolean
}

export interface OutboxParts {
  readonly repository: Pick<Repository, 'append'>
  readonly clock: Clock
  readonly ids: Ids
  readonly meter: Meter
  /** The id under which this node appends at this moment. */
  readonly nodeId: () => NodeId
  /** Gets what an append stored, each room's in seq order, after the entries were settled. */
  readonly onLogged: (rows: readonly LogRow[]) => void
  /** Called when an append is under way: nothing here waits for anything but its answer. */
  readonly onAppending: () => void
}

/**
 * Group commit: the one way into the logs. What comes in one turn of the event loop goes at its
 * end; while appends are under way, entries gather, so load makes the batches and no entry waits
 * for a timer (ADR 3). At most two appends are under way, never with a room in common, so that the
 * entries of a room are stored in the order in which they were added.
 *
 * An append without an answer is repeated with the same message ids, and later entries of its rooms
 * wait behind it; the repository stores an id once.
 */
export class Outbox {
  readonly #parts: OutboxParts
  readonly #waiting = new Map<RoomId, Waiting[]>()
  /** Rooms that have entries waiting and none under way, longest waiting first. */
  readonly #ready = new Set<RoomId>()
  readonly #busy = new Set<RoomId>()
  #inFlight = 0
  #entries = 0
  #bytes = 0
  #failures = 0
  #flushIsDue = false
  #pause: Cancel | undefined
  #stopped = false
  #onIdle: (() => void)[] = []

  constructor(parts: OutboxParts) {
    this.#parts = parts
  }

  /** Entries that were added and are not settled. */
  get depth(): number {
    return this.#entries
  }

  /**
   * Takes an entry, to be settled once. A `left` is always taken and tried until the repository
   * has answered; anything else is given up after about five seconds.
   * @returns false, and nothing happens, when the outbox is full
   */
  add(entry: Append, settle: (outcome: Outcome) => void): boolean {
    const bytes = 'message' in entry ? entry.message.length : 0
    if (entry.type !== 'left') {
      if (this.#entries >= MAX_ENTRIES || this.#bytes + bytes > MAX_BYTES) return false
    }
    const deadline = this.#parts.clock.now() + RETRY_MS
    const waiting: Waiting = { entry, bytes, deadline, settle, doubtful: false }
    this.#entries += 1
    this.#bytes += bytes
    const queue = this.#waiting.get(entry.roomId)
    if (queue) {
      queue.push(waiting)
    } else {
      this.#waiting.set(entry.roomId, [waiting])
      if (!this.#busy.has(entry.roomId)) this.#ready.add(entry.roomId)
    }
    this.#flushSoon()
    return true
  }

  /** Resolves when everything that was added is settled. */
  idle(): Promise<void> {
    if (this.#entries === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  /** Stops trying. What is not settled stays so. */
  stop(): void {
    this.#stopped = true
    this.#pause?.()
  }

  #flushSoon(): void {
    if (this.#flushIsDue) return
    this.#flushIsDue = true
    this.#parts.clock.soon(() => {
      this.#flushIsDue = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#pause || this.#stopped) return
    while (this.#inFlight < MAX_IN_FLIGHT && this.#ready.size > 0) {
      void this.#append(this.#takeBatch())
    }
  }

  #takeBatch(): Waiting[] {
    const batch: Waiting[] = []
    let bytes = 0
    for (const roomId of this.#ready) {
      const queue = this.#waiting.get(roomId) ?? []
      let taken = 0
      for (const waiting of queue) {
        const full = batch.length >= MAX_BATCH_ENTRIES || bytes + waiting.bytes > MAX_BATCH_BYTES
        if (full && batch.length > 0) break
        // What it changes has to be stored by an earlier append.
        if (taken > 0 && 'target' in waiting.entry) break
        batch.push(waiting)
        bytes += waiting.bytes
        taken += 1
      }
      if (taken === 0) break
      this.#ready.delete(roomId)
      this.#busy.add(roomId)
      if (taken === queue.length) this.#waiting.delete(roomId)
      else queue.splice(0, taken)
    }
    return batch
  }

  async #append(batch: readonly Waiting[]): Promise<void> {
    this.#inFlight += 1
    const { clock, meter } = this.#parts
    const nodeId = this.#parts.nodeId()
    const begun = clock.now()
    const entries = batch.map((waiting) => waiting.entry)
    try {
      const appending = this.#parts.repository.append(nodeId, entries)
      this.#parts.onAppending()
      const results = await appending
      this.#failures = 0
      meter.appended(entries.length, clock.now() - begun)
      this.#finish(batch, results, nodeId)
    } catch (error) {
      meter.appendFailed(codeOf(error))
      this.#putBack(batch, codeOf(error))
    }
    this.#inFlight -= 1
    for (const { entry } of batch) {
      this.#busy.delete(entry.roomId)
      if (this.#waiting.has(entry.roomId)) this.#ready.add(entry.roomId)
    }
    this.#flush()
    if (this.#entries === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  #finish(batch: readonly Waiting[], results: readonly Appended[], storedBy: NodeId): void {
    const logged: LogRow[] = []
    batch.forEach((waiting, index) => {
      const result = results[index]
      if (result === undefined) return this.#settle(waiting, { failed: 'internal' })
      if ('rejected' in result) return this.#settle(waiting, result)
      if ('change' in result) {
        logged.push(result.change)
        return this.#settle(waiting, result)
      }
      logged.push(result.message)
      this.#settle(waiting, { message: result.message, storedBy })
    })
    this.#parts.onLogged(logged)
  }

  /**
   * Puts a batch back in front of what its rooms have waiting, in its order, and pauses all appends:
   * what failed was the repository, not the batch. A bug would fail again: its entries are given up.
   */
  #putBack(batch: readonly Waiting[], code: ErrorCode): void {
    if (code === 'internal') {
      for (const waiting of batch) this.#settle(waiting, { failed: code })
    } else {
      const back = new Map<RoomId, Waiting[]>()
      for (const waiting of batch) {
        if (code === 'unknown') waiting.doubtful = true
        const ofRoom = back.get(waiting.entry.roomId)
        if (ofRoom) ofRoom.push(waiting)
        else back.set(waiting.entry.roomId, [waiting])
      }
      for (const [roomId, ofRoom] of back) {
        this.#waiting.set(roomId, ofRoom.concat(this.#waiting.get(roomId) ?? []))
      }
      this.#giveUp()
    }
    this.#failures += 1
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS)
    const ms = longest * (0.5 + this.#parts.ids.random() / 2)
    this.#pause ??= this.#parts.clock.after(ms, () => {
      this.#pause = undefined
      this.#flush()
    })
  }

  /** Settles what has waited too long; only then, because settling may add to the same rooms. */
  #giveUp(): void {
    const now = this.#parts.clock.now()
    const late: Waiting[] = []
    for (const [roomId, queue] of this.#waiting) {
      const kept: Waiting[] = []
      for (const waiting of queue) {
        if (waiting.entry.type === 'left' || waiting.deadline > now) kept.push(waiting)
        else late.push(waiting)
      }
      if (kept.length > 0) {
        this.#waiting.set(roomId, kept)
      } else {
        this.#waiting.delete(roomId)
        this.#ready.delete(roomId)
      }
    }
    for (const waiting of late) {
      this.#settle(waiting, { failed: waiting.doubtful ? 'unknown' : 'unavailable' })
    }
  }

  #settle(waiting: Waiting, outcome: Outcome): void {
    this.#entries -= 1
    this.#bytes -= waiting.bytes
    waiting.settle(outcome)
  }
}
