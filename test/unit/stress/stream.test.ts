import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../../random.ts'
import {
  hear,
  joinedFrame,
  type RoomFrame,
  roomFrames,
  SENDERS,
  withPrivateFrames,
} from './audience.ts'

const MEMBERS = 5

interface Scene {
  readonly frames: readonly RoomFrame[]
  readonly marked: readonly RoomFrame[]
  readonly streams: Buffer[][]
}

/** Everybody's stream as it should be. */
const scene = (random: Random, count: number): Scene => {
  const frames = roomFrames(random, count)
  const bytes = frames.map((frame) => frame.bytes)
  const joins = Array.from({ length: MEMBERS }, (_, place) => joinedFrame(place))
  return {
    frames,
    marked: frames.filter(({ isMarked }) => isMarked),
    streams: joins.map((_, place) => [...joins.slice(place), ...bytes]),
  }
}

/** How many texts each sender has in these. */
const sentBy = (frames: readonly RoomFrame[]): readonly number[] =>
  Array.from(
    { length: SENDERS },
    (_, place) =>
      frames.filter(({ bytes }) => bytes.includes(`@test,${(30 + place).toString(36)},`)).length,
  )

const scenes = fc.record({ seed: fc.integer(), count: fc.integer({ min: 3, max: 120 }) })
const RUNS = { numRuns: 300 }

/** Changes one member's stream and hears it; undefined when the scene has nothing to change. */
const hearFaulty = (
  seed: number,
  count: number,
  change: (stream: Buffer[], at: number, random: Random, marked: readonly RoomFrame[]) => void,
) => {
  const random = new Random(seed)
  const { frames, marked, streams } = scene(random, count)
  if (marked.length < 3) return undefined
  const stream = random.pick(streams)
  change(stream, stream.indexOf(random.pick(marked.slice(0, -1)).bytes), random, marked)
  const own = streams.map((each) => withPrivateFrames(random, each))
  const { tally, account } = hear(random, own, sentBy(frames))
  const { doubled, reordered, altered } = tally
  return { lost: account.lost, doubled, reordered, altered }
}

test('streams that are the same have no fault, whatever each member gets besides', () => {
  fc.assert(
    fc.property(scenes, ({ seed, count }) => {
      const random = new Random(seed)
      const { frames, marked, streams } = scene(random, count)
      const own = streams.map((stream) => withPrivateFrames(random, stream))
      const sent = sentBy(frames)
      const { tally, account, members } = hear(random, own, sent)
      expect(tally).toMatchObject({ doubled: 0, reordered: 0, altered: 0 })
      expect(account).toMatchObject({ lost: 0, unanswered: 0, sent: marked.length })
      expect(tally.delivered).toBe(MEMBERS * marked.length)
      expect(tally.latency.count).toBe(MEMBERS * marked.length)
      expect(tally.latency.max).toBe(2)
      for (const [place, member] of members.entries()) {
        const echoes = Array.from({ length: sent[place] ?? 0 }, (_, index) => index + 1)
        expect(member.echoes).toEqual(echoes)
        const contained = (text: string): number =>
          own[place]!.filter((frame) => frame.includes(text)).length
        expect(member.pings).toBe(contained('ping'))
        expect(member.refusals).toBe(contained('failed'))
        expect(member.why).toEqual([])
      }
    }),
    RUNS,
  )
})

test('a text that one member does not get is one lost', () => {
  fc.assert(
    fc.property(scenes, ({ seed, count }) => {
      const faults = hearFaulty(seed, count, (stream, at) => stream.splice(at, 1))
      fc.pre(faults !== undefined)
      expect(faults).toEqual({ lost: 1, doubled: 0, reordered: 0, altered: 0 })
    }),
    RUNS,
  )
})

test('the last text is lost as well when only one member does not get it', () => {
  fc.assert(
    fc.property(scenes, ({ seed, count }) => {
      const faults = hearFaulty(seed, count, (stream, _at, _random, marked) =>
        stream.splice(stream.indexOf(marked.at(-1)!.bytes), 1),
      )
      fc.pre(faults !== undefined)
      expect(faults).toEqual({ lost: 1, doubled: 0, reordered: 0, altered: 0 })
    }),
    RUNS,
  )
})

test('a text that one member gets twice is one doubled', () => {
  fc.assert(
    fc.property(scenes, ({ seed, count }) => {
      const faults = hearFaulty(seed, count, (stream, at, random) => {
        const later = at + 1 + random.below(stream.length - at)
        stream.splice(later, 0, stream[at]!)
      })
      fc.pre(faults !== undefined)
      expect(faults).toEqual({ lost: 0, doubled: 1, reordered: 0, altered: 0 })
    }),
    RUNS,
  )
})

test('a text that comes to one member behind a later one is out of order, and is not lost', () => {
  fc.assert(
    fc.property(scenes, ({ seed, count }) => {
      const faults = hearFaulty(seed, count, (stream, at, random, marked) => {
        const [frame] = stream.splice(at, 1)
        const later = marked.slice(marked.findIndex(({ bytes }) => bytes === frame) + 1)
        stream.splice(stream.indexOf(random.pick(later).bytes) + 1, 0, frame!)
      })
      fc.pre(faults !== undefined)
      expect(faults).toMatchObject({ lost: 0, doubled: 0, altered: 0 })
      expect(faults.reordered).toBeGreaterThan(0)
    }),
    RUNS,
  )
})

test('a text that comes to one member with another byte is altered', () => {
  fc.assert(
    fc.property(scenes, ({ seed, count }) => {
      const faults = hearFaulty(seed, count, (stream, at) => {
        const other = Buffer.from(stream[at]!)
        // The last byte of its time, before the quotation mark and the brace.
        other.writeUInt8(0x2c, other.length - 3)
        stream[at] = other
      })
      fc.pre(faults !== undefined)
      expect(faults).toMatchObject({ lost: 0, doubled: 0, reordered: 0 })
      expect(faults.altered).toBeGreaterThan(0)
    }),
    RUNS,
  )
})

test('a text that nobody gets is lost for all', () => {
  fc.assert(
    fc.property(scenes, ({ seed, count }) => {
      const random = new Random(seed)
      const { frames, marked, streams } = scene(random, count)
      fc.pre(marked.length > 0)
      const gone = random.pick(marked).bytes
      const { account } = hear(
        random,
        streams.map((stream) => stream.filter((frame) => frame !== gone)),
        sentBy(frames),
      )
      expect(account).toMatchObject({ lost: MEMBERS, unanswered: 1 })
    }),
    RUNS,
  )
})

test('one who is too far behind is let go, the others read on', () => {
  const random = new Random(1)
  const { frames, marked, streams } = scene(random, 4000)
  const last = streams.pop()!
  // It reads no more than its own join.
  const audience = [...streams, last.slice(0, 1)]
  const { members, log, tally } = hear(random, audience, sentBy(frames), 200_000)
  expect(members.map(({ why }) => why.length)).toEqual([0, 0, 0, 0, 1])
  expect(tally.delivered).toBe((MEMBERS - 1) * marked.length)
  expect(log.bytes.length).toBeLessThanOrEqual(4 * 200_000)
})
