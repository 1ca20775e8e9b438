import type {
  Event,
  FailedEvent,
  Limits,
  MemberRef,
  MessageEvent,
  RoomEvent,
  RoomSettings,
} from '../protocol/events.ts'
import type {
  Change,
  ClientState,
  HistoryRange,
  Message,
  Room,
  RoomEvents,
  RoomState,
} from './api.ts'
import { soon } from './backoff.ts'
import { isPassing } from './codes.ts'
import { ShareChatError } from './error.ts'
import { Listeners } from './listeners.ts'
import { RoomLog } from './log.ts'
import { Outbox, type Stored } from './outbox.ts'
import type { RoomParts } from './room-parts.ts'
import { Roster } from './roster.ts'

/** A join that is not answered in this time, however many had to go before it, is not going to be. */
const JOIN_MS = 60_000
const TYPING_MS = 2_000

const NOBODY: MemberRef = { id: '', name: '' }

/** A room that is joined, again with every new connection, until it is over. */
export class JoinedRoom implements Room {
  readonly id: string
  /** Resolves when it is joined for the first time; rejects when it will never be. */
  readonly joined: Promise<Room>
  readonly #parts: RoomParts
  readonly #listeners = new Listeners<RoomEvents>()
  readonly #roster = new Roster()
  readonly #outbox: Outbox
  #settle: { resolve: (room: Room) => void; reject: (error: ShareChatError) => void } | undefined
  /** Undefined until it is joined for the first time. */
  #log: RoomLog | undefined
  /** What was told at the last join. */
  #about: RoomEvent | undefined
  /** What was told last of these, then or since. */
  #settings: Partial<RoomSettings> = {}
  #limits: Limits | undefined
  #state: RoomState = 'connecting'
  /** What comes in the turn in which the join resolves waits for those who then begin to listen. */
  #early: Event[] | undefined
  /** For the join: its answer, or another try. */
  #cancelWait = (): void => {}
  #typingAt = Number.NEGATIVE_INFINITY

  constructor(parts: RoomParts) {
    const { roomId, clock, connection } = parts
    this.#parts = parts
    this.id = roomId
    this.#outbox = new Outbox({ roomId, clock, say: (command) => connection()?.send(command) })
    this.joined = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
  }

  get name(): string {
    return this.#settings.roomName ?? ''
  }

  get topic(): string {
    return this.#settings.topic ?? ''
  }

  get you(): MemberRef {
    return this.#about?.you ?? NOBODY
  }

  get members(): readonly MemberRef[] {
    return this.#roster.members
  }

  get memberCount(): number {
    return this.#roster.count
  }

  get seq(): number {
    return this.#log?.last ?? 0
  }

  get resume(): string {
    return this.#about?.resume ?? this.#parts.wish.resume ?? ''
  }

  get state(): RoomState {
    return this.#state
  }

  /** Whether a `room` has come on this connection. */
  get isIn(): boolean {
    return this.#state === 'live' || this.#state === 'catching up'
  }

  /** Whether somebody may become the member that we ask to be. */
  get isResuming(): boolean {
    return this.#state === 'connecting' && this.#limits !== undefined && this.resume !== ''
  }

