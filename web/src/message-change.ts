import { ShareChatError, type Change, type Message } from '../../src/client/client.ts'

/** What is being done to a message. */
export interface OpenChange {
  readonly what: 'edit' | 'delete'
  readonly id: string
  /** Of the message. */
  readonly seq: number
  /** What it will say. */
  readonly text: string
  /** Whether its author still decides, or it is on its way, or it was not taken. */
  readonly state: 'open' | 'saving' | 'failed'
  /** Why it was not taken. */
  readonly code?: string
}

/** Stores a change; resolves with its seq in the log if that is told. @throws ShareChatError */
export type StoreChange = (change: OpenChange) => Promise<{ readonly seq: number } | undefined>

/** The one message of a room that is being edited or deleted here, until the log has it so. */
export class MessageChange {
  readonly #store: StoreChange
  readonly #changed: () => void
  #current: OpenChange | undefined
  /** What the message says until then. */
  #was = ''
  #storedAs = Number.POSITIVE_INFINITY
  #lastSeq = 0

  constructor(store: StoreChange, changed: () => void) {
    this.#store = store
    this.#changed = changed
  }

  get current(): OpenChange | undefined {
    return this.#current
  }

  /** What was begun before is given up. */
  begin(what: OpenChange['what'], { id, seq, message }: Message): void {
    this.#was = message
    this.#storedAs = Number.POSITIVE_INFINITY
    this.#put({ what, id, seq, text: message, state: 'open' })
  }

  write(text: string): void {
    if (this.#current && this.#current.state !== 'saving') this.#put({ ...this.#current, text })
  }

  cancel(): void {
    this.#put(undefined)
  }

  /** Resolves when its fate is known; one that failed stays, to be tried again or given up. */
  async save(): Promise<void> {
    const change = this.#current
    if (!change || change.state === 'saving') return
    if (change.what === 'edit' && change.text.trim() === '') return
    if (change.what === 'edit' && change.text === this.#was) return this.cancel()
    const { code: _code, ...wish } = change
    const saving: OpenChange = { ...wish, state: 'saving' }
    this.#put(saving)
    try {
      const stored = await this.#store(saving)
      if (this.#current !== saving) return
      this.#storedAs = stored?.seq ?? this.#storedAs
      this.#endIfSeen()
    } catch (error) {
      const reason = error instanceof ShareChatError ? error.code : 'unknown'
      if (this.#current === saving) this.#put({ ...saving, state: 'failed', code: reason })
    }
  }

  /** The log has come to this change. */
  seen(change: Change): void {
    this.#lastSeq = change.seq
    if (change.event === 'deleted' && change.id === this.#current?.id) this.cancel()
    else this.#endIfSeen()
  }

  #endIfSeen(): void {
    if (this.#current && this.#storedAs <= this.#lastSeq) this.cancel()
  }

  #put(change: OpenChange | undefined): void {
    this.#current = change
    this.#changed()
  }
}
