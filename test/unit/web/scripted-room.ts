import type {
  MemberRef,
  Message,
  Room,
  RoomEvents,
  ShareChatError,
} from '../../../src/client/client.ts'

export const INFO = {
  roomName: 'Quiet Place',
  topic: '',
  capacity: null,
  locked: false,
  public: false,
  slowMode: 0,
}

/** A joined room that does what a test says. */
export class ScriptedRoom implements Room {
  readonly name = 'Quiet Place'
  topic = ''
  you: MemberRef = { id: 'me', name: 'Me' }
  readonly members: readonly MemberRef[] = []
  readonly memberCount = 2
  seq = 0
  readonly resume = ''
  state: Room['state'] = 'live'
  end: ShareChatError | undefined
  readonly sends: {
    readonly text: string
    readonly resolve: (stored: { id: string; seq: number }) => void
    readonly reject: (error: Error) => void
  }[] = []
  hasLeft = false
  readonly #listeners: { readonly what: string; readonly call: (value: never) => void }[] = []

  constructor(readonly id = 'room') {}

  tell<What extends keyof RoomEvents>(what: What, value: RoomEvents[What]): void {
    for (const { what: wanted, call } of this.#listeners) {
      if (wanted === what) call(value as never)
    }
  }

  says(memberId: string, type: Message['type'] = 'chat'): void {
    this.seq += 1
    const { id: roomId, seq } = this
    const sent = '2026-01-01T00:00:00.000Z'
    const message = `text ${seq}`
    this.tell('message', {
      ...{ seq, id: `id ${seq}`, roomId, memberId, memberName: memberId, type, message, sent },
    })
  }

  deletes(target: number): void {
    this.seq += 1
    const { id: roomId, seq } = this
    const deleted = '2026-01-01T00:00:00.000Z'
    this.tell('change', { event: 'deleted', seq, roomId, id: `id ${target}`, target, deleted })
  }

  send(text: string): Promise<{ id: string; seq: number }> {
    return new Promise((resolve, reject) => this.sends.push({ text, resolve, reject }))
  }

  history = async (): Promise<readonly Message[]> => []
  typing(): void {}

  async leave(): Promise<void> {
    this.hasLeft = true
  }

  async *messages(): AsyncGenerator<Message, void, undefined> {
    if (this.end) throw this.end
    yield* []
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return this.messages()
  }

  on<What extends keyof RoomEvents>(
    what: What,
    call: (value: RoomEvents[What]) => void,
  ): () => void {
    this.#listeners.push({ what, call })
    return () => {}
  }
}
