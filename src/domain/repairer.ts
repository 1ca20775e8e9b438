import type { Cancel, Clock } from '../ports/clock.ts'
import type { EncodeMessage } from '../ports/connection.ts'
import type { Log } from '../ports/log.ts'
import type { Meter } from '../ports/meter.ts'
import type { Seq } from '../ports/model.ts'
import type { LogPage, Repository } from '../ports/repository.ts'
import type { Room } from './room.ts'
import { runsOf } from './runs.ts'

/** Publishes of two nodes overtake each other in healthy operation; only what stays away is read. */
const GAP_MS = 30
const SWEEP_MS = 1_000
const SLICE_ROOMS = 500
const PAGE_ROWS = 500
const PAGE_BYTES = 256 << 10
const MAX_READS = 4
const RETRY_MS = 500

export interface RepairerParts {
  readonly repository: Pick<Repository, 'lastSeqs' | 'readLog'>
  readonly clock: Clock
  readonly log: Log
  readonly meter: Meter
  readonly encode: EncodeMessage
  /** The rooms that are open on this node now. */
  readonly rooms: ReadonlyMap<Room['id'], Room>
  readonly onRoomGone: (room: Room) => void
  /** The repository's log ends before what this node has let out. */
  readonly onLogReset: (room: Room) => void
}

/**
 * Brings what the queue lost, from the repository: fills gaps that stay for 30 ms, and once a
 * second compares every open room with the repository, in slices, because no gap reveals a lost
 * last message. (Anti-entropy in the sense of Demers et al., PODC 1987.)
 */
export class Repairer {
  readonly #parts: RepairerParts
  /** Rooms whose gap is being waited for or read. */
  readonly #atWork = new Set<Room>()
  readonly #reads: (() => Promise<void>)[] = []
  #reading = 0
  readonly #doubted = new Set<Room>()
  /** Those that are being compared. */
  #asking: readonly Room[] = []
  #round: Iterator<Room> | undefined
  /** The repository has answered every comparison of this round so far. */
  #roundAnswered = true
  #sweptAt: number
  #sweeping = false
  #sweepTimer: Cancel | undefined
  #stopped = false
  #answering = true

  constructor(parts: RepairerParts) {
    this.#parts = parts
    this.#sweptAt = parts.clock.now()
  }

  /** Milliseconds since all open rooms were compared, each once at least. */
  get sweepLagMs(): number {
    return this.#parts.clock.now() - this.#sweptAt
  }

  start(): void {
    this.#sweptAt = this.#parts.clock.now()
    this.#nextSlice()
  }

  stop(): void {
    this.#stopped = true
    this.#sweepTimer?.()
  }

