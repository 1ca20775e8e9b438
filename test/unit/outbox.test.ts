import { describe, expect, test } from 'vitest'
import { SystemIds } from '../../src/adapters/system/ids.ts'
import { Outbox, type Outcome } from '../../src/domain/outbox.ts'
import type { Append, Appended } from '../../src/ports/append.ts'
import { RoomError } from '../../src/ports/errors.ts'
import { noMeter } from '../../src/ports/meter.ts'
import type { LogRow, NodeId, RoomId } from '../../src/ports/model.ts'
import { FakeClock } from '../fake-clock.ts'

const ids = new SystemIds()
const nodeId = 'node' as NodeId

interface Call {
  readonly entries: readonly Append[]
  resolve(results?: readonly Appended[]): void
  reject(code: 'unavailable' | 'unknown' | 'internal'): void
}

/** An outbox over a repository whose answers the test gives. */
const open = () => {
  const clock = new FakeClock()
  const calls: Call[] = []
  const logged: LogRow[] = []
  const seqs = new Map<RoomId, number>()
  const stored = (entry: Append): Appended => {
    const seq = (seqs.get(entry.roomId) ?? 0) + 1
    seqs.set(entry.roomId, seq)
    const { roomId, messageId: id } = entry
    if (entry.type === 'edited' || entry.type === 'deleted') {
      return { change: { type: 'deleted', roomId, seq, sent: 0, id: entry.target, target: 1 } }
    }
    const { memberId, type } = entry
    const message = entry.type === 'chat' ? entry.message : type
    return { message: { id, roomId, memberId, memberName: 'A', type, message, sent: 0, seq } }
  }
  const outbox = new Outbox({
    meter: noMeter,
    repository: {
      append: (_, entries) =>
        new Promise((resolve, reject) => {
          calls.push({
            entries,
            resolve: (results) => resolve(results ?? entries.map(stored)),
            reject: (code) => reject(new RoomError(code, 'scripted')),
          })
        }),
    },
    clock,
    ids,
    nodeId: () => nodeId,
    onLogged: (messages) => logged.push(...messages),
    onAppending: () => {},
  })
  const outcomes: [string, Outcome][] = []
  const chat = (roomId: RoomId, message: string) =>
    outbox.add(
      { type: 'chat', roomId, memberId: ids.memberId(), messageId: ids.messageId(), message },
      (outcome) => outcomes.push([message, outcome]),
    )
  const leave = (roomId: RoomId, label: string) =>
    outbox.add(
      { type: 'left', roomId, memberId: ids.memberId(), messageId: ids.messageId() },
      (outcome) => outcomes.push([label, outcome]),
    )
  return { clock, calls, outbox, chat, leave, outcomes, logged }
}

const texts = (call: Call | undefined) =>
  call?.entries.map((entry) => (entry.type === 'chat' ? entry.message : entry.type))

