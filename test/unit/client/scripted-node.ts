import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import type { Message, Socket } from '../../../src/client/api.ts'
import { OpenClient } from '../../../src/client/open-client.ts'
import { type Command, parseCommand } from '../../../src/protocol/commands.ts'
import { CONNECT_PATH, SUBPROTOCOL } from '../../../src/protocol/dialect.ts'
import type { Event, Limits, MessageEvent, RoomEvent } from '../../../src/protocol/events.ts'
import { FakeClock } from '../../fake-clock.ts'

export const LIMITS: Limits = { maxMessageBytes: 16_384, maxRooms: 50, resumeMs: 30_000 }
export const ROOM_ID = 'd4d211a2-d09f-4e19-8822-8aeddcb0fdd8'
export const OTTER = { id: 'ca3d4f4a-53b8-4f8c-9d3c-0d3a3ac8c8f1', name: 'Silver Otter' }
export const WASP = { id: 'ffde9bd2-0d3f-4d55-8f0e-4a5d1c2b7a10', name: 'Modest Wasp' }

/** The server's end of one WebSocket, in the hands of a test. */
export class FakeSocket implements Socket {
  onmessage: unknown = null
  onclose: unknown = null
  onerror: unknown = null
  readyState = 0
  readonly commands: Command[] = []
  /** That what is no command was said: to be asked whether one is there. */
  probes = 0
  closedWith: number | undefined

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {}

  send(text: string): void {
    if (this.readyState !== 1) throw new Error('said on a connection that is not open')
    const command = parseCommand(text)
    if ('command' in command) this.commands.push(command)
    else if (command.code === 'not_found') this.probes += 1
    else throw new Error(`no command: ${text}`)
  }

  close(code?: number): void {
    this.closedWith = code ?? 1005
    this.readyState = 2
  }

  /** Opens it, with a welcome. */
  welcome(limits = LIMITS): void {
    this.readyState = 1
    this.tell({ event: 'welcome', limits })
  }

  tell(...events: readonly Event[]): void {
    const take = this.onmessage as (message: { data: string }) => void
    for (const event of events) take({ data: JSON.stringify(event) })
  }

  /** It ends, as the network or the node wants. */
  end(code = 1006): void {
    this.readyState = 3
    ;(this.onclose as (event: { code: number }) => void)({ code })
  }

  /** The commands by this name that came since they were last taken. */
  take<N extends Command['command']>(name: N): readonly Extract<Command, { command: N }>[] {
    const taken = this.commands.filter((command) => command.command === name)
    const rest = this.commands.filter((command) => command.command !== name)
    this.commands.splice(0, this.commands.length, ...rest)
    return taken as Extract<Command, { command: N }>[]
  }
}

export const room = (about: Partial<RoomEvent> = {}): RoomEvent => ({
  event: 'room',
  roomId: ROOM_ID,
  roomName: 'Imperfect Seat',
  you: OTTER,
  members: [OTTER],
  memberCount: 1,
  seq: 1,
  resume: 'secret-1',
  ...about,
})

export const message = (seq: number, about: Partial<MessageEvent> = {}): MessageEvent => ({
  event: 'message',
  seq,
  id: randomUUID(),
  roomId: ROOM_ID,
  memberId: WASP.id,
  memberName: WASP.name,
  type: 'chat',
  message: `message ${seq}`,
  sent: '2026-01-01T00:00:00.000Z',
  ...about,
})

export const joined = (seq: number, member = OTTER): MessageEvent =>
  message(seq, {
    type: 'joined',
    memberId: member.id,
    memberName: member.name,
    message: `${member.name} joined the room.`,
  })

export const left = (seq: number, member = WASP): MessageEvent => ({
  ...joined(seq, member),
  type: 'left',
  message: `${member.name} left the room.`,
})

export const without = ({ event: _event, ...rest }: MessageEvent): Message => rest

/** A client on a clock of its own, and all the sockets that it has made. */
export const openClient = (
  options: { readonly random?: () => number; readonly page?: (url: URL) => unknown } = {},
) => {
  const clock = new FakeClock()
  const sockets: FakeSocket[] = []
  /** When each was made. */
  const at: number[] = []
  const asked: URL[] = []
  const client = new OpenClient({
    url: 'http://node',
    clock,
    random: options.random ?? (() => 0.5),
    WebSocket: class extends FakeSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol)
        if (url !== `ws://node${CONNECT_PATH}` || protocol !== SUBPROTOCOL) throw new Error(url)
        sockets.push(this)
        at.push(clock.now())
      }
    },
    fetch: async (input) => {
      const url = new URL(input instanceof Request ? input.url : input)
      asked.push(url)
      return new Response(JSON.stringify(options.page?.(url)))
    },
  })
  onTestFinished(() => void client.close())
  const last = (): FakeSocket => sockets.at(-1)!
  /** As the first member of a room: `joined` is all that it has. */
  const join = async (wish = {}, about: Partial<RoomEvent> = {}) => {
    if (last().readyState === 0) last().welcome()
    const joining = client.join(ROOM_ID, wish)
    last().take('join')
    last().tell(room(about), joined(about.seq ?? 1, about.you))
    const there = await joining
    await clock.advance(0)
    return there
  }
  return { client, clock, sockets, at, asked, last, join }
}
