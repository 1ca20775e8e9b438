import { account, type Receiver } from '../../../src/stress/account.ts'
import { PING, TEXT } from '../../../src/stress/frames.ts'
import { Marker } from '../../../src/stress/marker.ts'
import { RoomLog } from '../../../src/stress/room-log.ts'
import { Stream, type StreamListener } from '../../../src/stress/stream.ts'
import { emptyTally, type Tally } from '../../../src/stress/tally.ts'
import type { Random } from '../../random.ts'
import { serverFrame } from './server-frame.ts'

export const SENDERS = 3
const FIRST_SENDER = 30
const GARBAGE = 0x81

export const marker = new Marker('test')

/** A frame of a room, and of which text it is. */
export interface RoomFrame {
  readonly bytes: Buffer
  readonly isMarked: boolean
}

/** One who joined a room and is told what comes. */
class Listener implements StreamListener, Receiver {
  readonly sender: Receiver['sender']
  readonly stream: Stream
  readonly echoes: number[] = []
  pings = 0
  refusals = 0
  readonly why: string[] = []
  readonly #joined: string

  constructor(log: RoomLog, tally: Tally, place: number, sent: number) {
    const index = FIRST_SENDER + place
    this.#joined = joinedText(place)
    this.sender =
      place < SENDERS ? { index, sent, echoed: sent, failed: 0, underWay: 0 } : undefined
    this.stream = new Stream(log, tally, place < SENDERS ? index : -1, this)
  }

  get delivered(): number {
    return this.stream.delivered
  }

  get missed(): number {
    return this.stream.missed.size
  }

  isJoined(content: Buffer): boolean {
    return content.toString() === this.#joined
  }

  isRefusal(content: Buffer): boolean {
    const is = content.includes('failed')
    if (is) this.refusals++
    return is
  }

  control(opcode: number, content: Buffer): void {
    if (opcode === PING && content.toString() === 'ping') this.pings++
  }

  echoed(number: number): void {
    this.echoes.push(number)
  }

  broken(reason: string): void {
    this.why.push(reason)
  }
}

const joinedText = (place: number): string => `member ${place} joined`

export const joinedFrame = (place: number): Buffer => serverFrame(TEXT, joinedText(place))

/** A room's frames after all have joined: texts of the run and some that are not. */
export const roomFrames = (random: Random, count: number): RoomFrame[] => {
  const numbers = [0, 0, 0]
  return Array.from({ length: count }, (_, index) => {
    const filling = 'y'.repeat(random.below(random.chance(0.1) ? 4000 : 100))
    if (random.chance(0.1)) {
      return { bytes: serverFrame(TEXT, `stranger ${index} ${filling}`), isMarked: false }
    }
    const place = random.below(SENDERS)
    const number = (numbers[place] = (numbers[place] ?? 0) + 1)
    const text = marker.text({ sender: FIRST_SENDER + place, number, time: 5 }, 40)
    const bytes = serverFrame(TEXT, `{"id":${index},"message":"${text}","sent":"${filling}."}`)
    return { bytes, isMarked: true }
  })
}

/** What comes to one alone, anywhere between the frames. */
export const withPrivateFrames = (random: Random, frames: readonly Buffer[]): readonly Buffer[] =>
  frames.flatMap((frame) => {
    if (random.chance(0.05)) return [serverFrame(PING, 'ping'), frame]
    if (!random.chance(0.03)) return [frame]
    const text = marker.text({ sender: FIRST_SENDER, number: 1, time: 5 }, 40)
    return [serverFrame(TEXT, `failed, too fast: ${text}`), frame]
  })

/** Everybody's streams, cut anywhere and read in any order. */
export const hear = (
  random: Random,
  streams: readonly (readonly Buffer[])[],
  sentByPlace: readonly number[],
  largestLag = 1_000_000,
) => {
  const log = new RoomLog(marker, FIRST_SENDER, SENDERS, largestLag)
  const tally = emptyTally()
  const waiting = streams.map((frames, place) => ({ place, bytes: Buffer.concat(frames) }))
  const members = streams.map(
    (_, place) => new Listener(log, tally, place, sentByPlace[place] ?? 0),
  )
  // One buffer for all, as when reading from sockets: nothing may be kept of it.
  const buffer = Buffer.alloc(100_000, GARBAGE)
  while (waiting.length > 0) {
    const one = random.pick(waiting)
    const length = Math.min(one.bytes.length, 1 + random.below(random.chance(0.2) ? 5000 : 300))
    const from = random.below(100)
    one.bytes.copy(buffer, from, 0, length)
    members[one.place]!.stream.take(buffer, from, from + length, 7)
    buffer.fill(GARBAGE, 0, from + length)
    one.bytes = one.bytes.subarray(length)
    if (one.bytes.length === 0) waiting.splice(waiting.indexOf(one), 1)
  }
  for (const { stream } of members) stream.end()
  return { log, tally, members, account: account([{ log, members }], new Set(members)) }
}
