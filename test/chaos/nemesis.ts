import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../random.ts'
import { FAULTS, type FaultKind } from './faults.ts'
import type { Fault } from './history.ts'
import type { Stage } from './stage.ts'

/** A fault may end this long after its storm. */
const OVER_MS = 1_600

/** Brings faults over a stage and notes when each began and when its cause was gone. */
export class Nemesis {
  readonly faults: Fault[] = []
  /** Faults that could not be done, such as a connection to cut on a server that is down. */
  failed = 0
  readonly #stage: Stage
  readonly #random: Random

  constructor(stage: Stage, random: Random) {
    this.#stage = stage
    this.#random = random
  }

  async strike(kind: FaultKind): Promise<void> {
    const { places } = this.#stage
    const one = kind.hits === 'one' || (kind.hits === 'either' && this.#random.chance(0.5))
    const hit = one ? [this.#random.pick(places)] : places
    const from = performance.now()
    try {
      await kind.run(this.#stage, hit, this.#random)
    } catch (error) {
      if (kind.lane === 'node') throw error
      this.failed += 1
    }
    const node = one ? hit[0]?.index : undefined
    this.faults.push({ kind: kind.name, node, from, to: performance.now() })
  }

  /** One fault after the other, each with a pause behind it in which to recover. */
  async alone(kinds: readonly FaultKind[], recoveryMs: number): Promise<void> {
    for (const kind of kinds) {
      await this.strike(kind)
      await pause(recoveryMs)
    }
  }

  /** Faults of nodes, Redis and Postgres at the same time, for about `ms` milliseconds. */
  async storm(ms: number): Promise<void> {
    const end = performance.now() + ms
    const lane = async (name: FaultKind['lane']): Promise<void> => {
      await pause(this.#random.below(500))
      for (;;) {
        const left = end - performance.now()
        if (left < 0) return
        const kinds = FAULTS.filter(
          (kind) => kind.lane === name && kind.longestMs <= left + OVER_MS,
        )
        await this.strike(this.#random.pick(kinds))
        await pause(50 + this.#random.below(300))
      }
    }
    await Promise.all([lane('node'), lane('redis'), lane('postgres')])
  }
}
