import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Protocol } from '../src/stress/load.ts'

const CLOSE = 0x8
const PING = 0x9
const PONG = 0xa
const TEXT = 0x1

export interface CrowdOptions {
  readonly url: URL
  /** Members are spread over them round robin. */
  readonly roomIds: readonly string[]
  readonly members: number
  /** Over how long they begin to connect, in seconds. */
  readonly rampSeconds: number
  readonly protocol: Protocol
  readonly signal: AbortSignal
  /** Gets every text frame; its bytes are overwritten afterwards. */
  onFrame?(member: number, frame: Buffer): void
}

/**
 * Members that say nothing: what their joining costs and how much they weigh. They answer pings,
 * and hold as little as they can.
 */
export class Crowd {
  readonly #options: CrowdOptions
  readonly #members: Member[] = []
  joined = 0
  /** Who was refused or let go: the member's number, and the HTTP status or close code. */
  readonly lost = new Map<number, string>()
  /** From the first connect to the last member that joined. */
  seconds = 0

  constructor(options: CrowdOptions) {
    this.#options = options
  }

  /**
   * Resolves when every member has joined or is lost.
   * @throws when the signal says so
   */
  async join(): Promise<void> {
    const { members, rampSeconds, roomIds, signal } = this.#options
    const begin = performance.now()
    for (let index = 0; index < members; index++) {
      const due = begin + (index / members) * rampSeconds * 1000
      if (due > performance.now()) await pause(due - performance.now(), undefined, { signal })
      const roomId = roomIds[index % roomIds.length] ?? ''
      this.#members.push(new Member(this, this.#options, index, roomId))
    }
    while (this.joined + this.lost.size < members) await pause(5, undefined, { signal })
    this.seconds = (performance.now() - begin) / 1000
  }

  /** Such as `503 × 12`; empty if nobody was lost. */
  get losses(): string {
    const reasons = [...this.lost.values()]
    return [...new Set(reasons)]
      .map((why) => `${why} × ${reasons.filter((one) => one === why).length}`)
      .join(', ')
  }

  leave(): void {
    for (const member of this.#members) member.end()
  }
}

class Member {
  readonly #crowd: Crowd
  readonly #options: CrowdOptions
  readonly #index: number
  readonly #socket: Socket
  #rest: Buffer | undefined
  #upgraded = false
  #joined = false
  #over = false
  #why = 'cut'

  constructor(crowd: Crowd, options: CrowdOptions, index: number, roomId: string) {
    this.#crowd = crowd
    this.#options = options
    this.#index = index
    const { url, protocol } = options
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
    this.#socket.on('data', (bytes) => this.#take(bytes))
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      if (!this.#over) this.#lose()
    })
    this.#socket.write(
      `GET ${protocol.path(roomId)} HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\n` +
        `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    )
  }

  end(): void {
    this.#over = true
    this.#socket.destroy()
  }

  #lose(): void {
    if (this.#joined) this.#crowd.joined--
    this.#crowd.lost.set(this.#index, this.#why)
    this.end()
  }

  #take(bytes: Buffer): void {
    let data = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes])
    this.#rest = undefined
    if (!this.#upgraded) {
      const end = data.indexOf('\r\n\r\n')
      if (end !== -1) {
        const status = data.subarray(9, 12).toString('latin1')
        if (status !== '101') {
          this.#why = status
          this.#lose()
          return
        }
        this.#upgraded = true
        for (const text of this.#options.protocol.hello) this.#write(TEXT, Buffer.from(text))
        data = data.subarray(end + 4)
      }
    }
    const used = this.#upgraded ? this.#takeFrames(data) : 0
    // A copy: a slice would keep the whole of what was read.
    if (used < data.length) this.#rest = Buffer.from(data.subarray(used))
  }

  /** Takes the whole frames and answers how many bytes they were. */
  #takeFrames(data: Buffer): number {
    let at = 0
    while (at + 2 <= data.length) {
      const opcode = (data[at] ?? 0) & 0x0f
      const short = data[at + 1] ?? 0
      const head = short < 126 ? 2 : short === 126 ? 4 : 10
      if (at + head > data.length) break
      const length =
        short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : data.readUInt32BE(at + 6)
      if (at + head + length > data.length) break
      this.#frame(opcode, data.subarray(at + head, at + head + length))
      at += head + length
    }
    return at
  }

  #frame(opcode: number, frame: Buffer): void {
    if (opcode === PING) this.#write(PONG, frame)
    if (opcode === CLOSE && frame.length >= 2) this.#why = String(frame.readUInt16BE())
    if (opcode !== TEXT) return
    if (!this.#joined && this.#options.protocol.isJoined(frame)) {
      this.#joined = true
      this.#crowd.joined++
    }
    this.#options.onFrame?.(this.#index, frame)
  }

  /** A frame of at most 125 bytes; its mask is zero, so that its bytes stay what they are. */
  #write(opcode: number, bytes: Buffer): void {
    this.#socket.write(
      Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]),
    )
  }
}
