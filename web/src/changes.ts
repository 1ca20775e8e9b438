/**
 * Tells that something has changed, at most once per turn of the given schedule however much
 * does: a room may get thousands of messages in one frame.
 */
export class Changes {
  readonly #listeners = new Set<() => void>()
  readonly #schedule: (then: () => void) => void
  #isDue = false

  constructor(schedule: (then: () => void) => void) {
    this.#schedule = schedule
  }

  /** @returns a function that takes the listener off */
  on(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  readonly tell = (): void => {
    if (this.#isDue) return
    this.#isDue = true
    this.#schedule(() => {
      this.#isDue = false
      for (const listener of this.#listeners) listener()
    })
  }
}
