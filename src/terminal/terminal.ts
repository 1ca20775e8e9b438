import { emitKeypressEvents, type Interface } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'
import type { Client, Room } from '../client/client.ts'
import {
  isRoomWish,
  type Key,
  pasted,
  pressed,
  type Pressed,
  type RoomWish,
  type Wish,
} from './keys.ts'
import { Painter } from './painter.tsx'
import type { Pane } from './pane.ts'
import { RoomRequests } from './room-requests.ts'
import { Rooms } from './rooms.ts'
import { sentenceOf } from './sentences.ts'
import { currentPane, startState, type State, withoutOldTyping, withPanel } from './state.ts'

/** After a stop signal, a process that can be stopped has been. */
const STOP_MS = 20
/** A lone escape character is the key Escape when nothing follows it for so long. */
const ESCAPE_MS = 50
const NO_SIZE = { columns: 80, rows: 24 }

export interface TerminalOptions {
  readonly client: Client
  /** The server of the client: links to its rooms begin with it. */
  readonly url: string
  /** The room to begin with. */
  readonly roomId: string
  /** Of that room, for who is its owner. */
  readonly ownerToken?: string
  readonly input: ReadStream
  readonly output: WriteStream
}

/** A room that was joined, as it is told at the end. */
export interface Visited {
  readonly roomName: string
  readonly link: string
}

/**
 * Shows the terminal client until it is quit, and gives the terminal back as it was, also when the
 * process ends in another way.
 * @returns the rooms that it was in at the end, when all are left
 * @throws ShareChatError when the first room cannot be joined
 */
export const runTerminal = (options: TerminalOptions): Promise<readonly Visited[]> =>
  new Terminal(options).run()

class Terminal {
  readonly #options: TerminalOptions
  readonly #painter: Painter
  readonly #rooms: Rooms
  readonly #requests: RoomRequests
  /** Ends `run`; with an error, `run` throws it. */
  #end: (error?: unknown) => void = () => {}
  #state: State
  #paste: string | undefined
  #isSuspended = false
  #typingTimer: NodeJS.Timeout | undefined

