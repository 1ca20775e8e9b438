import type { Command } from '../protocol/commands.ts'
import { SUBPROTOCOL } from '../protocol/dialect.ts'
import type { Event, Limits } from '../protocol/events.ts'
import type { Socket, SocketClass } from './api.ts'
import type { Clock } from './clock.ts'
import { Pace } from './pace.ts'

/** WebSocket.readyState. */
const OPEN = 1
const CLOSED = 3

/** The client's own close code, and what a connection has that ended without one. */
const NORMAL = 1000
const LOST = 1006

/** From the start to `welcome`. */
const WELCOME_MS = 15_000
/** Who was not heard of for this long is asked whether it is there. */
const QUIET_MS = 20_000
/** A question that is not answered in this time is not going to be. */
const ANSWER_MS = 10_000
/** The same, when there is reason to doubt. */
const DOUBT_MS = 3_000
/** A timer that comes so much too late says that this machine slept, and nothing of the node. */
const SLEPT_MS = 2_000
const CLOSE_MS = 3_000

/** A command that changes nothing and is answered, with `failed`: a browser can send no ping. */
const PROBE: Command = { command: 'typing', roomId: '' }

export interface ConnectionParts {
  /** `ws(s)://…/api/connect` */
  readonly url: string
  readonly WebSocket: SocketClass
  readonly clock: Clock
  readonly onEvent: (event: Event) => void
  /** It is over, not by our will. Called once at most, with a close code. */
  readonly onLost: (code: number) => void
}

/** One WebSocket, from its opening to its end. */
export class Connection {
  readonly #parts: ConnectionParts
  readonly #socket: Socket
  /** What waits for its time. */
  readonly #waiting: Command[] = []
  #pace: Pace | undefined
  #heardAt: number
  /** When it was asked something, if nothing was heard since. */
  #askedAt: number | undefined
  #patienceMs = WELCOME_MS
  #cancelWatch = (): void => {}
  #cancelWait: (() => void) | undefined
  #isOver = false

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    this.#heardAt = parts.clock.now()
    this.#socket = new parts.WebSocket(parts.url, SUBPROTOCOL)
    // The handlers of every library have types of their own.
    Object.assign(this.#socket, {
      onmessage: ({ data }: { readonly data: unknown }) => this.#isOver || this.#take(data),
      onclose: ({ code }: { readonly code: number }) => this.#lose(code),
      // What is wrong is told by the close that follows; `ws` throws an error that nobody takes.
      onerror: () => {},
    })
    this.#expect(WELCOME_MS)
  }

  /** The node has welcomed us. */
  keepTo(limits: Limits): void {
    this.#pace = new Pace(limits, this.#parts.clock)
  }

  /** Says what keeps to its own pace. Without effect when the connection is ending. */
  send(command: Command): void {
    this.#write(command)
    this.#expect(ANSWER_MS)
  }

  /** Says anything else, in its turn; of these all together have a pace. */
  say(command: Command): void {
    this.#waiting.push(command)
    this.#sayNext()
  }

  /** As `say`, if that is possible now. */
  mention(command: Command): void {
    if (this.#waiting.length === 0 && this.#pace?.take(1) === 0) this.#write(command)
  }

  /** Asks whether the node is still there: if it does not answer soon, the connection is lost. */
  doubt(): void {
    // Before `welcome` it has not been there yet; and who doubts already asks no second time.
    const isDoubted = this.#askedAt !== undefined && this.#patienceMs === DOUBT_MS
    if (this.#pace && !isDoubted) this.#probe(DOUBT_MS)
  }

  /** The connection is of no use any more: it is lost. */
  giveUp(): void {
    this.#lose(LOST)
  }

  /** Whether it is lost, but for the socket, which may believe otherwise. */
  get isDangling(): boolean {
    return this.#socket.readyState === OPEN
  }

  /** Closes it, so that its members have left. Resolves when that is done, or after 3 s. */
  close(): Promise<void> {
    this.#end()
    const socket = this.#socket
    if (socket.readyState === CLOSED) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(CLOSE_MS, () => {
        socket.terminate?.()
        resolve()
      })
      const onclose = (): void => {
        cancel()
        resolve()
      }
      Object.assign(socket, { onclose })
      socket.close(NORMAL)
    })
  }

  #take(data: unknown): void {
    this.#heardAt = this.#parts.clock.now()
    this.#askedAt = undefined
    let event: Event
    try {
      event = JSON.parse(data as string) as Event
    } catch {
      // No node of ours.
      this.giveUp()
      return
    }
    this.#parts.onEvent(event)
  }

  #write(command: Command): void {
    if (this.#socket.readyState === OPEN) this.#socket.send(JSON.stringify(command))
  }

  #sayNext(): void {
    while (this.#waiting[0] && !this.#cancelWait) {
      const [command] = this.#waiting
      const wait = this.#pace?.take(JSON.stringify(command).length) ?? 0
      if (wait > 0) {
        this.#cancelWait = this.#parts.clock.after(wait, () => {
          this.#cancelWait = undefined
          this.#sayNext()
        })
      } else {
        this.#waiting.shift()
        this.#write(command)
        if (command.command === 'join') this.#expect(ANSWER_MS)
      }
    }
  }

  #probe(patienceMs: number): void {
    this.#write(PROBE)
    this.#askedAt = undefined
    this.#expect(patienceMs)
  }

  /** Something must be heard in this time. */
  #expect(ms: number): void {
    if (this.#isOver || this.#askedAt !== undefined) return
    this.#askedAt = this.#parts.clock.now()
    this.#patienceMs = ms
    this.#watch()
  }

  #watch(): void {
    const { clock } = this.#parts
    const due =
      this.#askedAt === undefined ? this.#heardAt + QUIET_MS : this.#askedAt + this.#patienceMs
    this.#cancelWatch()
    this.#cancelWatch = clock.after(Math.max(0, due - clock.now()), () => this.#look(due))
  }

  #look(due: number): void {
    const now = this.#parts.clock.now()
    const isLate = now - due > SLEPT_MS
    const wasHeard = this.#askedAt === undefined
    if (wasHeard && now - this.#heardAt < QUIET_MS) this.#watch()
    else if (wasHeard || (isLate && this.#pace)) this.#probe(isLate ? DOUBT_MS : ANSWER_MS)
    else if (now - (this.#askedAt ?? now) < this.#patienceMs) this.#watch()
    else this.giveUp()
  }

  #lose(code: number): void {
    if (this.#isOver) return
    this.#end()
    // A close frame would be a `left` of members that are about to come back.
    if (this.#socket.terminate) this.#socket.terminate()
    else if (this.#socket.readyState !== OPEN) this.#socket.close()
    this.#parts.onLost(code)
  }

  #end(): void {
    this.#isOver = true
    this.#cancelWatch()
    this.#cancelWait?.()
    this.#waiting.length = 0
  }
}
