import type { Change, Message } from './api.ts'
import { soon } from './backoff.ts'
import type { Clock } from './clock.ts'
import type { ShareChatError } from './error.ts'

/** How much of a log is held for readers; whoever is behind that reads history. */
const MOST_MESSAGES = 1_000
const MOST_CHARACTERS = 1 << 20

const PAGE = 200

const lengthOf = (row: Message | Change | undefined): number =>
  (row as Partial<Message> | undefined)?.message?.length ?? 0

export interface LogParts {
  readonly clock: Clock
  readonly random: () => number
  /** A page of history. @throws ShareChatError */
  readonly page: (after: number, limit: number) => Promise<readonly Message[]>
}

/**
 * What came of a room's log: a bounded piece of its end, and readers, which are nothing but a place in
 * it. So a reader that does not read costs nothing, however much comes.
 */
export class RoomLog {
  /** The seq before the first message that came, or comes. */
  begin: number
  /** The seq of the last message that came. */
  last: number
  readonly #parts: LogParts
  #recent: (Message | Change)[] = []
  #characters = 0
  /** How often the log has gone back. */
  #resets = 0
  /** Why nothing more comes. */
  #end: ShareChatError | 'left' | undefined
  #waiting: (() => void)[] = []
  /** Cut the pauses of readers short. */
  readonly #pauses = new Set<() => void>()

  /** @param after the seq before the first message that comes */
  constructor(parts: LogParts, after: number) {
    this.#parts = parts
    this.begin = after
    this.last = after
  }

  /** Takes what has the seq after `last`. A message that it changes is held as it is from now on. */
  add(row: Message | Change): void {
    const recent = this.#recent
    this.last = row.seq
    recent.push(row)
    const at = 'target' in row ? row.target - row.seq + recent.length - 1 : -1
    const held = recent[at]
    if (held) recent[at] = { ...held, message: '', ...row, seq: held.seq }
    this.#characters += lengthOf(row) + lengthOf(recent[at]) - lengthOf(held)
    while (recent.length > MOST_MESSAGES || this.#characters > MOST_CHARACTERS) {
      this.#characters -= lengthOf(recent.shift())
    }
    this.#wake()
  }

  /** What came is void: the log goes on after this seq. */
  reset(after: number): void {
    this.#recent = []
    this.#characters = 0
    this.begin = after
    this.last = after
    this.#resets += 1
    this.#wake()
  }

  /** Nothing more comes. Readers end; with an error, they throw it when they have read what is held. */
  end(error: ShareChatError | undefined): void {
    this.#end = error ?? 'left'
    this.#wake()
    for (const cut of this.#pauses) cut()
  }

  /** Reads on from the seq after this one, with the log as it grows. */
  async *read(after: number): AsyncGenerator<Message, void, undefined> {
    let seq = after
    let resets = this.#resets
    for (;;) {
      if (resets !== this.#resets) {
        resets = this.#resets
        seq = this.begin
      }
      if (this.#end === 'left') return
      const next = this.#recent[seq - this.last + this.#recent.length]
      if (next && next.seq === seq + 1) {
        seq += 1
        if ('memberId' in next && !next.deleted) yield next
      } else if (this.#end) {
        throw this.#end
      } else if (seq >= this.last) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve))
      } else {
        // If the room is gone, that is told besides.
        const page = await this.#parts.page(seq, PAGE).catch(() => undefined)
        if (!page) await this.#pause()
        // There were only changes.
        else if (!page[0]) seq = this.last - this.#recent.length
        for (const message of page ?? []) {
          if (this.#end === 'left' || resets !== this.#resets) break
          seq = message.seq
          if (!message.deleted) yield message
        }
      }
    }
  }

  #pause(): Promise<void> {
    const { clock, random } = this.#parts
    return new Promise((resolve) => {
      const cut = (): void => {
        cancel()
        this.#pauses.delete(cut)
        resolve()
      }
      const cancel = clock.after(soon(random), cut)
      this.#pauses.add(cut)
    })
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
