import { Counter, type Registry } from 'prom-client'

export interface TallyNames {
  /** Without the prefix that all have. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
  /** The label values that are there from the beginning, at 0. */
  readonly sets?: readonly (readonly string[])[]
}

/**
 * A counter that keeps its numbers itself and hands them over at each scrape: the library's own takes
 * the labels apart and puts them together in every call.
 */
export class Tally {
  /** By the label values with slashes between them. */
  readonly #numbers: Map<string, number>

  constructor(registry: Registry, { name, help, labels = [], sets = [[]] }: TallyNames) {
    const numbers = new Map(sets.map((values) => [values.join('/'), 0]))
    this.#numbers = numbers
    const counter = new Counter({
      name: `sharechat_${name}`,
      help,
      labelNames: labels,
      registers: [registry],
      collect: () => {
        counter.reset()
        for (const [key, number] of numbers) {
          if (labels.length === 0) counter.inc(number)
          else counter.labels(...key.split('/')).inc(number)
        }
      },
    })
  }

  /** @param key the label values with slashes between them; none without labels */
  add(by = 1, key = ''): void {
    this.#numbers.set(key, (this.#numbers.get(key) ?? 0) + by)
  }
}