describe('Outbox', () => {
  const [red, blue, green] = [ids.roomId(), ids.roomId(), ids.roomId()]

  test('what comes in one turn goes at its end; what comes meanwhile goes when the append returns', async () => {
    const { clock, calls, chat } = open()
    chat(red, 'a')
    chat(red, 'b')
    await clock.advance(0)
    expect(calls.map(texts)).toEqual([['a', 'b']])
    chat(red, 'c')
    await clock.advance(0)
    chat(red, 'd')
    await clock.advance(10)
    expect(calls).toHaveLength(1)
    calls[0]?.resolve()
    await clock.advance(0)
    expect(calls.map(texts)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  test('at most two appends are under way, never with a room in common', async () => {
    const { clock, calls, chat } = open()
    chat(red, 'red 1')
    await clock.advance(0)
    chat(red, 'red 2')
    chat(blue, 'blue 1')
    await clock.advance(0)
    chat(green, 'green 1')
    chat(blue, 'blue 2')
    await clock.advance(0)
    expect(calls.map(texts)).toEqual([['red 1'], ['blue 1']])
    calls[1]?.resolve()
    await clock.advance(0)
    expect(calls.map(texts)).toEqual([['red 1'], ['blue 1'], ['green 1', 'blue 2']])
    calls[0]?.resolve()
    await clock.advance(0)
    expect(calls.map(texts).at(-1)).toEqual(['red 2'])
  })

  test('a batch holds at most 1,000 entries and 1 MiB; no entry is left behind or overtaken', async () => {
    const { clock, calls, chat } = open()
    chat(red, 'first')
    await clock.advance(0)
    for (let count = 0; count < 1_500; count += 1) chat(red, `text ${count}`)
    for (let count = 0; count < 3; count += 1) chat(red, `${count}`.repeat(600_000))
    for (let index = 0; index < calls.length; index += 1) {
      calls[index]?.resolve()
      await clock.advance(0)
    }
    expect(calls.map((call) => call.entries.length)).toEqual([1, 1_000, 501, 1, 1])
    expect(calls.flatMap((call) => texts(call)).slice(0, 1_501)).toEqual([
      'first',
      ...Array.from({ length: 1_500 }, (_, index) => `text ${index}`),
    ])
  })

  test('a full outbox refuses at once, but never a leave', () => {
    const { outbox, chat, leave } = open()
    for (let count = 0; count < 10_000; count += 1) expect(chat(red, 'x')).toBe(true)
    expect(chat(red, 'one more')).toBe(false)
    expect(leave(red, 'left')).toBe(true)
    expect(outbox.depth).toBe(10_001)
  })

  test('a full outbox counts bytes too', () => {
    const { chat } = open()
    const large = 'x'.repeat(1 << 20)
    for (let count = 0; count < 16; count += 1) expect(chat(red, large)).toBe(true)
    expect(chat(red, 'x')).toBe(false)
  })

  test('an append without an answer is repeated with the same ids, ahead of later entries', async () => {
    const { clock, calls, chat, outcomes } = open()
    chat(red, 'a')
    await clock.advance(0)
    chat(red, 'b')
    calls[0]?.reject('unknown')
    await clock.advance(1_000)
    expect(texts(calls[1])).toEqual(['a', 'b'])
    expect(calls[1]?.entries[0]).toBe(calls[0]?.entries[0])
    calls[1]?.resolve()
    await clock.advance(0)
    expect(outcomes.map(([text, outcome]) => [text, 'message' in outcome])).toEqual([
      ['a', true],
      ['b', true],
    ])
  })

  test('after five seconds what may be stored is unknown, what cannot be is unavailable', async () => {
    const { clock, calls, chat, outcomes } = open()
    chat(red, 'tried')
    await clock.advance(0)
    chat(red, 'waited')
    calls[0]?.reject('unknown')
    for (let index = 1; index < 30 && outcomes.length === 0; index += 1) {
      await clock.advance(1_000)
      calls[index]?.reject('unavailable')
      await clock.advance(0)
    }
    expect(clock.now()).toBeGreaterThanOrEqual(5_000)
    expect(clock.now()).toBeLessThan(8_000)
    expect(outcomes).toEqual([
      ['tried', { failed: 'unknown' }],
      ['waited', { failed: 'unavailable' }],
    ])
  })

  test('a leave waits until the repository has answered, however long that takes', async () => {
    const { clock, calls, leave, outcomes } = open()
    leave(red, 'left')
    await clock.advance(0)
    for (let index = 0; index < 60; index += 1) {
      calls[index]?.reject('unknown')
      await clock.advance(1_000)
    }
    expect(outcomes).toEqual([])
    calls.at(-1)?.resolve([{ rejected: 'member_gone' }])
    await clock.advance(0)
    expect(outcomes).toEqual([['left', { rejected: 'member_gone' }]])
  })

  test('while the repository fails, tries are at most a second apart and at least 50 ms', async () => {
    const { clock, calls, leave } = open()
    leave(red, 'left')
    await clock.advance(0)
    const times: number[] = []
    for (let index = 0; index < 10; index += 1) {
      times.push(clock.now())
      calls[index]?.reject('unavailable')
      while (calls.length === index + 1) await clock.advance(1)
    }
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(50)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1_001)
  })

  test('a bug fails its entries and is not repeated', async () => {
    const { clock, calls, chat, outcomes } = open()
    chat(red, 'a')
    await clock.advance(0)
    calls[0]?.reject('internal')
    await clock.advance(10_000)
    expect(outcomes).toEqual([['a', { failed: 'internal' }]])
    expect(calls).toHaveLength(1)
  })

  test('what is stored is settled before it is handed on, and handed on in seq order', async () => {
    const { clock, calls, chat, outcomes, logged } = open()
    chat(red, 'a')
    await clock.advance(0)
    chat(red, 'b')
    chat(red, 'c')
    calls[0]?.resolve()
    await clock.advance(0)
    calls[1]?.resolve()
    await clock.advance(0)
    expect(logged.map((row) => [row.seq, 'message' in row && row.message])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ])
    expect(outcomes.map(([text]) => text)).toEqual(['a', 'b', 'c'])
  })

  test('idle resolves when all is settled', async () => {
    const { clock, calls, outbox, chat } = open()
    let idle = false
    await outbox.idle()
    chat(red, 'a')
    void outbox.idle().then(() => (idle = true))
    await clock.advance(0)
    expect(idle).toBe(false)
    calls[0]?.resolve()
    await clock.advance(0)
    expect(idle).toBe(true)
  })
})
