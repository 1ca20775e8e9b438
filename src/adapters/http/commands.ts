import type { Controller } from '../../domain/controller.ts'
import type { Joined } from '../../domain/joins.ts'
import type { Member, Sent } from '../../domain/member.ts'
import type { Pace } from '../../domain/pace.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Meter, Refused } from '../../ports/meter.ts'
import type { RoomId } from '../../ports/model.ts'
import {
  type Command,
  type JoinCommand,
  parseCommand,
  type Refusal,
  type SendCommand,
} from '../../protocol/commands.ts'
import type { FailedCode, FailedEvent } from '../../protocol/events.ts'
import { refusalOf } from './errors.ts'
import type { JsonSocket } from './json-socket.ts'
import { retryMs } from './retry.ts'
import { RoomConnection } from './room-connection.ts'

export interface CommandsParts {
  readonly controller: Pick<Controller, 'joinResumable'>
  readonly socket: JsonSocket
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
  readonly meter: Meter
  readonly random: () => number
  readonly maxRooms: number
  /** How fast commands may come that are no texts of a member; undefined: as fast as they do. */
  readonly pace: Pace | undefined
  /** Counts a join. @throws RoomError; @returns milliseconds to wait, 0 to go on */
  readonly admitJoin: () => number
}

interface Place {
  readonly connection: RoomConnection
  /** Undefined until the join is done. */
  member: Pick<Member, 'send' | 'typing' | 'leave' | 'quit'> | undefined
}

/** How a socket ends: its peer closed it, or anything else. */
type End = 'closed' | 'lost'

/** The commands of one JSON socket, and its rooms: a member of its own in each. */
export class Commands {
  readonly #parts: CommandsParts
  readonly #rooms = new Map<RoomId, Place>()
  #end: End | undefined

  constructor(parts: CommandsParts) {
    this.#parts = parts
  }

  /** Takes one text frame. */
  take(text: string): void {
    const read = parseCommand(text)
    if ('command' in read && read.command === 'send') {
      // Its rate is that of its member.
      const member = this.#rooms.get(read.roomId as RoomId)?.member
      if (member) return this.#send(member, read)
    }
    const { pace, clock, socket } = this.#parts
    const bytes = Buffer.byteLength(text)
    const verdict = pace?.judge(bytes, clock.now()) ?? 'pass'
    if (verdict === 'flood') return socket.close('flood')
    const about = aboutOf(read)
    // Who waits for the answer to a ref gets one.
    if (verdict === 'drop' && about.ref === undefined) {
      return this.#parts.meter.refused('command', 'rate_limited')
    }
    if (verdict !== 'pass') {
      const waitMs = pace?.waitMs(bytes, clock.now()) ?? 0
      const words = 'You are sending too fast, wait a little.'
      return this.#refuse('command', about, 'rate_limited', words, waitMs)
    }
    if ('code' in read) this.#refuse('command', about, read.code, read.message)
    else this.#carryOut(read)
  }

  /** The socket is no more. Idempotent. */
  end(how: End): void {
    this.#end ??= how
    const places = Array.from(this.#rooms.values())
    this.#rooms.clear()
    for (const { member } of places) {
      if (how === 'closed') member?.quit()
      else member?.leave()
    }
  }

  #carryOut(command: Command): void {
    const { roomId } = command
    const place = this.#rooms.get(roomId as RoomId)
    if (command.command === 'join') return this.#join(command)
    if (command.command === 'leave' && place) {
      this.#rooms.delete(roomId as RoomId)
      place.member?.quit()
    } else if (command.command === 'typing' && place?.member) {
      place.member.typing()
    } else {
      this.#refuse('command', aboutOf(command), 'not_joined', 'You are not in this room.')
    }
  }

