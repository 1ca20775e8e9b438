import { emitKeypressEvents, type Interface } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'
import { type Client, readLink, type Room, roomLink, ShareChatError } from '../client/client.ts'
import { type Key, pasted, pressed, type Pressed, type Wish } from './keys.ts'
import { Painter } from './painter.tsx'
import { type Member, newPane } from './pane.ts'
import { printableLine } from './printable.ts'
import {
  currentPane,
  inFront,
  missing,
  startState,
  type State,
  withConfirmed,
  withFacts,
  withLoading,
  withMessage,
  withoutOldTyping,
  withoutRoom,
  withPage,
  withPanel,
  withReset,
  withRoom,
  withTyping,
  withUnconfirmed,
} from './state.ts'

/** After a stop signal, a process that can be stopped has been. */
const STOP_MS = 20
/** After a page of the log did not come. */
const PAGE_RETRY_MS = 2_000
/** A lone escape character is the key Escape when nothing follows it for so long. */
const ESCAPE_MS = 50
const NO_SIZE = { columns: 80, rows: 24 }

export interface TerminalOptions {
  readonly client: Client
  /** The server of the client: links to its rooms begin with it. */
  readonly url: string
  /** The room to begin with. */
  readonly roomId: string
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
  readonly #rooms = new Map<string, Room>()
  readonly #joining = new Set<string>()
  /** Ends `run`; with an error, `run` throws it. */
  #end: (error?: unknown) => void = () => {}
  #state: State
  #nextNumber = 1
  #paste: string | undefined
  #isSuspended = false
  #typingTimer: NodeJS.Timeout | undefined

  constructor(options: TerminalOptions) {
    this.#options = options
    this.#painter = new Painter(
      (text) => options.output.write(text),
      () => this.#state,
      () => {
        this.#loadMissing()
        this.#expireTyping()
      },
    )
    this.#state = startState(this.#size())
  }

  async run(): Promise<readonly Visited[]> {
    const { client, input, output, roomId } = this.#options
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
    this.#join(roomId).catch((error: unknown) => this.#end(error))
    try {
      await over
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
    return this.#state.panes.map(({ roomName, link }) => ({ roomName, link }))
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

  #loadMissing(): void {
    const wanted = missing(this.#state)
    const room = wanted && this.#rooms.get(wanted.roomId)
    if (!wanted || !room) return
    const { roomId, page } = wanted
    this.#state = withLoading(this.#state, roomId, true)
    const range =
      page.part === 'older'
        ? { before: page.before }
        : page.part === 'newer'
          ? { after: page.after }
          : {}
    room.history(range).then(
      (entries) => this.#change((state) => withPage(state, roomId, page.part, entries)),
      () => {
        const retry = setTimeout(
          () => this.#change((state) => withLoading(state, roomId, false)),
          PAGE_RETRY_MS,
        )
        retry.unref()
      },
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
    const pane = currentPane(this.#state)
    const room = pane && this.#rooms.get(pane.roomId)
    switch (wish.do) {
      case 'quit':
        return this.#end()
      case 'suspend':
        return this.#suspend()
      case 'help':
        return this.#change((state) => withPanel(state, 'help'))
      case 'members':
        return this.#change((state) => withPanel(state, 'members'))
      case 'new':
        return this.#try(this.#create())
      case 'join':
        return this.#joinTarget(wish.target)
      case 'leave':
        if (!room) return
        this.#rooms.delete(room.id)
        this.#change((state) => withoutRoom(state, room.id))
        return this.#try(room.leave())
      case 'typing':
        return room?.typing()
      case 'say':
        return room && this.#say(room, wish.text)
    }
  }

  /** What a person asked for and did not work is told; the terminal goes on. */
  #try(asked: Promise<unknown>): void {
    asked.catch((error: unknown) => this.#tell(sentenceOf(error)))
  }

  #tell(notice: string): void {
    this.#change((state) => ({ ...state, notice }))
  }

  #say(room: Room, text: string): void {
    const number = this.#nextNumber++
    this.#change((state) => withUnconfirmed(state, room.id, number, text))
    room.send(text).then(
      () => this.#change((state) => withConfirmed(state, room.id, number)),
      (error: unknown) => {
        this.#change((state) => withConfirmed(state, room.id, number))
        this.#tell(`Not said: ${sentenceOf(error)} (Up has it)`)
      },
    )
  }

  async #create(): Promise<void> {
    const { roomId } = await this.#options.client.createRoom()
    await this.#join(roomId)
    this.#change((state) => withPanel(state, 'new room'))
  }

  #joinTarget(target: string): void {
    const link = readLink(target)
    if (link && link.url !== readLink(roomLink(this.#options.url, link.roomId))?.url) {
      return this.#tell(`That room is on another server, ${link.url}.`)
    }
    this.#try(this.#join(link?.roomId ?? target))
  }

  async #join(roomId: string): Promise<void> {
    if (this.#rooms.has(roomId)) return this.#change((state) => inFront(state, roomId))
    if (this.#joining.has(roomId)) return
    this.#joining.add(roomId)
    this.#tell('Joining…')
    let room: Room
    try {
      room = await this.#options.client.join(roomId)
    } finally {
      this.#joining.delete(roomId)
    }
    // In the turn in which it was joined: nothing of it is missed.
    this.#listen(room)
    this.#rooms.set(roomId, room)
    const pane = newPane({
      roomId,
      roomName: room.name,
      link: roomLink(this.#options.url, roomId),
      ...membersOf(room),
      you: room.you,
      state: room.state,
    })
    this.#change((state) => ({ ...withRoom(state, pane), notice: '' }))
  }

  #listen(room: Room): void {
    const { id } = room
    room.on('message', (message) => this.#change((state) => withMessage(state, id, message)))
    room.on('members', () => this.#change((state) => withFacts(state, id, membersOf(room))))
    room.on('you', (you) => this.#change((state) => withFacts(state, id, { you })))
    room.on('reset', () => this.#change((state) => withReset(state, id)))
    room.on('typing', (member) =>
      this.#change((state) => withTyping(state, id, member, performance.now())),
    )
    room.on('state', (roomState) => {
      this.#change((state) => withFacts(state, id, { state: roomState }))
      if (roomState === 'over' && this.#rooms.has(id)) this.#try(room.messages(room.seq).next())
    })
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

/** Sorted, so that nobody jumps about. */
const membersOf = (
  room: Room,
): { readonly members: readonly Member[]; readonly memberCount: number } => ({
  members: room.members.toSorted((a, b) => a.name.localeCompare(b.name)),
  memberCount: room.memberCount,
})

const sentenceOf = (error: unknown): string => {
  if (error instanceof ShareChatError) return printableLine(error.message)
  return 'That did not work.'
}
