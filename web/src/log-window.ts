import type { HistoryRange, Message } from '../../src/client/client.ts'

/** So many messages are held, and shown, however long the log is. */
export const MAX_MESSAGES = 250
/** A full window is cut by more than one message, so that not every message moves everything. */
const SLACK = 50
const PAGE = 50

/** A run of a room's log without a hole: what is shown of it. */
export class LogWindow {
  readonly #history: (range: HistoryRange) => Promise<readonly Message[]>
  readonly #changed: () => void
  #messages: readonly Message[] = []
  #lastSeq = 0
  #loading: 'older' | 'newer' | undefined
  #failed: 'older' | 'newer' | undefined
  /** Of the run; what was asked for by an earlier one is not of use any more. */
  #run = 0

  constructor(
    history: (range: HistoryRange) => Promise<readonly Message[]>,
    changed: () => void = () => {},
  ) {
    this.#history = history
    this.#changed = changed
  }

  get messages(): readonly Message[] {
    return this.#messages
  }

  /** The newest seq that is known. */
  get lastSeq(): number {
    return this.#lastSeq
  }

  get loading(): 'older' | 'newer' | undefined {
    return this.#loading
  }

  /** Whether the last page did not come. */
  get hasFailed(): boolean {
    return this.#failed !== undefined
  }

  get atStart(): boolean {
    return this.#lastSeq === 0 || this.#messages[0]?.seq === 1
  }

  get atEnd(): boolean {
    return this.#lastHeld === this.#lastSeq
  }

  get #lastHeld(): number {
    return this.#messages.at(-1)?.seq ?? this.#lastSeq
  }

  /** @param seq of the last message before those that will be added */
  begin(seq: number): void {
    this.#start(seq)
    this.#changed()
  }

  /**
   * A message that has just come.
   * @param isFollowed whether the end is looked at; if not, what is looked at stays, and a full
   *   window holds no more
   */
  add(message: Message, isFollowed: boolean): void {
    // A page has brought it already.
    if (message.seq <= this.#lastSeq) return
    const isNext = this.atEnd
    this.#lastSeq = message.seq
    if (isNext && (isFollowed || this.#messages.length < MAX_MESSAGES + SLACK)) {
      const messages = [...this.#messages, message]
      this.#messages =
        messages.length > MAX_MESSAGES + SLACK ? messages.slice(-MAX_MESSAGES) : messages
    }
    this.#changed()
  }

  /** Loads the messages before those held, if there are any. */
  async older(): Promise<void> {
    if (this.atStart) return
    const before = this.#messages[0]?.seq ?? this.#lastSeq + 1
    await this.#load('older', { before, limit: PAGE }, (page) => {
      this.#messages = [...page, ...this.#messages].slice(0, MAX_MESSAGES)
    })
  }

  /** Loads the messages after those held, if there are any. */
  async newer(): Promise<void> {
    if (this.atEnd) return
    await this.#load('newer', { after: this.#lastHeld, limit: PAGE }, (page) => {
      const fresh = page.filter(({ seq }) => seq > this.#lastHeld)
      this.#messages = [...this.#messages, ...fresh].slice(-MAX_MESSAGES)
    })
  }

  /** Asks again for the page that did not come. */
  async again(): Promise<void> {
    if (this.#failed === 'older') await this.older()
    else if (this.#failed === 'newer') await this.newer()
  }

  /** Holds the beginning of the log instead. */
  async toStart(): Promise<void> {
    if (this.atStart) return
    this.#loading = undefined
    await this.#load('older', { after: 0, limit: PAGE * 2 }, (page) => {
      this.#messages = page
    })
  }

  /** Holds the end of the log instead. */
  async toEnd(): Promise<void> {
    if (this.atEnd) return
    this.#loading = undefined
    await this.#load('newer', { limit: PAGE * 2 }, (page) => {
      this.#messages = page
    })
  }

  #start(seq: number): void {
    this.#run += 1
    this.#messages = []
    this.#lastSeq = seq
    this.#loading = undefined
    this.#failed = undefined
  }

  async #load(
    what: 'older' | 'newer',
    range: HistoryRange,
    take: (page: readonly Message[]) => void,
  ): Promise<void> {
    if (this.#loading) return
    const run = (this.#run += 1)
    this.#loading = what
    this.#changed()
    const page = await this.#history(range).catch(() => undefined)
    if (run !== this.#run) return
    this.#loading = undefined
    this.#failed = page ? undefined : what
    if (page) take(page)
    this.#lastSeq = Math.max(this.#lastSeq, this.#lastHeld)
    this.#changed()
  }
}
