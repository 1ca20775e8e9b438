import type { Cancel, Clock } from '../ports/clock.ts'
import type { Connection } from '../ports/connection.ts'

const STALL_MS = 10_000
const CHECK_MS = 1_000

/** One who is written to. */
export interface Reader {
  readonly connection: Pick<Connection, 'unsent' | 'written'>
  /** It reads too slowly to be kept. */
  tooSlow(): void
}

interface Progress {
  sent: number
  since: number
}

/**
 * Finds readers whose unsent bytes have not moved for ten seconds. Only readers with unsent bytes
 * are looked at, all by one timer, which runs only while there are such.
 */
export class SlowReaders {
  readonly #clock: Clock
  readonly #watched = new Map<Reader, Progress>()
  #timer: Cancel | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** To be called after a write that left bytes unsent. */
  watch(reader: Reader): void {
    if (this.#watched.has(reader)) return
    this.#watched.set(reader, {
      sent: sentTo(reader),
      since: this.#clock.now(),
    })
    this.#timer ??= this.#clock.after(CHECK_MS, () => this.#check())
  }

  /** To be called when a reader is gone. */
  forget(reader: Reader): void {
    this.#watched.delete(reader)
  }

  stop(): void {
    this.#watched.clear()
    this.#timer?.()
    this.#timer = undefined
  }

  #check(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    for (const [reader, progress] of this.#watched) {
      const sent = sentTo(reader)
      if (reader.connection.unsent === 0) {
        this.#watched.delete(reader)
      } else if (sent !== progress.sent) {
        progress.sent = sent
        progress.since = now
      } else if (now - progress.since >= STALL_MS) {
        this.#watched.delete(reader)
        reader.tooSlow()
      }
    }
    if (this.#watched.size > 0) this.#timer = this.#clock.after(CHECK_MS, () => this.#check())
  }
}

const sentTo = ({ connection }: Reader): number => connection.written - connection.unsent