  #send(member: Pick<Member, 'send'>, { roomId, ref, message }: SendCommand): void {
    member.send(ref, message, (sent: Sent) => {
      if ('refused' in sent) this.#fail({ roomId, ref }, sent.refused, sent.reason, sent.waitMs)
      else this.#parts.socket.tell({ event: 'ack', roomId, ref, id: sent.id, seq: sent.seq })
    })
  }

  #join({ roomId: id, after, resume }: JoinCommand): void {
    const { controller, socket, maxRooms, admitJoin } = this.#parts
    const roomId = id as RoomId
    const about = { roomId }
    if (this.#rooms.has(roomId)) {
      return this.#refuse('join', about, 'invalid', 'This connection is in this room.')
    }
    if (this.#rooms.size >= maxRooms) {
      return this.#refuse('join', about, 'full', 'This connection has as many rooms as it may.')
    }
    try {
      const waitMs = admitJoin()
      if (waitMs > 0) {
        const words = 'Too many joins from your address, wait a little.'
        return this.#refuse('join', about, 'rate_limited', words, waitMs)
      }
    } catch (error) {
      return socket.tell(this.#failedOf(roomId, error))
    }
    const place: Place = {
      connection: new RoomConnection(socket, () => this.#roomGone(roomId)),
      member: undefined,
    }
    this.#rooms.set(roomId, place)
    const wish = { ...(after === undefined ? {} : { after }), ...(resume ? { resume } : {}) }
    controller.joinResumable(roomId, place.connection, wish).then(
      (joined) => this.#joined(roomId, place, joined),
      (error: unknown) => {
        if (this.#rooms.get(roomId) !== place) return
        this.#rooms.delete(roomId)
        place.connection.refuseJoin(this.#failedOf(roomId, error))
      },
    )
  }

  #joined(roomId: RoomId, place: Place, joined: Joined): void {
    const { member, roomName, members, memberCount, seq, resume, resetFrom } = joined
    if (this.#end === 'lost') return member.leave()
    // Left meanwhile, or closed.
    if (this.#rooms.get(roomId) !== place) return member.quit()
    place.member = member
    const you = { id: member.id, name: member.name }
    place.connection.open([
      { event: 'room', roomId, roomName, you, members, memberCount, seq, resume },
      ...(resetFrom === undefined ? [] : [{ event: 'reset' as const, roomId, from: resetFrom }]),
    ])
  }

  #roomGone(roomId: RoomId): void {
    this.#rooms.delete(roomId)
    if (this.#rooms.size === 0) this.#parts.socket.close('room_gone')
    else this.#fail({ roomId }, 'not_found', 'The room is gone.')
  }

  /** What a join that failed is answered. */
  #failedOf(roomId: RoomId, error: unknown): FailedEvent {
    const { code, message } = refusalOf(error)
    this.#parts.meter.refused('join', code)
    if (code === 'internal') this.#parts.log.error('request failed', { error })
    return failed({ roomId }, code, message, this.#retryMs(code))
  }

  #refuse(what: Refused, about: About, code: FailedCode, message: string, waitMs?: number): void {
    this.#parts.meter.refused(what, code)
    this.#fail(about, code, message, waitMs)
  }

  #fail(about: About, code: FailedCode, message: string, waitMs?: number): void {
    const retry = waitMs === undefined ? this.#retryMs(code) : Math.ceil(waitMs)
    this.#parts.socket.tell(failed(about, code, message, retry))
  }

  #retryMs(code: FailedCode): number | undefined {
    return PASSING.has(code) ? retryMs(this.#parts.random) : undefined
  }
}

/** Another try may do. */
const PASSING: ReadonlySet<FailedCode> = new Set([
  'overloaded',
  'unavailable',
  'draining',
  'unknown',
])

/** What a refusal refers to. */
type About = Pick<FailedEvent, 'roomId' | 'ref'>

const aboutOf = (read: Command | Refusal): About => {
  const ref = 'ref' in read ? read.ref : undefined
  return {
    ...(read.roomId === undefined ? {} : { roomId: read.roomId }),
    ...(ref === undefined ? {} : { ref }),
  }
}

const failed = (
  about: About,
  code: FailedCode,
  message: string,
  retryAfterMs: number | undefined,
): FailedEvent => ({
  event: 'failed',
  ...about,
  code,
  message,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})