  constructor(options: TerminalOptions) {
    this.#options = options
    this.#painter = new Painter(
      (text) => options.output.write(text),
      () => this.#state,
      () => {
        this.#rooms.loadMissing(this.#state)
        this.#expireTyping()
      },
    )
    const { client, url } = options
    const change = (how: (state: State) => State): void => this.#change(how)
    const tell = (notice: string): void => this.#tell(notice)
    this.#rooms = new Rooms({ client, url, change, tell })
    this.#requests = new RoomRequests({
      url,
      tell,
      show: (roomId, about) =>
        change((state) => (state.current === roomId ? withPanel(state, about) : state)),
    })
    this.#state = startState(this.#size())
  }

  async run(): Promise<readonly Visited[]> {
    const { client, input, output, roomId, ownerToken } = this.#options
    const restore = (): void => this.#painter.screen.leave()
    const over = new Promise<void>((resolve, reject) => {
      this.#end = (error) => {
        // Asked for again, it does not wait for the node.
        this.#end = () => process.exit()
        return error === undefined ? resolve() : reject(error)
      }
    })
    const quit = (): void => this.#end()
    process.once('exit', restore)
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, quit)
    process.on('SIGCONT', this.#resume)
    output.on('resize', this.#resized)
    input.setRawMode(true)
    emitKeypressEvents(input, { escapeCodeTimeout: ESCAPE_MS } as unknown as Interface)
    input.on('keypress', this.#key)
    input.once('end', quit)
    // A window that was closed.
    input.once('error', quit)
    input.resume()
    client.on('state', (connection) => this.#change((state) => ({ ...state, connection })))
    this.#state = { ...this.#state, connection: client.state, notice: 'Joining…' }
    this.#painter.screen.enter()
    this.#painter.now()
    if (ownerToken !== undefined) this.#rooms.own(roomId, ownerToken)
    this.#rooms.join(roomId).catch((error: unknown) => this.#end(error))
    try {
      await over
      return this.#state.panes
        .filter(({ state }) => state !== 'over')
        .map(({ roomName, link }) => ({ roomName, link }))
    } finally {
      this.#state = { ...this.#state, notice: 'Leaving…' }
      this.#painter.now()
      await client.close()
      clearTimeout(this.#typingTimer)
      input.off('keypress', this.#key)
      input.setRawMode(false)
      input.pause()
      output.off('resize', this.#resized)
      this.#painter.end()
    }
  }

  #size() {
    const { columns, rows } = this.#options.output
    // Some pseudo-terminals have no size.
    return columns > 0 && rows > 0 ? { columns, rows } : NO_SIZE
  }

  readonly #resized = (): void => {
    this.#painter.screen.forget()
    this.#change((state) => ({ ...state, size: this.#size() }))
  }

  /** Somebody else may have written to the terminal meanwhile. */
  readonly #resume = (): void => {
    if (this.#isSuspended) {
      this.#isSuspended = false
      this.#options.input.setRawMode(true)
      this.#painter.screen.enter()
    }
    this.#resized()
  }

  #change(how: (state: State) => State): void {
    this.#state = how(this.#state)
    this.#painter.soon()
  }

  #expireTyping(): void {
    clearTimeout(this.#typingTimer)
    const ends = this.#state.panes.flatMap(({ typing }) => typing.map(({ until }) => until))
    if (ends.length === 0) return
    const wait = Math.max(0, Math.min(...ends) - performance.now()) + 1
    this.#typingTimer = setTimeout(
      () => this.#change((state) => withoutOldTyping(state, performance.now())),
      wait,
    )
  }

  readonly #key = (text: string | undefined, key: Key): void => {
    if (key.name === 'paste-start') this.#paste = ''
    else if (key.name === 'paste-end') {
      const paste = this.#paste ?? ''
      this.#paste = undefined
      this.#apply(pasted(this.#state, paste))
    } else if (this.#paste === undefined) this.#apply(pressed(this.#state, text, key))
    else this.#paste += key.sequence ?? ''
  }

  #apply({ state, wish }: Pressed): void {
    this.#change(() => state)
    if (wish) this.#grant(wish)
  }

  #grant(wish: Wish): void {
    if (isRoomWish(wish)) {
      const pane = currentPane(this.#state)
      const room = pane && this.#rooms.get(pane.roomId)
      return room && this.#grantIn(pane, room, wish)
    }
    switch (wish.do) {
      case 'quit':
        return this.#end()
      case 'suspend':
        return this.#suspend()
      case 'help':
        return this.#change((state) => withPanel(state, 'help'))
      case 'new':
        return this.#try(this.#rooms.create(wish.isOwned))
      case 'join':
        return this.#try(this.#rooms.joinTarget(wish.target))
      case 'rooms':
        return void this.#requests.rooms(this.#state.current)
    }
  }

  #grantIn(pane: Pane, room: Room, wish: RoomWish): void {
    const token = this.#rooms.ownerToken(room.id)
    switch (wish.do) {
      case 'members':
        return this.#change((state) => withPanel(state, 'members'))
      case 'leave':
        return this.#try(this.#rooms.leave(room))
      case 'typing':
        return room.typing()
      case 'say':
        return this.#rooms.say(room, wish.text)
      case 'edit':
        return void this.#requests.edit(pane, room, this.#rooms.lastOwn(pane), wish.text)
      case 'delete':
        return void (wish.name === undefined
          ? this.#requests.deleteOwn(pane, room, this.#rooms.lastOwn(pane))
          : this.#requests.deleteOf(pane, token, wish.name))
      case 'search':
        return void this.#requests.search(pane, wish.words)
      case 'info':
        return void this.#requests.info(pane, token !== undefined)
      case 'code':
        return void this.#requests.code(pane)
      case 'change':
        return void this.#requests.change(pane, token, wish.changes)
      case 'remove':
        return void this.#requests.remove(pane, token, wish.name)
      case 'end':
        return void this.#requests.end(pane, token)
    }
  }

  /** What a person asked for and did not work is told; the terminal goes on. */
  #try(asked: Promise<unknown>): void {
    asked.catch((error: unknown) => this.#tell(sentenceOf(error)))
  }

  #tell(notice: string): void {
    this.#change((state) => ({ ...state, notice }))
  }

  #suspend(): void {
    this.#isSuspended = true
    this.#painter.screen.leave()
    this.#options.input.setRawMode(false)
    process.kill(process.pid, 'SIGTSTP')
    // Where no shell waits for it, this process is not stopped at all.
    setTimeout(this.#resume, STOP_MS)
  }
}
