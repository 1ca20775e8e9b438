import { maskedFrame, TEXT } from './frames.ts'
import type { Histogram } from './histogram.ts'
import type { Marker } from './marker.ts'
import type { Protocol } from './protocol.ts'

/** What a sender needs of its connection. */
export interface Outlet {
  /** Bytes that the other end has not taken. */
  readonly unsent: number
  write(bytes: Uint8Array): void
}

export interface SenderOptions {
  /** Its index among all senders of the run. */
  readonly index: number
  readonly marker: Marker
  readonly protocol: Protocol
  readonly textBytes: number
  /** From sending to its own echo. */
  readonly echo: Histogram
}

const LARGEST_UNSENT_BYTES = 1024 * 1024

/** A member that sends, and what has become of its texts. */
export class Sender {
  sent = 0
  echoed = 0
  failed = 0
  readonly index: number
  readonly #options: SenderOptions
  readonly #outlet: Outlet
  #echoedTo = 0
  /** Refused texts behind the last echo. */
  readonly #refused = new Set<number>()
  /** How many texts to keep under way; 0: none by itself. */
  #window = 0

  constructor(options: SenderOptions, outlet: Outlet) {
    this.index = options.index
    this.#options = options
    this.#outlet = outlet
  }

  /**
   * Texts without an answer. The echoes come in the order of sending, so what is before the last
   * one has none to come.
   */
  get underWay(): number {
    return this.sent - this.#echoedTo - this.#refused.size
  }

  /** Keeps so many texts under way from now on; 0 ends that. */
  keep(window: number): void {
    this.#window = window
    this.fill()
  }

  /** Sends what the window has room for. */
  fill(): void {
    let room = this.#window - this.underWay
    if (room <= 0) return
    const time = performance.now()
    if (room === 1) {
      this.#outlet.write(this.#frame(time))
      return
    }
    const frames: Buffer[] = []
    for (; room > 0; room--) frames.push(this.#frame(time))
    this.#outlet.write(Buffer.concat(frames))
  }

  /**
   * Sends one text.
   * @param time from when its way counts, in milliseconds of `performance.now`
   * @returns false: it was not sent, because too much has not been taken yet
   */
  send(time: number): boolean {
    if (this.#outlet.unsent > LARGEST_UNSENT_BYTES) return false
    this.#outlet.write(this.#frame(time))
    return true
  }

  tookEcho(number: number, ms: number): void {
    this.echoed++
    this.#options.echo.record(ms)
    if (number > this.#echoedTo) this.#echoedTo = number
    for (const refused of this.#refused) if (refused <= number) this.#refused.delete(refused)
  }

  /** @param content of the refusal; it has the begin of the refused text */
  tookRefusal(content: Buffer): void {
    this.failed++
    const number = this.#options.marker.find(content)?.number ?? this.#echoedTo + 1
    if (number > this.#echoedTo) this.#refused.add(number)
  }

  #frame(time: number): Buffer {
    this.sent++
    const { index, marker, protocol, textBytes } = this.#options
    const text = marker.text({ sender: index, number: this.sent, time }, textBytes)
    return maskedFrame(TEXT, Buffer.from(protocol.send(text)))
  }
}