  send(text: string): Promise<Stored> {
    const sent = this.#outbox.send(text)
    if (this.#state === 'over') this.#outbox.end()
    return sent
  }

  history(range: HistoryRange = {}): Promise<readonly Message[]> {
    return this.#parts.http.history(this.id, range)
  }

  async *messages(after: number): AsyncGenerator<Message, void, undefined> {
    if (this.#log) yield* this.#log.read(after)
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return this.messages(this.#log?.begin ?? 0)
  }

  typing(): void {
    const now = this.#parts.clock.now()
    if (!this.isIn || now - this.#typingAt < TYPING_MS) return
    this.#typingAt = now
    this.#parts.connection()?.mention({ command: 'typing', roomId: this.id })
  }

  async leave(): Promise<void> {
    if (this.#state === 'over') return
    if (this.#limits) this.#parts.connection()?.say({ command: 'leave', roomId: this.id })
    this.end()
  }

  on<What extends keyof RoomEvents>(
    what: What,
    listener: (value: RoomEvents[What]) => void,
  ): () => void {
    return this.#listeners.on(what, listener)
  }

  /** There is no connection, or not yet. */
  follow(state: ClientState): void {
    this.#flush()
    if (this.#state === 'over') return
    this.#limits = undefined
    this.#cancelWait()
    this.#outbox.lost()
    this.#become(state)
  }

  /** There is a new connection: joins on it. */
  join(limits: Limits): void {
    if (this.#state === 'over') return
    const { clock, connection, wish } = this.#parts
    this.#limits = limits
    this.#become('connecting')
    this.#cancelWait()
    this.#cancelWait = clock.after(JOIN_MS, () => connection()?.giveUp())
    const after = this.#log?.last ?? wish.after
    connection()?.say({
      command: 'join',
      roomId: this.id,
      ...(after === undefined ? {} : { after }),
      ...(this.resume === '' ? {} : { resume: this.resume }),
    })
  }

  /** Takes what a connection has for this room. */
  take(event: Event): void {
    // What comes before `room` is of an old membership, but for a refusal of this one.
    if (!this.isIn && event.event !== 'room' && event.event !== 'failed') return
    if (this.#early) this.#early.push(event)
    else if (event.event === 'room') this.#enter(event)
    else if (event.event === 'ack') this.#outbox.acked(event)
    else if (event.event === 'failed') this.#failed(event)
    else if (event.event === 'reset') this.#reset(event.from)
    else if (event.event === 'typing') {
      this.#listeners.tell('typing', { id: event.memberId, name: event.memberName })
    } else if ('seq' in event) this.#add(event)
  }

  /** @param error why; without one we have left */
  end(error?: ShareChatError): void {
    this.#flush()
    if (this.#state === 'over') return
    this.#cancelWait()
    this.#outbox.end()
    this.#settle?.reject(error ?? new ShareChatError('not_joined', 'Closed.'))
    this.#settle = undefined
    this.#log?.end(error)
    this.#parts.onOver()
    this.#become('over')
  }

  #enter(event: RoomEvent): void {
    if (!this.#limits) return
    const { wish, clock, random, http, onJoined } = this.#parts
    const { you, seq } = event
    const isOther = this.you.id !== you.id
    this.#cancelWait()
    this.#about = event
    this.#settings = event
    this.#roster.set(event)
    this.#log ??= new RoomLog(
      {
        clock,
        random,
        page: (after, limit) => http.history(this.id, { after, limit }),
      },
      wish.after ?? seq - 1,
    )
    this.#become(this.#log.last === seq ? 'live' : 'catching up')
    this.#outbox.joined(you.id, this.#limits)
    onJoined()
    if (this.#settle) {
      this.#settle.resolve(this)
      this.#settle = undefined
      this.#early = []
      clock.after(0, () => this.#flush())
      return
    }
    if (isOther) this.#listeners.tell('you', you)
    this.#listeners.tell('members', this.members)
  }

  #add(row: MessageEvent | Change): void {
    const log = this.#log
    const { seq } = row
    if (!log || seq <= log.last) return
    if (seq > log.last + 1) return this.#parts.connection()?.giveUp()
    if (row.event === 'message') {
      const { event: _event, ...message } = row
      log.add(message)
      const isChanged = this.#roster.apply(message)
      this.#outbox.seen(message.id, seq)
      this.#listeners.tell('message', message)
      if (isChanged) this.#listeners.tell('members', this.members)
    } else {
      log.add(row)
      if ('roomName' in row) this.#settings = row
      this.#listeners.tell('change', row)
    }
    if (seq >= (this.#about?.seq ?? 0) && this.#state === 'catching up') {
      this.#outbox.caughtUp()
      this.#become('live')
    }
  }

  #reset(from: number): void {
    this.#log?.reset(from - 1)
    this.#listeners.tell('reset', from)
  }

  #failed(event: FailedEvent): void {
    const { ref, code, message, retryAfterMs } = event
    if (ref !== undefined) return this.#outbox.failed(ref, event)
    // An answer to `leave`, from before.
    if (code === 'not_joined') return
    // A bug may be of one node only, but who was never in the room hears of it.
    const isLast = !isPassing(code) && (code !== 'internal' || !this.#log)
    // In the room, only its end is told so; anything else is about what we mentioned.
    if (this.isIn ? code === 'not_found' || code === 'forbidden' : isLast) {
      this.end(new ShareChatError(code, message))
    } else if (!this.isIn && this.#limits) {
      const { clock, random } = this.#parts
      const limits = this.#limits
      // Those that were refused together do not come together.
      const pause = retryAfterMs === undefined ? soon(random) : retryAfterMs * (1 + random())
      this.#cancelWait()
      this.#cancelWait = clock.after(pause, () => this.join(limits))
    }
  }

  #flush(): void {
    const early = this.#early
    this.#early = undefined
    for (const event of early ?? []) this.take(event)
  }

  #become(state: RoomState): void {
    if (this.#state === state || this.#state === 'over') return
    this.#state = state
    this.#listeners.tell('state', state)
  }
}
