import type { Clock } from '../ports/clock.ts'
import { type EncodeMessage, MAX_UNSENT_BYTES } from '../ports/connection.ts'
import type { Log } from '../ports/log.ts'
import type { Meter } from '../ports/meter.ts'
import type { Entry, Seq } from '../ports/model.ts'
import type { LogPage, Repository } from '../ports/repository.ts'
import type { Member } from './member.ts'
import type { Room } from './room.ts'
import { entryOf } from './runs.ts'

const PAGE = { limit: 500, maxBytes: 256 << 10 }
/** History and repair read from the same pool. */
const MAX_READS = 2
const RETRY_MS = 500
/** A reader with more unsent than this gets nothing more of its replay. */
const ROOM_BYTES = MAX_UNSENT_BYTES / 2
/** Written between two looks at what is unsent, but one entry at least. */
const SLICE_BYTES = 128 << 10
const POLL_MS = 25

export interface ReplayerParts {
  readonly repository: Pick<Repository, 'readLog'>
  readonly clock: Clock
  readonly log: Log
  readonly meter: Meter
  readonly encode: EncodeMessage
  /** The rooms that are open on this node now. */
  readonly rooms: ReadonlyMap<Room['id'], Room>
}

interface Replay {
  readonly room: Room
  readonly member: Member
  /** The first seq that the member has not been given. */
  next: Seq
  /** What is before is read, whatever the room has let out. */
  readonly start: Seq
}

/**
 * Gives members what their room has let out before them, as fast as they read it. A page is read when
 * there is room for it; nothing is held for a member that is waited for, neither messages nor a turn
 * to read. What comes in meanwhile is in the log: once a member has all of that, the fan-out goes on
 * with it.
 */
export class Replayer {
  readonly #parts: ReplayerParts
  readonly #ready: Replay[] = []
  readonly #waiting = new Set<Replay>()
  #reading = 0
  #polling = false
  #stopped = false

  constructor(parts: ReplayerParts) {
    this.#parts = parts
  }

  /**
   * @param from the first seq that the member is to get; its `from` is set when it has caught up
   * @param start it has not, before it has got everything before this seq, which is stored
   */
  start(room: Room, member: Member, from: Seq, start: Seq): void {
    this.#goOn({ room, member, next: from, start })
  }

  stop(): void {
    this.#stopped = true
    this.#waiting.clear()
  }

  #goOn(replay: Replay): void {
    if (!this.#isWanted(replay)) return
    if (replay.next >= Math.max(replay.start, replay.room.next ?? 0)) {
      replay.member.from = replay.next
    } else if (hasRoom(replay)) {
      this.#ready.push(replay)
      this.#nextRead()
    } else {
      this.#waiting.add(replay)
      this.#poll()
    }
  }

  #isWanted({ room, member }: Replay): boolean {
    return !this.#stopped && member.present && this.#parts.rooms.get(room.id) === room
  }

  #poll(): void {
    if (this.#polling) return
    this.#polling = true
    this.#parts.clock.after(POLL_MS, () => {
      this.#polling = false
      for (const replay of this.#waiting) {
        if (this.#isWanted(replay) && !hasRoom(replay)) continue
        this.#waiting.delete(replay)
        this.#goOn(replay)
      }
      if (this.#waiting.size > 0) this.#poll()
    })
  }

  #nextRead(): void {
    if (this.#reading >= MAX_READS) return
    const replay = this.#ready.shift()
    if (!replay) return
    this.#reading += 1
    void this.#readPage(replay).then((page) => {
      // A page from memory would leave nobody else a turn.
      this.#parts.clock.soon(() => {
        this.#reading -= 1
        this.#give(replay, page)
        this.#nextRead()
      })
    })
  }

  async #readPage({ room, next }: Replay): Promise<LogPage | 'failed' | undefined> {
    try {
      return await this.#parts.repository.readLog(room.id, { after: next - 1, ...PAGE })
    } catch (error) {
      this.#parts.log.debug('replay read failed', { error })
      return 'failed'
    }
  }

  #give(replay: Replay, page: LogPage | 'failed' | undefined): void {
    const { member } = replay
    if (!this.#isWanted(replay)) return
    if (page === 'failed') {
      this.#parts.clock.after(RETRY_MS, () => this.#goOn(replay))
      return
    }
    if (!page) return member.remove('room_gone')
    const due = page.rows.filter(({ seq }, index) => seq === replay.next + index)
    // The log ends before what was let out, or has a hole.
    if (due.length === 0) return member.leave('log_reset')
    // The room let out before this member was in it that it is removed.
    if (due.some((row) => 'removed' in row && row.memberId === member.id)) {
      return member.remove('removed')
    }
    const entries = due.map((row) => entryOf(row, this.#parts.encode))
    for (const slice of slicesOf(entries)) {
      if (!hasRoom(replay)) break
      const given = member.deliver(member.connection.dialect.encode(slice).bytes)
      for (const { plain } of given ? slice : []) this.#parts.meter.delivered('replay', plain, 1)
      replay.next += slice.length
    }
    this.#goOn(replay)
  }
}

const hasRoom = ({ member }: Replay): boolean => member.connection.unsent < ROOM_BYTES

const slicesOf = (entries: readonly Entry[]): Entry[][] => {
  const slices: Entry[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    bytes += entry.plain.length
    if (bytes > SLICE_BYTES) {
      slices.push([])
      bytes = entry.plain.length
    }
    slices.at(-1)?.push(entry)
  }
  return slices
}
