interface Listener<Values> {
  readonly what: keyof Values
  readonly call: (value: never) => void
}

/** Who wants to know of what. */
export class Listeners<Values> {
  readonly #all = new Set<Listener<Values>>()

  /** @returns a function that takes the listener off */
  on<What extends keyof Values>(what: What, call: (value: Values[What]) => void): () => void {
    const listener = { what, call }
    this.#all.add(listener)
    return () => void this.#all.delete(listener)
  }

  /** What a listener throws becomes an uncaught error; it stops neither us nor other listeners. */
  tell<What extends keyof Values>(what: What, value: Values[What]): void {
    for (const listener of this.#all) {
      if (listener.what !== what) continue
      try {
        listener.call(value as never)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
