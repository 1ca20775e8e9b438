import type { Cancel, Clock } from '../ports/clock.ts'
import type { Ids } from '../ports/ids.ts'
import type { Log } from '../ports/log.ts'
import type { Meter } from '../ports/meter.ts'
import type { LoggedMessage, NodeId } from '../ports/model.ts'
import type { Repository, StoredMember } from '../ports/repository.ts'
import { pause } from './pause.ts'

/** How many members one reap removes at most. */
const REAP_MEMBERS = 500
/** How often a node compares its member rows with what it knows. */
const COMPARE_MS = 10_000
const START_RETRY_MS = 500

/** How often a lease is renewed: a node that misses two renewals in a row still has its lease. */
const renewalMs = (leaseMs: number): number => leaseMs * 0.3

export interface ReaperParts {
  readonly repository: Pick<Repository, 'holdLease' | 'reap' | 'membersOf'>
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  readonly meter: Meter
  readonly leaseMs: number
  readonly resumeMs: number
  /** This node was marked gone; its members are being removed by others. It has a new id by now. */
  readonly onLeaseLost: () => void
  /** Gets the `left` messages that a reap stored, each room's in seq order. */
  readonly onLogged: (messages: readonly LoggedMessage[]) => void
  /** Called before this node's rows are read; the result gets them and compares. */
  readonly compareRows: () => (stored: readonly StoredMember[]) => void
}

/**
 * Holds this node's lease and removes the members of nodes whose lease lapsed. Leave, drain and
 * crash all end in the repository's removal of member rows, so a member gets one `left`.
 *
 * A node reaps only when its own renewals have succeeded for one full lease: after an outage of
 * the repository everybody renews first.
 */
export class Reaper {
  readonly #parts: ReaperParts
  #nodeId: NodeId
  #steadySince: number | undefined
  #lastRenewal = 0
  #failing = false
  #reaping = false
  #compareTime = 0
  #comparing = false
  #timer: Cancel | undefined
  #stopped = false

  constructor(parts: ReaperParts) {
    this.#parts = parts
    this.#nodeId = parts.ids.nodeId()
  }

  /** The id under which this node appends now. */
  get nodeId(): NodeId {
    return this.#nodeId
  }

  /** Milliseconds since the lease was last taken or renewed. */
  get leaseAgeMs(): number {
    return this.#parts.clock.now() - this.#lastRenewal
  }

  /** Resolves when the lease is held, however long the repository takes to answer; or after stop. */
  async start(): Promise<void> {
    while (!this.#stopped) {
      if (await this.#take()) break
      await pause(this.#parts.clock, START_RETRY_MS)
    }
    this.#compareTime = this.#parts.clock.now() + COMPARE_MS
    this.#schedule(renewalMs(this.#parts.leaseMs))
  }

  /** Looks at the lease now: something suggests that this node was taken for dead. */
  hurry(): void {
    if (this.#timer) this.#schedule(0)
  }

  /** Compares this node's rows now, if it has a lease: something suggests that one is not its own. */
  compareSoon(): void {
    this.#compareTime = 0
    if (this.#steadySince !== undefined) void this.#compare()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.()
    this.#timer = undefined
  }

  /** Removes all members of this node; to be called once, when it takes no joins and appends no more. */
  async reapSelf(): Promise<void> {
    await this.#reap(this.#nodeId)
  }

  #schedule(ms: number): void {
    this.#timer?.()
    this.#timer = undefined
    if (!this.#stopped) this.#timer = this.#parts.clock.after(ms, () => void this.#tick())
  }

  async #tick(): Promise<void> {
    this.#timer = undefined
    const begun = this.#parts.clock.now()
    await this.#renew()
    if (this.#stopped) return
    const now = this.#parts.clock.now()
    if (this.#steadySince !== undefined) {
      if (now - this.#steadySince >= this.#parts.leaseMs) void this.#reapLapsed()
      if (now >= this.#compareTime) void this.#compare()
    }
    this.#schedule(Math.max(0, renewalMs(this.#parts.leaseMs) - (now - begun)))
  }

  async #take(): Promise<boolean> {
    try {
      if (await this.#parts.repository.holdLease(this.#nodeId, this.#parts.leaseMs, 'take')) {
        this.#renewed()
        return true
      }
      this.#nodeId = this.#parts.ids.nodeId()
    } catch (error) {
      this.#notRenewed(error)
    }
    return false
  }

  async #renew(): Promise<void> {
    try {
      if (await this.#parts.repository.holdLease(this.#nodeId, this.#parts.leaseMs, 'renew')) {
        this.#renewed()
        return
      }
    } catch (error) {
      this.#notRenewed(error)
      return
    }
    this.#parts.log.warn('lease lost', { nodeId: this.#nodeId })
    this.#parts.meter.leaseLost()
    this.#steadySince = undefined
    this.#nodeId = this.#parts.ids.nodeId()
    this.#parts.onLeaseLost()
    await this.#take()
  }

  #renewed(): void {
    const now = this.#parts.clock.now()
    if (this.#steadySince === undefined || now - this.#lastRenewal > this.#parts.leaseMs) {
      this.#steadySince = now
      this.#parts.log.info('lease held', { nodeId: this.#nodeId })
    }
    this.#lastRenewal = now
    this.#failing = false
  }

  #notRenewed(error: unknown): void {
    if (!this.#failing) this.#parts.log.warn('lease not renewed', { nodeId: this.#nodeId, error })
    this.#failing = true
    this.#steadySince = undefined
  }

  async #reapLapsed(): Promise<void> {
    if (this.#reaping) return
    this.#reaping = true
    try {
      await this.#reap('lapsed')
    } catch (error) {
      this.#parts.log.debug('reap failed', { error })
    }
    this.#reaping = false
  }

  async #reap(whom: NodeId | 'lapsed'): Promise<void> {
    for (;;) {
      const left = await this.#parts.repository.reap(whom, this.#parts, REAP_MEMBERS)
      this.#parts.onLogged(left)
      this.#parts.meter.reaped(left.length)
      if (left.length > 0) this.#parts.log.info('members reaped', { count: left.length })
      if (left.length < REAP_MEMBERS) return
    }
  }

  /**
   * A join, leave or resume whose reply was lost, and whose retries ran out, can leave a row behind
   * that nobody stands behind; and a member that is connected here can be attached elsewhere.
   */
  async #compare(): Promise<void> {
    if (this.#comparing) return
    this.#comparing = true
    this.#compareTime = this.#parts.clock.now() + COMPARE_MS
    try {
      const compare = this.#parts.compareRows()
      const stored = await this.#parts.repository.membersOf(this.#nodeId)
      if (!this.#stopped) compare(stored)
    } catch (error) {
      this.#parts.log.debug('rows not compared', { error })
    }
    this.#comparing = false
    // It was wanted again after the rows were read.
    if (this.#compareTime === 0 && !this.#stopped) void this.#compare()
  }
}
