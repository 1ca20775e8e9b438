/** What a text of a run says about itself. */
export interface Mark {
  /** The sender's index among all senders of the run. */
  readonly sender: number
  /** 1, 2, 3 … of this sender. */
  readonly number: number
  /** When it was sent, in milliseconds of `performance.now`. */
  readonly time: number
}

/** The longest marker. The first 40 characters of a text come back when it is refused. */
export const MARKER_LENGTH = 32

const AT = 0x40
const COMMA = 0x2c
const RADIX = 36

/** Writes and finds the marks of one run; what another run or a person wrote has none. */
export class Marker {
  readonly #begin: string

  /** @param run letters and digits that no other run in the same room has */
  constructor(run: string) {
    this.#begin = `@${run},`
  }

  /**
   * @param length of the text in bytes; a longer marker is not cut
   * @returns `@<run>,<sender>,<number>,<µs>@` in base 36, filled up with x
   */
  text({ sender, number, time }: Mark, length: number): string {
    const micros = Math.round(time * 1000)
    const parts = [sender, number, micros].map((value) => value.toString(RADIX))
    return `${this.#begin}${parts.join(',')}@`.padEnd(length, 'x')
  }

  /** @returns the mark in these bytes, undefined when there is none */
  find(bytes: Buffer): Mark | undefined {
    const begin = bytes.indexOf(this.#begin, 0, 'latin1')
    if (begin === -1) return undefined
    const values = [0, 0, 0]
    let which = 0
    for (let at = begin + this.#begin.length; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      if (byte === AT) break
      if (byte === COMMA) which++
      else values[which] = (values[which] ?? 0) * RADIX + digit(byte)
    }
    const [sender = 0, number = 0, micros = 0] = values
    return { sender, number, time: micros / 1000 }
  }
}

const digit = (byte: number): number => (byte < 0x3a ? byte - 0x30 : byte - 0x57)
