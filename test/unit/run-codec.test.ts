import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeRun, encodeRun } from '../../src/adapters/redis/run-codec.ts'
import type { NodeId } from '../../src/ports/model.ts'

const from = randomUUID() as NodeId
const frame = fc.uint8Array({ maxLength: 300 })

const decoded = (payload: Buffer) => {
  const result = decodeRun(payload)
  if (!result || result === 'ignored') throw new Error('not decoded')
  return result
}

describe('run codec', () => {
  test('what is encoded is decoded, whole and in order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 52 }),
        fc.array(frame, { minLength: 1, maxLength: 50 }),
        (firstSeq, frames) => {
          const parts = encodeRun(from, { firstSeq, frames }).map(decoded)
          expect(parts.map((part) => part.from)).toEqual(parts.map(() => from))
          expect(parts[0]?.run.firstSeq).toBe(firstSeq)
          expect(parts.flatMap(({ run }) => run.frames.map((bytes) => [...bytes]))).toEqual(
            frames.map((bytes) => [...bytes]),
          )
        },
      ),
    )
  })

  test('a run over 256 KiB becomes several payloads, each below, with consecutive seqs', () => {
    const frames = Array.from({ length: 30 }, () => new Uint8Array(20_000))
    const payloads = encodeRun(from, { firstSeq: 5, frames })
    expect(payloads.map((payload) => payload.length <= 256 << 10)).toEqual([true, true, true])
    let next = 5
    for (const payload of payloads) {
      const { run } = decoded(payload)
      expect(run.firstSeq).toBe(next)
      next += run.frames.length
    }
    expect(next).toBe(35)
  })

  test('a run of very many empty frames becomes several payloads too', () => {
    const frames = Array.from({ length: 10_001 }, () => new Uint8Array(0))
    const parts = encodeRun(from, { firstSeq: 1, frames }).map(decoded)
    expect(parts.map(({ run }) => [run.firstSeq, run.frames.length])).toEqual([
      [1, 10_000],
      [10_001, 1],
    ])
  })

  test('no bytes make it throw, and what it takes is a whole run with seqs that are safe integers', () => {
    const valid = encodeRun(from, { firstSeq: 3, frames: [new Uint8Array(9), new Uint8Array(0)] })
    const base = [...(valid[0] ?? [])]
    const mutated = fc
      .array(fc.tuple(fc.nat(base.length), fc.nat(255)), { maxLength: 4 })
      .map((changes) => {
        const bytes = [...base]
        for (const [at, value] of changes) bytes[at] = value
        return Buffer.from(bytes)
      })
    const random = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes))
    const headed = random.map((bytes) => Buffer.concat([Buffer.of(1, 1), bytes]))
    fc.assert(
      fc.property(fc.oneof(mutated, random, headed), (payload) => {
        const result = decodeRun(payload)
        if (!result || result === 'ignored') return
        const { firstSeq, frames } = result.run
        expect(frames.length).toBeGreaterThan(0)
        expect(firstSeq).toBeGreaterThan(0)
        expect(Number.isSafeInteger(firstSeq + frames.length)).toBe(true)
        // Nothing of it was passed over: it is what an encoder would have made of this run.
        expect(encodeRun(result.from, result.run)).toEqual([payload])
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    ['nothing', Buffer.of()],
    ['a header cut short', Buffer.alloc(20).fill(1, 0, 2)],
    ['no entry', Buffer.alloc(26).fill(1, 0, 2)],
    ['seq 0', Buffer.concat([Buffer.of(1, 1), Buffer.alloc(24), Buffer.alloc(4)])],
    [
      'a length beyond the end',
      Buffer.concat([Buffer.of(1, 1), Buffer.alloc(23), Buffer.of(1), Buffer.of(0, 0, 0, 9, 1)]),
    ],
    ['more than 512 KiB', Buffer.alloc((512 << 10) + 1).fill(1, 0, 2)],
  ])('%s is malformed', (_, payload) => {
    expect(decodeRun(payload)).toBeUndefined()
  })

  test('another version or kind is ignored: a newer node may send it', () => {
    expect([decodeRun(Buffer.of(2, 1)), decodeRun(Buffer.of(1, 2))]).toEqual(['ignored', 'ignored'])
  })
})
