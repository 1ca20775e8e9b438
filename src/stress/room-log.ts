import type { Mark, Marker } from './marker.ts'

/** A frame of a room's stream. */
export interface Entry {
  /** Of a text of this run. */
  readonly mark: Mark | undefined
  /** Of another frame: all of it, to find it again. */
  readonly text: string
  /** Where its bytes end, counted from the room's first byte. */
  readonly end: number
}

/** Somebody who reads along in the log. */
export interface LogReader {
  /** The index of the entry that is due. */
  readonly next: number
  /** It is so far behind that the log goes on without it. */
  fallBehind(): void
}

const FIRST_BYTES = 16 * 1024
const KEY_STEP = 2 ** 32

/**
 * What one room sends to its members, once: whoever is furthest appends to it, everybody else
 * compares. It keeps the bytes from the slowest reader on.
 */
export class RoomLog {
  readonly readers = new Set<LogReader>()
  /** Texts of this run that at least one member got. */
  appeared = 0
  bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES)
  /** The place of the first of the bytes that are kept, and of the end. */
  start = 0
  end = 0
  /** The index of the first entry that is kept. */
  first = 0
  readonly entries: Entry[] = []
  readonly marker: Marker
  readonly #firstSender: number
  readonly #largestBytes: number
  readonly #indexByKey = new Map<number, number>()
  readonly #indexByText = new Map<string, number>()
  readonly #appearedBySender: number[]
  readonly #lastNumbers: number[]
  readonly #trimmed: Numbers[]
  /** Texts by key that came before others that are in the log, and the index of the first. */
  readonly #strays = new Map<number, number>()

  /**
   * @param firstSender the index of the room's first sender in the run
   * @param senders how many the room has
   * @param largestBytes how far the slowest reader may be behind
   */
  constructor(marker: Marker, firstSender: number, senders: number, largestBytes: number) {
    this.marker = marker
    this.#firstSender = firstSender
    this.#largestBytes = largestBytes
    this.#appearedBySender = Array.from({ length: senders }, () => 0)
    this.#lastNumbers = Array.from({ length: senders }, () => 0)
    this.#trimmed = Array.from({ length: senders }, () => new Numbers())
  }

  static key({ sender, number }: Mark): number {
    return sender * KEY_STEP + number
  }

  /** Where the entry with this index begins; the next one's is the end. */
  startOf(index: number): number {
    return this.entries[index - this.first - 1]?.end ?? this.start
  }

  get nextIndex(): number {
    return this.first + this.entries.length
  }

  isSenderHere(sender: number): boolean {
    const slot = sender - this.#firstSender
    return slot >= 0 && slot < this.#lastNumbers.length
  }

  /** The index of the entry with this key, -1 when it is behind the slowest reader. */
  find(mark: Mark): number | undefined {
    const index = this.#indexByKey.get(RoomLog.key(mark))
    if (index !== undefined) return index
    return this.#trimmed[mark.sender - this.#firstSender]?.has(mark.number) ? -1 : undefined
  }

  findText(text: string): number | undefined {
    return this.#indexByText.get(text)
  }

  /**
   * Somebody got a text that is not in the log, before texts that are.
   * @param place the index of the first of those
   * @returns whether everybody so far got it there
   */
  stray(mark: Mark, place: number): boolean {
    const key = RoomLog.key(mark)
    const placeOfOthers = this.#strays.get(key)
    if (placeOfOthers !== undefined) return place === placeOfOthers
    this.#strays.set(key, place)
    this.#count(mark)
    return true
  }

  /** How many texts of this sender at least one member got. */
  appearedOf(sender: number): number {
    return this.#appearedBySender[sender - this.#firstSender] ?? 0
  }

  /**
   * Appends the frame between these places.
   * @returns whether it is in the order of its sender
   */
  append(source: Buffer, from: number, to: number, mark: Mark | undefined, text: string): boolean {
    const size = to - from
    if (this.end - this.start + size > this.bytes.length) this.#makeRoom(size)
    source.copy(this.bytes, this.end - this.start, from, to)
    this.end += size
    const index = this.nextIndex
    this.entries.push({ mark, text, end: this.end })
    if (mark === undefined) {
      this.#indexByText.set(text, index)
      return true
    }
    const key = RoomLog.key(mark)
    this.#indexByKey.set(key, index)
    if (!this.#strays.has(key)) this.#count(mark)
    const slot = mark.sender - this.#firstSender
    const inOrder = mark.number > (this.#lastNumbers[slot] ?? 0)
    if (inOrder) this.#lastNumbers[slot] = mark.number
    return inOrder
  }

  #count({ sender }: Mark): void {
    const slot = sender - this.#firstSender
    this.appeared++
    this.#appearedBySender[slot] = (this.#appearedBySender[slot] ?? 0) + 1
  }

  /** Drops what everybody has, and takes twice the space when that was less than half. */
  #makeRoom(size: number): void {
    if (this.end - this.startOf(this.#slowest()) > this.#largestBytes) this.#leaveBehind()
    this.#trim(this.#slowest())
    const held = this.end - this.start
    let capacity = this.bytes.length
    while (held + size > capacity / 2) capacity *= 2
    if (capacity === this.bytes.length) return
    const larger = Buffer.allocUnsafe(capacity)
    this.bytes.copy(larger, 0, 0, held)
    this.bytes = larger
  }

  #slowest(): number {
    let slowest = this.nextIndex
    for (const { next } of this.readers) if (next < slowest) slowest = next
    return slowest
  }

  #leaveBehind(): void {
    for (const reader of this.readers) {
      if (this.end - this.startOf(reader.next) <= this.#largestBytes / 2) continue
      this.readers.delete(reader)
      reader.fallBehind()
    }
  }

  #trim(index: number): void {
    const place = this.startOf(index)
    this.bytes.copyWithin(0, place - this.start, this.end - this.start)
    for (const [at, { mark, text }] of this.entries.splice(0, index - this.first).entries()) {
      if (mark !== undefined) {
        this.#indexByKey.delete(RoomLog.key(mark))
        this.#trimmed[mark.sender - this.#firstSender]?.add(mark.number)
      } else if (this.#indexByText.get(text) === this.first + at) {
        this.#indexByText.delete(text)
      }
    }
    this.start = place
    this.first = index
  }
}

/** A set of numbers that are almost all from 1 on without a gap. */
class Numbers {
  #upTo = 0
  readonly #beyond = new Set<number>()

  has(number: number): boolean {
    return number <= this.#upTo || this.#beyond.has(number)
  }

  add(number: number): void {
    if (number > this.#upTo + 1) {
      this.#beyond.add(number)
      return
    }
    this.#upTo = number
    while (this.#beyond.size > 0 && this.#beyond.delete(this.#upTo + 1)) this.#upTo++
  }
}
