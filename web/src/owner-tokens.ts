import type { Store } from './kept-rooms.ts'

const KEY = 'sharechat.owner.'

/** The tokens of the rooms that this page owns, in one of the browser's stores, or only here. */
export class OwnerTokens {
  readonly #tokens = new Map<string, string>()
  readonly #store: Store | undefined

  constructor(store: () => Store) {
    try {
      this.#store = store()
    } catch {
      // The browser keeps nothing for this page.
    }
  }

  of(roomId: string): string | undefined {
    return this.#tokens.get(roomId) ?? this.#store?.getItem(KEY + roomId) ?? undefined
  }

  keep(roomId: string, token: string): void {
    this.#tokens.set(roomId, token)
    try {
      this.#store?.setItem(KEY + roomId, token)
    } catch {
      // It is full; until the page is loaded again it is here.
    }
  }

  forget(roomId: string): void {
    this.#tokens.delete(roomId)
    this.#store?.removeItem(KEY + roomId)
  }
}
