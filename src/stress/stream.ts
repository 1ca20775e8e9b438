import { contentAt, frameEnd, opcodeAt, TEXT } from './frames.ts'
import type { Mark } from './marker.ts'
import { RoomLog, type LogReader } from './room-log.ts'
import type { Tally } from './tally.ts'

/** What a stream tells its member. The bytes that it hands over are overwritten after the call. */
export interface StreamListener {
  /** Whether this text frame says that the member has joined; asked until it does. */
  isJoined(content: Buffer): boolean
  /** Whether this text frame, without a place in the room's log, refuses a text of the member. */
  isRefusal(content: Buffer): boolean
  control(opcode: number, content: Buffer): void
  /** A text of the member itself came back, after so many milliseconds. */
  echoed(number: number, ms: number): void
  /** The stream cannot be read on; the word says why. */
  broken(reason: string): void
}

const LARGEST_FRAME = 16 * 1024 * 1024

/**
 * Checks what one member of a room gets. All members get the same bytes, so almost always one
 * comparison with the room's log does for everything that came in one read; frames are looked at
 * singly only where bytes are new or differ.
 *
 * A text that it gets late, twice or not at all is found by its mark. Frames without a mark
 * (`joined`, texts of others) only have to be the same where they are in both: they may be missing.
 */
export class Stream implements LogReader {
  /** Of the entry that is due. */
  next: number
  /** Texts of this run that came, each counted once. */
  delivered = 0
  /** Keys of texts before `next` that have not come. */
  readonly missed = new Set<number>()
  readonly #log: RoomLog
  readonly #tally: Tally
  readonly #sender: number
  readonly #listener: StreamListener
  /** The place in the log up to which its bytes have come; within the entry that is due. */
  #place: number
  /** The begin of a frame that is not in the log. */
  #rest: Buffer | undefined
  #joined = false
  #broken = false
  /** How many texts came at their place in the log. */
  #inPlace = 0
  /**
   * Texts by key that came before others that the log has, but were not in the log themselves, and
   * how many had come at their place by then. Either those others are lost here, or they come later
   * than they should, or this one is lost where the log was written.
   */
  readonly #strays = new Map<number, number>()

  /** @param sender the index of the member among the senders of the run; -1: it sends nothing */
  constructor(log: RoomLog, tally: Tally, sender: number, listener: StreamListener) {
    this.#log = log
    this.#tally = tally
    this.#sender = sender
    this.#listener = listener
    this.next = log.first
    this.#place = log.start
    log.readers.add(this)
  }

  fallBehind(): void {
    this.#break('too far behind the others of its room')
  }

