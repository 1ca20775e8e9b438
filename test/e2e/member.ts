import { onTestFinished, expect } from 'vitest'
import { type RawData, WebSocket } from 'ws'
import { within } from './deadline.ts'
import type { Listening } from './http.ts'
import { noteSecrets } from './secrets.ts'
import { expectMessage, type WireMessage } from './wire.ts'

/** What a member got: the raw text and, since every frame is a message, that message. */
export interface Frame {
  readonly text: string
  readonly message: WireMessage
  /** When it came, by this process' monotonic clock in milliseconds. */
  readonly at: number
}

export interface Closed {
  readonly code: number
  readonly reason: string
}

const utf8 = (data: RawData): string => {
  if (Buffer.isBuffer(data)) return data.toString('utf8')
  throw new Error('ws gives one buffer per frame')
}

/** A member in a room, over the ws package; it keeps every frame and reads them one by one. */
export class Member {
  /** Everything that came, since the upgrade. */
  readonly frames: Frame[] = []
  readonly #socket: WebSocket
  readonly #closed: Promise<Closed>
  #closing: Closed | undefined
  #broken: Error | undefined
  #read = 0
  #wake: () => void = () => {}
  #marks = 0

  constructor(node: Listening, roomId: string, headers: Readonly<Record<string, string>> = {}) {
    this.#socket = new WebSocket(`ws://127.0.0.1:${node.port}/api/serve/${roomId}`, {
      headers,
      perMessageDeflate: false,
    })
    this.#socket.on('message', (data, isBinary) => {
      this.#take(utf8(data), isBinary)
      this.#wake()
    })
    this.#socket.on('error', (error) => {
      this.#broken = error
    })
    this.#closed = new Promise((resolve) => {
      this.#socket.once('close', (code, reason) => {
        this.#closing = { code, reason: reason.toString('utf8') }
        resolve(this.#closing)
        this.#wake()
      })
    })
  }

  /** Resolves when the member has its first frame, which must be its own `joined`. */
  static async join(node: Listening, roomId: string): Promise<Member> {
    const member = new Member(node, roomId)
    onTestFinished(() => {
      member.terminate()
    })
    expect((await member.next()).message).toMatchObject({ type: 'joined', roomId })
    return member
  }

  /** Joins on the nodes in turn, one after the other. */
  static async joinInTurn(
    nodes: readonly Listening[],
    roomId: string,
    count: number,
  ): Promise<readonly Member[]> {
    const members: Member[] = []
    for (let at = 0; at < count; at += 1) {
      members.push(await Member.join(nodes[at % nodes.length]!, roomId))
    }
    return members
  }

  /** The member's own `joined`: the first frame. */
  get joined(): WireMessage {
    return this.frames[0]!.message
  }

  get isOpen(): boolean {
    return this.#closing === undefined
  }

  get id(): string {
    return this.joined.memberId
  }

  get name(): string {
    return this.joined.memberName
  }

  /** The texts of the chats that came, in order. */
  get chats(): readonly string[] {
    return this.frames.flatMap(({ message }) => (message.type === 'chat' ? [message.message] : []))
  }

  say(text: string | Uint8Array): void {
    if (typeof text === 'string') noteSecrets(text)
    this.#socket.send(text)
  }

  /** The next frame that nobody has read yet. */
  async next(): Promise<Frame> {
    await this.#arrived('the next frame', () => this.frames.length > this.#read)
    this.#read += 1
    return this.frames[this.#read - 1]!
  }

  /** Reads on up to a message that is as wanted, and gives its frame. */
  async until(what: string, wanted: (message: WireMessage) => boolean): Promise<Frame> {
    for (;;) {
      await this.#arrived(what, () => this.frames.length > this.#read)
      this.#read += 1
      const frame = this.frames[this.#read - 1]!
      if (wanted(frame.message)) return frame
    }
  }

  untilChat(text: string): Promise<Frame> {
    return this.until(
      `the chat ${text}`,
      ({ type, message }) => type === 'chat' && message === text,
    )
  }

  untilLeft(memberId: string): Promise<Frame> {
    return this.until(
      'a left',
      (message) => message.type === 'left' && message.memberId === memberId,
    )
  }

  /** Waits for this many frames since the beginning. */
  async hasFrames(count: number): Promise<void> {
    await this.#arrived(`${count} frames`, () => this.frames.length >= count)
  }

  /** Waits for this many chats since the beginning. */
  async hasChats(count: number): Promise<void> {
    await this.#arrived(`${count} chats`, () => this.chats.length >= count)
  }

  /** Says something and waits for the echo: the message of that. */
  async exchange(text: string): Promise<Frame> {
    this.say(text)
    return this.untilChat(text)
  }

  /** Everything unread that came before the echo of a fresh text: what did not come, is not there. */
  async settle(): Promise<readonly WireMessage[]> {
    const from = this.#read
    this.#marks += 1
    await this.exchange(`mark ${this.#marks} of ${this.id}`)
    return this.frames.slice(from, this.#read - 1).map(({ message }) => message)
  }

  /** Sends a close frame, empty without a code, and gives what the other end answered. */
  close(code?: number): Promise<Closed> {
    this.#socket.close(code)
    return this.closed()
  }

  /** Breaks the connection without a word. */
  terminate(): void {
    this.#socket.terminate()
  }

  closed(ms?: number): Promise<Closed> {
    return within('the end of the connection', this.#closed, () => this.#seen(), ms)
  }

  async #arrived(what: string, there: () => boolean): Promise<void> {
    const error = new Error(what)
    const arrived = new Promise<void>((resolve, reject) => {
      this.#wake = () => {
        if (there()) resolve()
        else if (this.#closing !== undefined) {
          error.message = `${what}: the connection ended. Seen: ${this.#seen()}`
          reject(error)
        }
      }
      this.#wake()
    })
    await within(what, arrived, () => this.#seen())
  }

  #take(text: string, isBinary: boolean): void {
    try {
      expect(isBinary).toBe(false)
      expect(text.at(-1)).toBe('\n')
      const message = expectMessage(text.slice(0, -1))
      noteSecrets(message.memberId, message.memberName)
      this.frames.push({ text, message, at: performance.now() })
    } catch (error) {
      this.#broken = error instanceof Error ? error : new Error(String(error))
      this.#socket.terminate()
    }
  }

  #seen(): string {
    const frames = this.frames
      .slice(-20)
      .map(({ message }) => `${message.type} ${message.message.slice(0, 60)}`)
    return JSON.stringify({
      frames: this.frames.length,
      last: frames,
      closed: this.#closing,
      broken: this.#broken?.message,
    })
  }
}

/** G3: what a member got since its own `joined` is that stretch of the log, nothing else. */
export const expectStretchOf = (elements: readonly string[], member: Member): void => {
  const stored = member.frames.filter(({ message }) => message.type !== 'failed')
  const start = elements.findIndex((element) => `${element}\n` === stored[0]?.text)
  expect(start).not.toBe(-1)
  expect(stored.map(({ text }) => text)).toEqual(
    elements.slice(start, start + stored.length).map((element) => `${element}\n`),
  )
}

/** As expectStretchOf, and the member has it all, up to the end of the log. */
export const expectWholeTailOf = (elements: readonly string[], member: Member): void => {
  expectStretchOf(elements, member)
  expect(member.frames.at(-1)?.text).toBe(`${elements.at(-1)}\n`)
}
