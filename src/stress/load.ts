import { setTimeout as pause } from 'node:timers/promises'
import { account, isComplete } from './account.ts'
import { cpuSeconds } from './cpu.ts'
import { Histogram } from './histogram.ts'
import { Marker } from './marker.ts'
import { nodeAddress } from './node-address.ts'
import type { NodeAddress } from './member.ts'
import type { Protocol } from './protocol.ts'
import { Ramp, type Room } from './ramp.ts'
import { RatePace } from './rate-pace.ts'
import { percentiles, type Report } from './report.ts'
import { RoomLog } from './room-log.ts'
import { emptyTally, type Tally } from './tally.ts'

export type { Protocol, Report }

export interface LoadOptions {
  /** Servers of the same rooms, with http:. Members are spread over them round robin. */
  readonly urls: readonly URL[]
  /** Members are spread over them round robin. */
  readonly roomIds: readonly string[]
  /** In all. */
  readonly members: number
  /** How many members of each room send. */
  readonly senders: number
  /**
   * Of each sender: so many of its own texts without an echo, the next as soon as one came; or so
   * many each second, whatever comes back.
   */
  readonly pace: { readonly window: number } | { readonly perSecond: number }
  /** Of each text, with its marker, which takes up to 32. */
  readonly textBytes: number
  /** How long texts are sent. */
  readonly seconds: number
  /** Over how long members begin to connect; 0: all at once. */
  readonly rampSeconds: number
  readonly protocol: Protocol
  /** Processes whose CPU time is measured while texts are sent and delivered (Linux). */
  readonly pids: readonly number[]
  /** Called once a second. */
  onProgress(progress: Progress): void
  /** Ends the run early; what is under way is still waited for. */
  readonly signal: AbortSignal
}

export interface Progress {
  readonly phase: 'joining' | 'sending' | 'finishing'
  /** Since the run began. */
  readonly seconds: number
  readonly membersJoined: number
  /** In the last second. */
  readonly messagesPerSecond: number
  readonly deliveriesPerSecond: number
}

const SETTLE_MS = 5_000
const ROUND_MS = 100
const CALM_ROUNDS = 2
const UNDER_WAY_MS = 5_000
const POLL_MS = 10
const LEAVE_MS = 2_000
const LARGEST_LAG_BYTES = 32 * 1024 * 1024

/**
 * Joins members to rooms, sends texts, and checks what every member gets.
 * @returns resolves when the members have left, at the latest about half a minute after the time
 *   that the options give it
 * @throws Error when a url cannot be reached
 */
export const runLoad = async (options: LoadOptions): Promise<Report> => {
  const nodes = await Promise.all(options.urls.map(nodeAddress))
  return new Load(options, nodes).run()
}

class Load {
  readonly #options: LoadOptions
  readonly #rooms: readonly Room[]
  readonly #ramp: Ramp
  readonly #tally: Tally = emptyTally()
  readonly #echo = new Histogram()
  readonly #begin = performance.now()
  #phase: Progress['phase'] = 'joining'

