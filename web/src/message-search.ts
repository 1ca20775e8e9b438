import { ShareChatError, type Change, type Message } from '../../src/client/client.ts'
import { withChange } from './log-window.ts'
import type { PageOf } from './requests.ts'

/** Finds messages, oldest first. @throws ShareChatError */
export type FindMessages = (words: string, before?: number) => Promise<PageOf<Message>>

/** What was searched for in a room, and what was found, as it is by now. */
export class MessageSearch {
  /** What is written, and perhaps not searched for yet. */
  draft = ''
  readonly #find: FindMessages
  readonly #changed: () => void
  #words = ''
  #found: readonly Message[] = []
  #hasMore = false
  #state: 'idle' | 'searching' | 'done' | 'failed' = 'idle'
  #code: string | undefined
  /** What came to messages while an answer was on its way, which may be older than that. */
  #changes: Change[] = []
  /** Of the searches; the answer to an earlier one is of no use any more. */
  #run = 0

  constructor(find: FindMessages, changed: () => void) {
    this.#find = find
    this.#changed = changed
  }

  /** What was searched for. */
  get words(): string {
    return this.#words
  }

  /** What has all of these words, the newest first. */
  get found(): readonly Message[] {
    return this.#found
  }

  /** Whether there are older ones, which `more` gets. */
  get hasMore(): boolean {
    return this.#hasMore
  }

  get state(): 'idle' | 'searching' | 'done' | 'failed' {
    return this.#state
  }

  /** Why it has failed. */
  get code(): string | undefined {
    return this.#code
  }

  /** Searches for what is written. Resolves when the answer is there, or will not come. */
  async begin(): Promise<void> {
    this.clear()
    this.#words = this.draft.trim()
    if (this.#words !== '') await this.#ask()
  }

  /** What was found is void. */
  clear(): void {
    this.#run += 1
    this.#words = ''
    this.#found = []
    this.#hasMore = false
    this.#state = 'idle'
    this.#changed()
  }

  /** Gets the next page, or the one that did not come. Resolves as `begin`. */
  async more(): Promise<void> {
    if (this.#state !== 'searching') await this.#ask()
  }

  change(change: Change): void {
    if (this.#state === 'searching') this.#changes.push(change)
    this.#found = withChange(this.#found, change)
  }

  async #ask(): Promise<void> {
    const run = (this.#run += 1)
    this.#state = 'searching'
    this.#changes = []
    this.#changed()
    try {
      const { items, hasMore } = await this.#find(this.#words, this.#found.at(-1)?.seq)
      if (run !== this.#run) return
      const found = this.#changes.reduce(withChange, items)
      this.#found = [...this.#found, ...found.toReversed()]
      this.#hasMore = hasMore
      this.#state = 'done'
    } catch (error) {
      if (run !== this.#run) return
      this.#code = error instanceof ShareChatError ? error.code : undefined
      this.#state = 'failed'
    }
    this.#changed()
  }
}
