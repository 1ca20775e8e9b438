import { startContender, type Contender, type ContenderName } from './contenders.ts'
import type { Services } from './services.ts'

/** The running contenders: each is started when it is first asked for and serves all scenarios. */
export class Fleet {
  /** A sentence for every peer that cannot be had. */
  readonly skipped: string[] = []
  readonly #services: Services
  readonly #running = new Map<ContenderName, Contender>()
  readonly #missing = new Set<ContenderName>()

  constructor(services: Services) {
    this.#services = services
  }

  /**
   * Those of these that can be had, in this order.
   * @throws Error when it is ours that does not start
   */
  async all(names: readonly ContenderName[]): Promise<readonly Contender[]> {
    const found: Contender[] = []
    for (const name of names) {
      const contender = this.#running.get(name) ?? (await this.fresh(name))
      if (contender === undefined) continue
      this.#running.set(name, contender)
      found.push(contender)
    }
    return found
  }

  /**
   * A new one, which its caller stops.
   * @returns undefined for a peer that cannot be had
   * @throws Error when it is ours that does not start
   */
  async fresh(name: ContenderName, nodes = 1): Promise<Contender | undefined> {
    if (this.#missing.has(name)) return undefined
    try {
      return await startContender(name, this.#services, nodes)
    } catch (error) {
      if (name === 'embedded' || name === 'cluster') throw error
      const { message } = error as Error
      const why = /MODULE_NOT_FOUND|Cannot find module/.test(message)
        ? 'npm has not installed it.'
        : message
      this.#missing.add(name)
      this.skipped.push(`${name} is left out: ${why}`)
      console.log(this.skipped.at(-1))
      return undefined
    }
  }

  /** Ends this one, if it runs: the next to be asked for is fresh. */
  async retire(name: ContenderName): Promise<void> {
    const contender = this.#running.get(name)
    this.#running.delete(name)
    await contender?.stop()
  }

  /** Ends all that run, so that the next to be asked for are fresh. */
  async stop(): Promise<void> {
    const running = [...this.#running.values()]
    this.#running.clear()
    await Promise.all(running.map((contender) => contender.stop()))
  }
}
