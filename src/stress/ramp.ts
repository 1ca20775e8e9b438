import { setTimeout as pause } from 'node:timers/promises'
import { Histogram } from './histogram.ts'
import { Member, type NodeAddress, type Outcome } from './member.ts'
import type { RoomLog } from './room-log.ts'
import type { SenderOptions } from './sender.ts'
import type { Tally } from './tally.ts'

export interface Room {
  readonly id: string
  readonly log: RoomLog
  /** Who joined, also who was lost later. */
  readonly members: Member[]
}

export interface RampOptions {
  readonly nodes: readonly NodeAddress[]
  readonly rooms: readonly Room[]
  readonly members: number
  /** How many of each room send: its first ones. */
  readonly senders: number
  readonly rampSeconds: number
  readonly tally: Tally
  /** Of every sender but its index. */
  readonly sender: Omit<SenderOptions, 'index'>
  readonly signal: AbortSignal
}

/** How long after the ramp a refused member may still try again. */
const RETRY_MS = 10_000
const STEP_MS = 2

/** The members of a run: they join over a time, and from then on some may be lost. */
export class Ramp {
  /** Everyone with a connection. */
  readonly present = new Set<Member>()
  joined = 0
  refused = 0
  lost = 0
  /** How many by HTTP status, or by why there was no answer. */
  readonly refusals: Record<string, number> = {}
  /** How many by close code, or by why there was none. */
  readonly losses: Record<string, number> = {}
  readonly joinTime = new Histogram()
  readonly #options: RampOptions
  readonly #retries: { readonly index: number; readonly at: number }[] = []
  readonly #begin = performance.now()
  #lastJoin = this.#begin

  constructor(options: RampOptions) {
    this.#options = options
  }

  /** From the first connect to the last join. */
  get seconds(): number {
    return (this.#lastJoin - this.#begin) / 1000
  }

  /** Resolves when every member has joined or does not try any more, or the run is to end. */
  async run(): Promise<void> {
    const { members, rampSeconds, signal } = this.#options
    let begun = 0
    while (this.joined + this.refused < members && !signal.aborted) {
      const now = performance.now()
      while (begun < members && now >= this.#begin + (begun / members) * rampSeconds * 1000) {
        this.#connect(begun++)
      }
      const later = this.#retries.findIndex(({ at }) => at > now)
      const due = this.#retries.splice(0, later === -1 ? this.#retries.length : later)
      for (const { index } of due) this.#connect(index)
      await pause(STEP_MS)
    }
  }

  #connect(index: number): void {
    const { nodes, rooms, senders, sender, tally } = this.#options
    const roomIndex = index % rooms.length
    const place = Math.floor(index / rooms.length)
    const room = rooms[roomIndex]
    // Every room's members are spread over the nodes, and so are the first ones of the rooms.
    const node = nodes[(roomIndex + place) % nodes.length]
    if (room === undefined || node === undefined) throw new Error('no room or no node')
    const member = new Member({
      node,
      roomId: room.id,
      protocol: sender.protocol,
      log: room.log,
      tally,
      sender: place < senders ? { ...sender, index: roomIndex * senders + place } : undefined,
      onLost: (why) => {
        this.present.delete(member)
        this.lost++
        count(this.losses, why)
      },
    })
    this.present.add(member)
    void member.join().then((outcome) => this.#ended(index, room, member, outcome))
  }

  #ended(index: number, room: Room, member: Member, outcome: Outcome): void {
    const now = performance.now()
    if (outcome.kind === 'joined') {
      this.joined++
      this.#lastJoin = now
      this.joinTime.record(outcome.ms)
      room.members.push(member)
      return
    }
    this.present.delete(member)
    if (outcome.kind === 'refused' && outcome.retryMs !== undefined) {
      const at = now + outcome.retryMs
      if (at < this.#begin + this.#options.rampSeconds * 1000 + RETRY_MS) {
        this.#retries.push({ index, at })
        return
      }
    }
    this.refused++
    count(this.refusals, outcome.kind === 'refused' ? String(outcome.status) : outcome.why)
  }
}

const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1
}