  constructor(options: LoadOptions, nodes: readonly NodeAddress[]) {
    const { roomIds, senders, members, rampSeconds, protocol, textBytes, signal } = options
    // Other runs may be in the same room at the same time.
    const marker = new Marker(Math.random().toString(36).slice(2, 6).padEnd(4, '0'))
    this.#options = options
    this.#rooms = roomIds.map((id, index) => ({
      id,
      log: new RoomLog(marker, index * senders, senders, LARGEST_LAG_BYTES),
      members: [],
    }))
    this.#ramp = new Ramp({
      nodes,
      rooms: this.#rooms,
      members,
      senders,
      rampSeconds,
      tally: this.#tally,
      sender: { marker, protocol, textBytes, echo: this.#echo },
      signal,
    })
  }

  async run(): Promise<Report> {
    const progress = this.#tellProgress()
    try {
      await this.#ramp.run()
      await this.#settle()
      return await this.#talk()
    } finally {
      clearInterval(progress)
      await Promise.all([...this.#ramp.present].map((member) => member.leave(LEAVE_MS)))
    }
  }

  /** Resolves when the joins have reached everyone, also while others talk in the rooms. */
  async #settle(): Promise<void> {
    const deadline = performance.now() + SETTLE_MS
    let ends: readonly number[] = []
    let bytes = -1
    for (let calm = 0; calm < CALM_ROUNDS && performance.now() < deadline;) {
      await pause(ROUND_MS)
      const isCalm = bytes === this.#tally.bytes || this.#haveReached(ends)
      calm = isCalm ? calm + 1 : 0
      bytes = this.#tally.bytes
      ends = this.#rooms.map(({ log }) => log.nextIndex)
    }
  }

  /** Whether all members have what their rooms had then. */
  #haveReached(ends: readonly number[]): boolean {
    return this.#rooms.every(({ members }, index) => {
      const end = ends[index] ?? Infinity
      return members.every((member) => member.reached >= end || !this.#ramp.present.has(member))
    })
  }

  async #talk(): Promise<Report> {
    const { pids } = this.#options
    const cpuBefore = pids.map(cpuSeconds)
    const ownBefore = process.cpuUsage()
    const sending = await this.#send()
    this.#phase = 'finishing'
    const deadline = performance.now() + UNDER_WAY_MS
    while (!isComplete(this.#rooms, this.#ramp.present) && performance.now() < deadline) {
      await pause(POLL_MS)
    }
    for (const member of this.#ramp.present) member.stop()
    const own = process.cpuUsage(ownBefore)
    const cpu = pids.flatMap((pid, index) => {
      const after = cpuSeconds(pid)
      const before = cpuBefore[index]
      return after === undefined || before === undefined ? [] : [{ pid, seconds: after - before }]
    })
    return {
      ...this.#figures(),
      ...sending,
      ownCpuSeconds: (own.user + own.system) / 1e6,
      ...(cpu.length > 0 && { cpu }),
      ...(cpu.length > 0 && {
        cpuMicrosPerDelivery:
          (cpu.reduce((sum, { seconds }) => sum + seconds, 0) * 1e6) /
          Math.max(1, this.#tally.delivered),
      }),
    }
  }

  async #send(): Promise<
    Pick<Report, 'seconds' | 'messagesPerSecond' | 'deliveriesPerSecond' | 'skipped'>
  > {
    const { pace, seconds, signal } = this.#options
    this.#phase = 'sending'
    const begin = performance.now()
    const senders = [...this.#ramp.present].flatMap(({ sender }) => sender ?? [])
    let rate: RatePace | undefined
    if (!signal.aborted) {
      if ('perSecond' in pace) rate = new RatePace(senders, pace.perSecond)
      else for (const sender of senders) sender.keep(pace.window)
      await pause(seconds * 1000, undefined, { signal }).catch(() => {})
    }
    rate?.stop()
    for (const sender of senders) sender.keep(0)
    const took = (performance.now() - begin) / 1000
    return {
      seconds: took,
      messagesPerSecond: this.#echo.count / took,
      deliveriesPerSecond: this.#tally.delivered / took,
      skipped: rate?.skipped ?? 0,
    }
  }

  #figures(): Omit<
    Report,
    'seconds' | 'messagesPerSecond' | 'deliveriesPerSecond' | 'skipped' | 'ownCpuSeconds'
  > {
    const ramp = this.#ramp
    const { delivered, doubled, reordered, altered, latency } = this.#tally
    return {
      members: this.#options.members,
      membersJoined: ramp.joined,
      membersRefused: ramp.refused,
      refusals: ramp.refusals,
      membersLost: ramp.lost,
      losses: ramp.losses,
      joinSeconds: ramp.seconds,
      joinMs: percentiles(ramp.joinTime),
      ...account(this.#rooms, ramp.present),
      delivered,
      doubled,
      reordered,
      altered,
      latencyMs: percentiles(latency),
      latencySteps: latency.steps(),
      echoMs: percentiles(this.#echo),
    }
  }

  #tellProgress(): NodeJS.Timeout {
    let before = { messages: 0, deliveries: 0 }
    return setInterval(() => {
      const now = { messages: this.#echo.count, deliveries: this.#tally.delivered }
      this.#options.onProgress({
        phase: this.#phase,
        seconds: (performance.now() - this.#begin) / 1000,
        membersJoined: this.#ramp.joined,
        messagesPerSecond: now.messages - before.messages,
        deliveriesPerSecond: now.deliveries - before.deliveries,
      })
      before = now
    }, 1000)
  }
}
