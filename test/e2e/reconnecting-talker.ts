import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { Listening } from './http.ts'
import { noteSecrets } from './secrets.ts'
import { expectMessage } from './wire.ts'

const EVERY_MS = 20

/**
 * Someone who talks in the plain dialect without a pause, and when the connection ends joins again at
 * once, as a new member, until it works.
 */
export class ReconnectingTalker {
  /** The texts whose echo came. */
  readonly acknowledged: string[] = []
  /** Of every connection that was open. */
  readonly codes: number[] = []
  /** Handshakes that came to nothing. */
  refused = 0
  /** How long there was no connection with a membership, in milliseconds, all in all. */
  outageMs = 0
  readonly #name: string
  readonly #address: string
  #lostAt: number | undefined
  #said = 0
  #stopping = false
  #socket: WebSocket | undefined

  constructor(name: string, { port }: Listening, roomId: string) {
    this.#name = name
    this.#address = `ws://127.0.0.1:${port}/api/serve/${roomId}`
    this.#join()
    const talk = setInterval(() => this.#say(), EVERY_MS)
    onTestFinished(() => {
      clearInterval(talk)
      this.#stopping = true
      this.#socket?.terminate()
    })
  }

  /** Closes the connection, and does not come back. */
  async stop(): Promise<void> {
    this.#stopping = true
    const socket = this.#socket
    const closed = new Promise((resolve) => socket?.once('close', resolve))
    socket?.close(1000)
    await closed
  }

  #join(): void {
    const socket = new WebSocket(this.#address, { perMessageDeflate: false })
    let isOpen = false
    this.#socket = socket
    socket.on('open', () => {
      isOpen = true
    })
    socket.on('message', (data: Buffer) => {
      const { type, message, memberId, memberName } = expectMessage(data.toString().trimEnd())
      noteSecrets(memberId, memberName)
      if (type === 'chat' && message.startsWith(`${this.#name} `)) this.acknowledged.push(message)
      if (this.#lostAt === undefined) return
      this.outageMs += performance.now() - this.#lostAt
      this.#lostAt = undefined
    })
    socket.on('error', () => {})
    socket.once('close', (code) => {
      if (this.#stopping) return
      if (isOpen) this.codes.push(code)
      else this.refused += 1
      this.#lostAt ??= performance.now()
      setTimeout(() => this.#join(), isOpen ? 0 : EVERY_MS)
    })
  }

  #say(): void {
    if (this.#stopping || this.#socket?.readyState !== WebSocket.OPEN) return
    this.#said += 1
    const text = `${this.#name} ${this.#said}`
    noteSecrets(text)
    this.#socket.send(text)
  }
}