  /** Nothing comes any more: the log does not wait for this one. */
  end(): void {
    if (!this.#log.readers.delete(this)) return
    for (let at = this.next; at < this.#log.nextIndex; at++) {
      const mark = this.#log.entries[at - this.#log.first]?.mark
      if (mark !== undefined) this.#passStray(RoomLog.key(mark))
    }
  }

  /**
   * Takes what came.
   * @param now when, in milliseconds of `performance.now`
   */
  take(chunk: Buffer, from: number, to: number, now: number): void {
    this.#tally.bytes += to - from
    let bytes = chunk
    let at = from
    let end = to
    if (this.#rest !== undefined) {
      bytes = Buffer.concat([this.#rest, chunk.subarray(from, to)])
      this.#rest = undefined
      at = 0
      end = bytes.length
    }
    let same = true
    while (at < end && !this.#broken) {
      if (same) {
        at += this.#takeSame(bytes, at, end, now)
        if (at === end) return
        const begin = this.#log.startOf(this.next)
        if (this.#place > begin) {
          // A frame whose begin was the same turns out to be another one.
          const begun = this.#log.bytes.subarray(
            begin - this.#log.start,
            this.#place - this.#log.start,
          )
          bytes = Buffer.concat([begun, bytes.subarray(at, end)])
          at = 0
          end = bytes.length
          this.#place = begin
        }
      }
      const next = frameEnd(bytes, at, end)
      if (next === undefined || next > end) {
        if (next !== undefined && next - at > LARGEST_FRAME) this.#break('a frame over 16 MiB')
        else this.#rest = Buffer.from(bytes.subarray(at, end))
        return
      }
      // Behind a frame that differs the bytes may be the same again, behind one that does not the
      // next difference is still to come: comparing everything each time would be quadratic.
      same = !this.#takeFrame(bytes, at, next, now)
      at = next
    }
  }

  /** How many bytes are what the log has at this place; all that it has, or none. */
  #takeSame(bytes: Buffer, at: number, end: number, now: number): number {
    const log = this.#log
    const length = Math.min(end - at, log.end - this.#place)
    if (length === 0 || !this.#joined) return 0
    const begin = this.#place - log.start
    if (log.bytes.compare(bytes, at, at + length, begin, begin + length) !== 0) return 0
    this.#place += length
    const { entries, first } = log
    let index = this.next - first
    for (; index < entries.length; index++) {
      const entry = entries[index]
      if (entry === undefined || entry.end > this.#place) break
      if (entry.mark !== undefined) this.#got(entry.mark, now)
    }
    this.next = index + first
    return length
  }

  /** @returns whether it was the entry that is due, byte for byte */
  #takeFrame(bytes: Buffer, at: number, end: number, now: number): boolean {
    const content = bytes.subarray(contentAt(bytes, at), end)
    const opcode = opcodeAt(bytes, at)
    if (opcode > TEXT + 1) {
      this.#listener.control(opcode, content)
      return false
    }
    if (!this.#joined) this.#joined = this.#listener.isJoined(content)
    else if (this.#isDue(bytes, at, end)) {
      this.#goTo(this.next + 1)
      const mark = this.#log.entries[this.next - 1 - this.#log.first]?.mark
      if (mark !== undefined) this.#got(mark, now)
      return true
    }
    if (this.#listener.isRefusal(content)) return false
    const mark = this.#log.marker.find(content)
    if (mark === undefined) return this.#takeUnmarked(bytes, at, end)
    if (!this.#log.isSenderHere(mark.sender)) {
      this.#tally.altered++
      return false
    }
    this.#takeMarked(bytes, at, end, mark, now)
    return false
  }

  #isDue(bytes: Buffer, at: number, end: number): boolean {
    const entry = this.#log.entries[this.next - this.#log.first]
    if (entry === undefined) return false
    const begin = this.#place - this.#log.start
    const stop = entry.end - this.#log.start
    return stop - begin === end - at && this.#log.bytes.compare(bytes, at, end, begin, stop) === 0
  }

  #takeUnmarked(bytes: Buffer, at: number, end: number): boolean {
    const text = bytes.toString('latin1', at, end)
    const index = this.#log.findText(text)
    if (index !== undefined && index >= this.next) this.#skipTo(index + 1)
    if (index !== undefined || !this.#isAtEnd) return false
    this.#log.append(bytes, at, end, undefined, text)
    this.#goTo(this.#log.nextIndex)
    return true
  }

  #takeMarked(bytes: Buffer, at: number, end: number, mark: Mark, now: number): void {
    const index = this.#log.find(mark)
    if (index === undefined && this.#firstDue === this.#log.nextIndex) {
      this.#skipTo(this.#log.nextIndex)
      const inOrder = this.#log.append(bytes, at, end, mark, '')
      if (!inOrder) this.#tally.reordered++
      this.#goTo(this.#log.nextIndex)
      this.#got(mark, now)
    } else if (index === undefined) {
      this.#takeStray(mark, now)
    } else if (index >= this.next) {
      this.#skipTo(index)
      if (!this.#isDue(bytes, at, end)) this.#tally.altered++
      this.#goTo(index + 1)
      this.#got(mark, now)
    } else if (this.missed.delete(RoomLog.key(mark))) {
      this.#tally.reordered++
      this.#deliver(mark, now)
    } else {
      this.#tally.doubled++
    }
  }

  /** One that is not in the log, while others that are have not come. */
  #takeStray(mark: Mark, now: number): void {
    const key = RoomLog.key(mark)
    if (this.#strays.has(key)) {
      this.#tally.doubled++
      return
    }
    this.#strays.set(key, this.#inPlace)
    if (!this.#log.stray(mark, this.#firstDue)) this.#tally.reordered++
    this.#deliver(mark, now)
  }

  get #isAtEnd(): boolean {
    return this.next === this.#log.nextIndex
  }

  /** The index of the first text in the log that has not come. */
  get #firstDue(): number {
    let index = this.next
    for (; index < this.#log.nextIndex; index++) {
      const mark = this.#log.entries[index - this.#log.first]?.mark
      if (mark !== undefined && !this.#strays.has(RoomLog.key(mark))) break
    }
    return index
  }

  #skipTo(index: number): void {
    for (let at = this.next; at < index; at++) {
      const mark = this.#log.entries[at - this.#log.first]?.mark
      if (mark === undefined) continue
      const key = RoomLog.key(mark)
      if (!this.#passStray(key)) this.missed.add(key)
    }
    this.#goTo(index)
  }

  /** The place of a text that came before is passed. */
  #passStray(key: number): boolean {
    const before = this.#strays.get(key)
    if (before === undefined) return false
    this.#strays.delete(key)
    if (this.#inPlace > before) this.#tally.reordered++
    return true
  }

  #goTo(index: number): void {
    this.next = index
    this.#place = this.#log.startOf(index)
  }

  /** The text of an entry came at its place. */
  #got(mark: Mark, now: number): void {
    if (this.#strays.size > 0 && this.#strays.delete(RoomLog.key(mark))) {
      this.#tally.doubled++
      return
    }
    this.#inPlace++
    this.#deliver(mark, now)
  }

  #deliver({ sender, number, time }: Mark, now: number): void {
    this.delivered++
    this.#tally.delivered++
    this.#tally.latency.record(now - time)
    if (sender === this.#sender) this.#listener.echoed(number, now - time)
  }

  #break(reason: string): void {
    this.#broken = true
    this.#listener.broken(reason)
  }
}
