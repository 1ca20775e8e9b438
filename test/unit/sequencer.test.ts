import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Sequencer } from '../../src/domain/sequencer.ts'
import type { Entry } from '../../src/ports/model.ts'

const frame = (seq: number) => new Uint8Array([seq & 0xff])
const frames = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => frame(first + index))
const seqs = (entries: readonly Entry[]) => entries.map((entry) => entry.seq)

const startedAt = (seq: number) => {
  const sequencer = new Sequencer()
  sequencer.start(seq)
  return sequencer
}

describe('Sequencer', () => {
  test('S1 lets out consecutive entries at once, with their frames', () => {
    const sequencer = startedAt(5)
    expect(sequencer.offer(5, frames(5, 7))).toEqual([
      { seq: 5, plain: frame(5) },
      { seq: 6, plain: frame(6) },
      { seq: 7, plain: frame(7) },
    ])
    expect([sequencer.next, sequencer.waiting]).toEqual([8, false])
  })

  test('S1 keeps what comes early until its turn', () => {
    const sequencer = startedAt(1)
    expect(seqs(sequencer.offer(3, frames(3, 4)))).toEqual([])
    expect(sequencer.waiting).toBe(true)
    expect(seqs(sequencer.offer(1, frames(1, 1)))).toEqual([1])
    expect(seqs(sequencer.offer(2, frames(2, 2)))).toEqual([2, 3, 4])
    expect(sequencer.waiting).toBe(false)
  })

  test('S2 lets nothing out twice, in part or whole', () => {
    const sequencer = startedAt(1)
    sequencer.offer(1, frames(1, 3))
    expect(seqs(sequencer.offer(1, frames(1, 3)))).toEqual([])
    expect(seqs(sequencer.offer(2, frames(2, 5)))).toEqual([4, 5])
  })

  test('S3 keeps what came before the start and drops what lies before it', () => {
    const sequencer = new Sequencer()
    expect(seqs(sequencer.offer(4, frames(4, 6)))).toEqual([])
    expect([sequencer.next, sequencer.waiting]).toEqual([undefined, false])
    expect(seqs(sequencer.start(5))).toEqual([5, 6])
    expect(seqs(sequencer.start(1))).toEqual([])
    expect(sequencer.next).toBe(7)
  })

  test('S4 waits for a seq that is only said to exist', () => {
    const sequencer = startedAt(1)
    sequencer.expect(2)
    expect(sequencer.waiting).toBe(true)
    sequencer.offer(1, frames(1, 2))
    expect(sequencer.waiting).toBe(false)
  })

  test('S5 a false claim moves nothing, and is forgotten once a later read has disproved it', () => {
    const sequencer = startedAt(1)
    expect(seqs(sequencer.offer(1_000_000_000, frames(1, 1)))).toEqual([])
    const claimed = sequencer.tip
    expect(seqs(sequencer.offer(1, frames(1, 2)))).toEqual([1, 2])
    sequencer.settle(claimed)
    expect([sequencer.next, sequencer.tip, sequencer.waiting]).toEqual([3, 2, false])
  })

  test('S5 a claim that came during the read is kept', () => {
    const sequencer = startedAt(1)
    sequencer.offer(2, frames(2, 2))
    const claimed = sequencer.tip
    sequencer.offer(4, frames(4, 4))
    sequencer.offer(1, frames(1, 2))
    sequencer.settle(claimed)
    expect(sequencer.waiting).toBe(true)
    expect(seqs(sequencer.offer(3, frames(3, 3)))).toEqual([3, 4])
  })

  test('S6 keeps a bounded number of early entries and still knows that there are more', () => {
    const sequencer = startedAt(1)
    sequencer.offer(2, frames(2, 5_000))
    expect(seqs(sequencer.offer(1, frames(1, 1)))).toHaveLength(1_001)
    expect([sequencer.waiting, sequencer.tip]).toEqual([true, 5_000])
  })

  test('S6 keeps a bounded number of early bytes', () => {
    const sequencer = startedAt(1)
    const large = new Uint8Array(400 << 10)
    sequencer.offer(2, [large, large, large])
    expect(seqs(sequencer.offer(1, frames(1, 1)))).toEqual([1, 2, 3])
    expect(sequencer.waiting).toBe(true)
  })

  test('an entry without a plain frame has its place like any other', () => {
    const sequencer = startedAt(1)
    const due = sequencer.offer(1, [frame(1), new Uint8Array(0), frame(3)])
    expect(due.map(({ seq, plain }) => [seq, plain.length])).toEqual([
      [1, 1],
      [2, 0],
      [3, 1],
    ])
  })

  test('S1 S2 any overlapping, repeated and reordered pieces come out as one run', () => {
    const piece = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 }))
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 30 }), (pieces, start) => {
        const sequencer = startedAt(start)
        const out: number[] = []
        for (const [first, count] of pieces) {
          out.push(...seqs(sequencer.offer(first, frames(first, first + count - 1))))
        }
        out.push(...seqs(sequencer.offer(1, frames(1, 80))))
        expect(out).toEqual(Array.from({ length: 81 - start }, (_, index) => start + index))
        expect(sequencer.waiting).toBe(false)
      }),
    )
  })
})