  /** Something that is said to exist in this room has not been let out. */
  gapIn(room: Room): void {
    if (this.#atWork.has(room)) return
    this.#atWork.add(room)
    const seen = room.next
    this.#parts.clock.after(GAP_MS, () => {
      if (!this.#open(room) || !room.waiting) {
        this.#atWork.delete(room)
      } else if (room.next !== seen) {
        this.#atWork.delete(room)
        this.gapIn(room)
      } else {
        this.#parts.meter.gapFound()
        this.#read(() => this.#fill(room, 0))
      }
    })
  }

  /** Messages of this room may have been missed without a trace: it is compared at once. */
  doubt(room: Room): void {
    this.#doubted.add(room)
    if (!this.#sweeping) this.#parts.clock.soon(() => void this.#sweep())
  }

  /** Whether what a doubt may bring has not been let out yet. */
  isInDoubt(room: Room): boolean {
    return this.#doubted.has(room) || this.#asking.includes(room) || this.#atWork.has(room)
  }

  #open(room: Room): boolean {
    return !this.#stopped && this.#parts.rooms.get(room.id) === room
  }

  #read(job: () => Promise<void>): void {
    this.#reads.push(job)
    this.#nextRead()
  }

  #nextRead(): void {
    if (this.#reading >= MAX_READS) return
    const job = this.#reads.shift()
    if (!job) return
    this.#reading += 1
    void job().finally(() => {
      this.#reading -= 1
      this.#nextRead()
    })
  }

  /** @param repaired messages that earlier tries have brought */
  async #fill(room: Room, repaired: number): Promise<void> {
    const { clock, meter } = this.#parts
    const claimed = room.tip
    while (this.#open(room) && room.waiting) {
      const page = await this.#page(room, room.next ?? 0)
      if (page === 'failed') {
        clock.after(RETRY_MS, () => this.#read(() => this.#fill(room, repaired)))
        return
      }
      if (page === undefined) {
        this.#parts.onRoomGone(room)
        break
      }
      const next = room.next ?? 0
      for (const run of runsOf(page.rows, this.#parts.encode)) room.offer(run)
      repaired += page.rows.filter(({ seq }) => seq >= next).length
      if (page.rows.length === 0 || (room.next ?? 0) > page.lastSeq) {
        room.settle(claimed)
        break
      }
    }
    this.#atWork.delete(room)
    if (repaired > 0) meter.gapRepaired(repaired)
    if (this.#open(room) && room.waiting) this.gapIn(room)
  }

  async #page(room: Room, next: Seq): Promise<LogPage | 'failed' | undefined> {
    try {
      return await this.#parts.repository.readLog(room.id, {
        after: next - 1,
        limit: PAGE_ROWS,
        maxBytes: PAGE_BYTES,
      })
    } catch (error) {
      this.#parts.log.debug('repair read failed', { error })
      return 'failed'
    }
  }

  #nextSlice(): void {
    if (this.#stopped) return
    const slices = Math.max(1, Math.ceil(this.#parts.rooms.size / SLICE_ROOMS))
    this.#sweepTimer = this.#parts.clock.after(SWEEP_MS / slices, () => {
      void this.#sweep().then(() => this.#nextSlice())
    })
  }

  /** Compares the next slice of the round, then the rooms in doubt. One comparison at a time. */
  async #sweep(): Promise<void> {
    if (this.#sweeping || this.#stopped) return
    this.#sweeping = true
    this.#round ??= this.#parts.rooms.values()
    const slice = take(this.#round, SLICE_ROOMS)
    let answering = await this.#compare(slice)
    this.#roundAnswered &&= answering
    if (slice.length < SLICE_ROOMS) {
      if (this.#roundAnswered) this.#sweptAt = this.#parts.clock.now()
      this.#round = undefined
      this.#roundAnswered = true
    }
    while (answering && this.#doubted.size > 0) {
      const doubted = take(this.#doubted.values(), SLICE_ROOMS)
      for (const room of doubted) this.#doubted.delete(room)
      this.#asking = doubted
      answering = await this.#compare(doubted)
      this.#asking = []
      // The next sweep that is answered comes to them.
      for (const room of answering ? [] : doubted) this.#doubted.add(room)
    }
    this.#sweeping = false
  }

  /** @returns false when the repository did not answer */
  async #compare(rooms: readonly Room[]): Promise<boolean> {
    const seen = new Map<Room['id'], { room: Room; seq: Seq }>()
    for (const room of rooms) {
      if (this.#open(room) && room.next !== undefined) {
        seen.set(room.id, { room, seq: room.next - 1 })
      }
    }
    if (seen.size === 0) return true
    try {
      const asked = Array.from(seen.values(), ({ room, seq }) => ({ roomId: room.id, seq }))
      for (const { roomId, seq } of await this.#parts.repository.lastSeqs(asked)) {
        const known = seen.get(roomId)
        if (!known || !this.#open(known.room)) continue
        if (seq === undefined) this.#parts.onRoomGone(known.room)
        else if (seq < known.seq) this.#parts.onLogReset(known.room)
        else known.room.expect(seq)
      }
      if (!this.#answering) this.#parts.log.info('sweep goes on')
      this.#answering = true
    } catch (error) {
      if (this.#answering) this.#parts.log.warn('sweep failed', { error })
      this.#answering = false
    }
    return this.#answering
  }
}

const take = (rooms: Iterator<Room>, count: number): Room[] => {
  const taken: Room[] = []
  while (taken.length < count) {
    const next = rooms.next()
    if (next.done) break
    taken.push(next.value)
  }
  return taken
}
