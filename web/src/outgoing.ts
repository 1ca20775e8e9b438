import { ShareChatError, type Room } from '../../src/client/client.ts'

/** A text on its way: shown below the log until its message is there. */
export interface Outgoing {
  readonly key: number
  readonly text: string
  /** `stored`, and its message will be here in a moment. */
  readonly state: 'sending' | 'stored' | 'failed'
  /** Why it failed. */
  readonly code?: string
  readonly seq?: number
}

/** What was written in a room and is not in its log yet. */
export class OutgoingTexts {
  readonly #changed: () => void
  #texts: readonly Outgoing[] = []
  #lastKey = 0
  #lastSeq = 0

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get all(): readonly Outgoing[] {
    return this.#texts
  }

  /** Resolves when its fate is known; a text that failed stays until it is sent again or discarded. */
  async send(room: Pick<Room, 'send'>, text: string): Promise<void> {
    const key = (this.#lastKey += 1)
    this.#put({ key, text, state: 'sending' })
    try {
      const { seq } = await room.send(text)
      if (seq <= this.#lastSeq) this.discard(key)
      else this.#put({ key, text, state: 'stored', seq })
    } catch (error) {
      const code = error instanceof ShareChatError ? error.code : 'unknown'
      this.#put({ key, text, state: 'failed', code })
    }
  }

  /** The log has come to this seq. */
  seen(lastSeq: number): void {
    this.#lastSeq = lastSeq
    if (!this.#texts.some(({ seq }) => seq !== undefined && seq <= lastSeq)) return
    this.#texts = this.#texts.filter(({ seq }) => seq === undefined || seq > lastSeq)
    this.#changed()
  }

  discard(key: number): void {
    this.#texts = this.#texts.filter((text) => text.key !== key)
    this.#changed()
  }

  #put(outgoing: Outgoing): void {
    const isNew = this.#texts.every(({ key }) => key !== outgoing.key)
    this.#texts = isNew
      ? [...this.#texts, outgoing]
      : this.#texts.map((text) => (text.key === outgoing.key ? outgoing : text))
    this.#changed()
  }
}
