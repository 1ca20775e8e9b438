import type { Cancel, Clock } from '../ports/clock.ts'
import type { Ids } from '../ports/ids.ts'
import type { Log } from '../ports/log.ts'
import type { LoggedMessage, NodeId } from '../ports/model.ts'
import type { MemberPlace, Repository } from '../ports/repository.ts'

/** How many members one reap removes at most. */
const REAP_MEMBERS = 500
/** How often a node looks for member rows of its own that nobody stands behind. */
const STRAYS_MS = 10_000
const START_RETRY_MS = 500

/** How often a lease is renewed: a node that misses two renewals in a row still has its lease. */
export const renewalMs = (leaseMs: number): number => leaseMs * 0.3

export interface ReaperParts {
  readonly repository: Repository
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  readonly leaseMs: number
  readonly resumeMs: number
  /** This node was marked gone; its members are being removed by others. It has a new id by now. */
  readonly onLeaseLost: () => void
  /** Gets the `left` messages that a reap stored, each room's in seq order. */
  readonly onLogged: (messages: readonly LoggedMessage[]) => void
  /** Whether a member stored for this node has a connection, a join under way, or a `left` waiting. */
  readonly isKnown: (place: MemberPlace) => boolean
  /** Gets a member that is stored for this node and not known. */
  readonly onStray: (place: MemberPlace) => void
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
  #strayTime = 0
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

  /** Resolves when the lease is held, however long the repository takes to answer; or after stop. */
  async start(): Promise<void> {
    while (!this.#stopped) {
      if (await this.#take()) break
      await new Promise<void>((resolve) => this.#parts.clock.after(START_RETRY_MS, resolve))
    }
    this.#strayTime = this.#parts.clock.now() + STRAYS_MS
    this.#schedule(renewalMs(this.#parts.leaseMs))
  }

  /** Looks at the lease now: something suggests that this node was taken for dead. */
  hurry(): void {
    if (this.#timer) this.#schedule(0)
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
      if (now >= this.#strayTime) void this.#findStrays(now)
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
      if (left.length > 0) this.#parts.log.info('members reaped', { count: left.length })
      if (left.length < REAP_MEMBERS) return
    }
  }

  /**
   * A join or leave whose reply was lost, and whose retries ran out, can leave a row behind. Only
   * rows that were read before the check are judged, and member ids are never used twice, so a
   * stray stays one.
   */
  async #findStrays(now: number): Promise<void> {
    this.#strayTime = now + STRAYS_MS
    try {
      const stored = await this.#parts.repository.membersOf(this.#nodeId)
      for (const place of stored) if (!this.#parts.isKnown(place)) this.#parts.onStray(place)
    } catch (error) {
      this.#parts.log.debug('strays not read', { error })
    }
  }
}
