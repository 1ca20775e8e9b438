import type { Change, HistoryRange, Message } from '../../src/client/client.ts'

/** So many messages are held, and shown, however long the log is. */
export const MAX_MESSAGES = 250
/** A full window is cut by more than one message, so that not every message moves everything. */
const SLACK = 50
const PAGE = 50

/**
 * A run of a room's log: what is shown of it. It covers seqs without a hole, but holds no message for
 * those of changes and of what is deleted.
 */
export class LogWindow {
  readonly #history: (range: HistoryRange) => Promise<readonly Message[]>
  readonly #changed: () => void
  #messages: readonly Message[] = []
  /** The run covers the seqs from this one to that one. */
  #from = 1
  #to = 0
  #lastSeq = 0
  /** What came to messages while a page was on its way, which may be older than that. */
  #changes: Change[] = []
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
    return this.#from === 1
  }

  get atEnd(): boolean {
    return this.#to === this.#lastSeq
  }

  /** @returns the seq of the first message that is held from this seq on, if the run covers it */
  firstFrom(seq: number | undefined): number | undefined {
    if (seq === undefined || seq < this.#from) return undefined
    return this.#messages.find((message) => message.seq >= seq)?.seq
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
      this.#to = message.seq
      if (!message.deleted) this.#messages = [...this.#messages, message]
      if (this.#messages.length > MAX_MESSAGES + SLACK) this.#keepNewest()
    }
    this.#changed()
  }

  /** A change that has just come; the settings of the room take a place in the log, no more. */
  change(change: Change): void {
    if (change.seq > this.#lastSeq) {
      if (this.atEnd) this.#to = change.seq
      this.#lastSeq = change.seq
    }
    if (this.#loading) this.#changes.push(change)
    this.#messages = withChange(this.#messages, change)
    this.#changed()
  }

  /** Loads the messages before those held, if there are any. */
  async older(): Promise<void> {
    if (this.atStart) return
    await this.#load('older', { before: this.#from, limit: PAGE }, (page) => {
      this.#from = firstOf(page, PAGE)
      this.#messages = [...page, ...this.#messages]
      if (this.#messages.length <= MAX_MESSAGES) return
      this.#messages = this.#messages.slice(0, MAX_MESSAGES)
      this.#to = this.#messages.at(-1)?.seq ?? this.#to
    })
  }

  /** Loads the messages after those held, if there are any. */
  async newer(): Promise<void> {
    if (this.atEnd) return
    await this.#load('newer', { after: this.#to, limit: PAGE }, (page, known) => {
      const fresh = page.filter(({ seq }) => seq > this.#to)
      this.#to = lastOf(page, PAGE, known)
      this.#messages = [...this.#messages, ...fresh]
      if (this.#messages.length > MAX_MESSAGES) this.#keepNewest()
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
    await this.#load('older', { after: 0, limit: PAGE * 2 }, (page, known) => {
      this.#from = 1
      this.#to = lastOf(page, PAGE * 2, known)
      this.#messages = page
    })
  }

  /** Holds the end of the log instead. */
  async toEnd(): Promise<void> {
    if (this.atEnd) return
    this.#loading = undefined
    await this.#load('newer', { limit: PAGE * 2 }, (page, known) => {
      this.#from = firstOf(page, PAGE * 2)
      this.#to = lastOf(page, Infinity, known)
      this.#messages = page
    })
  }

  /** Holds this seq and what is around it instead, unless it is held. */
  async toSeq(seq: number): Promise<void> {
    if (seq >= this.#from && seq <= this.#to) return
    const from = Math.max(1, seq - PAGE)
    this.#loading = undefined
    await this.#load('newer', { after: from - 1, limit: PAGE * 2 }, (page, known) => {
      this.#from = from
      this.#to = lastOf(page, PAGE * 2, known)
      this.#messages = page
    })
  }

  #start(seq: number): void {
    this.#run += 1
    this.#messages = []
    this.#from = seq + 1
    this.#to = seq
    this.#lastSeq = seq
    this.#changes = []
    this.#loading = undefined
    this.#failed = undefined
  }

  #keepNewest(): void {
    this.#messages = this.#messages.slice(-MAX_MESSAGES)
    this.#from = this.#messages[0]?.seq ?? this.#from
  }

  /** @param take gets what came, and the newest seq that was known when it was asked for */
  async #load(
    what: 'older' | 'newer',
    range: HistoryRange,
    take: (page: readonly Message[], known: number) => void,
  ): Promise<void> {
    if (this.#loading) return
    const run = (this.#run += 1)
    const known = this.#lastSeq
    this.#loading = what
    this.#changes = []
    this.#changed()
    const page = await this.#history(range).catch(() => undefined)
    if (run !== this.#run) return
    this.#loading = undefined
    this.#failed = page ? undefined : what
    if (page) take(page, known)
    this.#messages = this.#changes.reduce(withChange, this.#messages).filter(isThere)
    this.#lastSeq = Math.max(this.#lastSeq, this.#to)
    this.#changed()
  }
}

const isThere = ({ deleted }: Message): boolean => deleted === undefined

/** Where a page begins that goes back: one that is not full has come to the beginning of the log. */
const firstOf = (page: readonly Message[], limit: number): number =>
  page.length < limit ? 1 : (page[0]?.seq ?? 1)

/** Where a page ends that goes on: one that is not full has all that was known then. */
const lastOf = (page: readonly Message[], limit: number, known: number): number => {
  const last = page.at(-1)?.seq ?? 0
  return page.length < limit ? Math.max(last, known) : last
}

/** The messages after a change, unless they are of later than that. */
export const withChange = (messages: readonly Message[], change: Change): readonly Message[] => {
  if (change.event === 'settings') return messages
  const at = messages.findIndex(({ seq }) => seq === change.target)
  const held = messages[at]
  if (!held) return messages
  // Who is told of the edit of a message that is deleted by now gets no text.
  if (change.event === 'deleted' || change.message === '') return messages.toSpliced(at, 1)
  const { message, edited } = change
  return held.edited !== undefined && held.edited > edited
    ? messages
    : messages.with(at, { ...held, message, edited })
}
