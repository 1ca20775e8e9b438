import { randomBytes, randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MemberId, NodeId, RoomId } from '../../src/ports/model.ts'
import type { Note, Queue, Run } from '../../src/ports/queue.ts'
import { eventually } from '../eventually.ts'

/** Two queues of two nodes over the same transport, or of one process, and how to end them. */
export interface QueueScene {
  readonly a: Queue
  readonly b: Queue
  /** The rooms that somebody listens to, as the transport sees it. */
  channels(): Promise<number>
  dispose(): Promise<void>
}

const run = (firstSeq: number, ...texts: string[]): Run => ({
  firstSeq,
  frames: texts.map((text) => new TextEncoder().encode(text)),
})

/** A subscription that keeps what it was told, as texts. */
const listen = (queue: Queue, roomId: RoomId) => {
  const heard: { from: NodeId; firstSeq: number; frames: string[] }[] = []
  const notes: { from: NodeId; note: Note }[] = []
  const subscription = queue.subscribe(roomId, {
    onRun: (from, { firstSeq, frames }) =>
      heard.push({
        from,
        firstSeq,
        frames: frames.map((frame) => new TextDecoder().decode(frame)),
      }),
    onNote: (from, note) => notes.push({ from, note }),
    onInterrupted: () => {},
  })
  return { heard, notes, live: subscription.live, close: () => subscription.close() }
}

/** The rules of the port, for any queue. */
export const queueContract = (name: string, make: () => Promise<QueueScene>): void => {
  describe(`${name} keeps the contract of a queue`, () => {
    let scene: QueueScene
    let roomId: RoomId
    const from = randomUUID() as NodeId

    beforeEach(async () => {
      scene = await make()
      roomId = randomUUID() as RoomId
    })
    afterEach(() => scene.dispose())

    /** Publishes and waits until everybody has heard it; what comes later came later. */
    const settle = async (...listeners: { heard: { frames: string[] }[] }[]) => {
      const mark = randomUUID()
      await scene.a.publish(roomId, from, run(1, mark))
      await eventually('the mark arrives', () =>
        listeners.every(({ heard }) => heard.some(({ frames }) => frames[0] === mark)),
      )
      for (const { heard } of listeners) {
        heard.splice(
          heard.findIndex(({ frames }) => frames[0] === mark),
          1,
        )
      }
    }

    test('Q1 once live, what either node publishes arrives, its own included', async () => {
      const [ears, others] = [listen(scene.a, roomId), listen(scene.b, roomId)]
      await Promise.all([ears.live, others.live])
      await scene.a.publish(roomId, from, run(1, 'by a'))
      await eventually('it arrives', () => ears.heard.length + others.heard.length === 2)
      await scene.b.publish(roomId, from, run(2, 'by b'))
      await eventually('it arrives', () => ears.heard.length + others.heard.length === 4)
      const expected = [
        { from, firstSeq: 1, frames: ['by a'] },
        { from, firstSeq: 2, frames: ['by b'] },
      ]
      expect([ears.heard, others.heard]).toEqual([expected, expected])
    })

    test('Q2 rooms are isolated, also those whose ids differ in one character', async () => {
      const near = `${roomId.slice(0, -1)}${roomId.endsWith('0') ? '1' : '0'}` as RoomId
      const [ears, others] = [listen(scene.b, roomId), listen(scene.b, near)]
      await Promise.all([ears.live, others.live])
      await scene.a.publish(near, from, run(1, 'for the other room'))
      await eventually('it arrives', () => others.heard.length === 1)
      await settle(ears)
      expect(ears.heard).toEqual([])
    })

    test('Q3 every subscription of a room gets every run', async () => {
      const all = [listen(scene.b, roomId), listen(scene.b, roomId), listen(scene.a, roomId)]
      await Promise.all(all.map(({ live }) => live))
      await scene.a.publish(roomId, from, run(7, 'x'))
      await eventually('all hear it', () => all.every(({ heard }) => heard.length === 1))
    })

    test('Q4 the runs of one publisher arrive in order', async () => {
      const ears = listen(scene.b, roomId)
      await ears.live
      await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          scene.a.publish(roomId, from, run(index + 1, `text ${index}`)),
        ),
      )
      await eventually('all arrive', () => ears.heard.length === 200)
      expect(ears.heard.map(({ firstSeq }) => firstSeq)).toEqual(
        Array.from({ length: 200 }, (_, index) => index + 1),
      )
    })

    test('Q5 no handler runs within publish or subscribe, whatever is on its way', async () => {
      const ears = listen(scene.a, roomId)
      await ears.live
      const published = scene.a.publish(roomId, from, run(1, 'x'))
      expect(ears.heard).toEqual([])
      const late = listen(scene.a, roomId)
      expect([...ears.heard, ...late.heard]).toEqual([])
      await published
      await eventually('it arrives', () => ears.heard.length === 1)
    })

    test('Q5 a handler may close and subscribe', async () => {
      const heard: string[] = []
      const nothing = { onRun() {}, onNote() {}, onInterrupted() {} }
      const first = scene.a.subscribe(roomId, {
        onRun() {
          heard.push('first')
          first.close()
          second.close()
          scene.a.subscribe(roomId, nothing)
        },
        onNote() {},
        onInterrupted() {},
      })
      const second = scene.a.subscribe(roomId, {
        onRun: () => heard.push('second'),
        onNote() {},
        onInterrupted() {},
      })
      const last = listen(scene.a, roomId)
      await Promise.all([first.live, second.live, last.live])
      await scene.a.publish(roomId, from, run(1, 'x'))
      await eventually('the last hears it', () => last.heard.length === 1)
      await settle(last)
      expect(heard).toEqual(['first'])
    })

    test('Q5 handlers are called as the methods of their object', async () => {
      class Ears {
        readonly heard: number[] = []
        onRun(_: NodeId, { firstSeq }: Run) {
          this.heard.push(firstSeq)
        }
        onNote() {}
        onInterrupted() {}
      }
      const ears = new Ears()
      await scene.a.subscribe(roomId, ears).live
      await scene.a.publish(roomId, from, run(7, 'x'))
      await eventually('it arrives', () => ears.heard.length === 1)
      expect(ears.heard).toEqual([7])
    })

    test('Q6 a closed subscription hears nothing more, also of what is on its way; closing twice is closing once', async () => {
      const [ears, others] = [listen(scene.a, roomId), listen(scene.a, roomId)]
      await Promise.all([ears.live, others.live])
      const published = scene.a.publish(roomId, from, run(1, 'on its way'))
      ears.close()
      ears.close()
      await published
      await eventually('the other hears it', () => others.heard.length === 1)
      await settle(others)
      expect(ears.heard).toEqual([])
    })

    test('Q6 the only subscription of a room may close while a run is on its way', async () => {
      const ears = listen(scene.b, roomId)
      await ears.live
      const published = scene.a.publish(roomId, from, run(1, 'on its way'))
      ears.close()
      await published
      const others = listen(scene.b, roomId)
      await others.live
      await settle(others)
      ears.close()
      await settle(others)
      expect(ears.heard).toEqual([])
    })

    test('Q7 any bytes arrive as they are', async () => {
      const frames = [randomBytes(200 << 10), Uint8Array.of(), Uint8Array.of(0, 0xff, 0x0a)]
      const heard: Run[] = []
      const { live } = scene.b.subscribe(roomId, {
        onRun: (_, arrived) => heard.push(arrived),
        onNote() {},
        onInterrupted() {},
      })
      await live
      await scene.a.publish(roomId, from, { firstSeq: 1, frames })
      await eventually('it arrives', () => heard.length === 1)
      expect(heard.map(({ firstSeq }) => firstSeq)).toEqual([1])
      const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
      expect(heard[0]?.frames.map(hex)).toEqual(frames.map(hex))
    })

    test('Q7 frames arrive byte for byte: an empty one, a large one, a thousand', async () => {
      const ears = listen(scene.b, roomId)
      await ears.live
      const large = 'ü😀'.repeat(30_000)
      await scene.a.publish(roomId, from, run(1, '', 'a\nb', large))
      await eventually('it arrives', () => ears.heard.length === 1)
      expect(ears.heard).toEqual([{ from, firstSeq: 1, frames: ['', 'a\nb', large] }])
      const many = Array.from({ length: 1_000 }, (_, index) => `text ${index}`)
      await scene.a.publish(roomId, from, run(4, ...many))
      await eventually('it arrives', () => ears.heard.length === 2)
      expect(ears.heard[1]).toEqual({ from, firstSeq: 4, frames: many })
    })

    test('Q8 a long run may arrive as several, consecutive and in order', async () => {
      const ears = listen(scene.b, roomId)
      await ears.live
      const texts = Array.from({ length: 60 }, (_, index) => `${index} `.repeat(5_000))
      await scene.a.publish(roomId, from, run(11, ...texts))
      await eventually('all arrive', () => ears.heard.flatMap(({ frames }) => frames).length === 60)
      let next = 11
      for (const { firstSeq, frames } of ears.heard) {
        expect(firstSeq).toBe(next)
        next += frames.length
      }
      expect(ears.heard.flatMap(({ frames }) => frames)).toEqual(texts)
    })

    test('Q9 the last close of a room frees its channel', async () => {
      const before = await scene.channels()
      const all = [listen(scene.a, roomId), listen(scene.a, roomId), listen(scene.b, roomId)]
      await Promise.all(all.map(({ live }) => live))
      expect(await scene.channels()).toBe(before + 1)
      for (const { close } of all) close()
      await eventually('it is free', async () => (await scene.channels()) === before)
    })

    test('Q10 who subscribes again at once is subscribed', async () => {
      for (let round = 0; round < 20; round += 1) listen(scene.b, roomId).close()
      const ears = listen(scene.b, roomId)
      await ears.live
      await scene.a.publish(roomId, from, run(1, 'x'))
      await eventually('it arrives', () => ears.heard.length === 1)
    })

    test('Q10 also when it was live before, and its last one closed in the same turn', async () => {
      let ears = listen(scene.b, roomId)
      for (let round = 1; round <= 20; round += 1) {
        await ears.live
        ears.close()
        ears = listen(scene.b, roomId)
      }
      await ears.live
      await scene.a.publish(roomId, from, run(1, 'x'))
      await eventually('it arrives', () => ears.heard.length === 1)
      expect(ears.heard).toEqual([{ from, firstSeq: 1, frames: ['x'] }])
    })

    test('Q12 notes arrive as they are, in order, and are no runs', async () => {
      const ears = listen(scene.b, roomId)
      const near = listen(scene.b, randomUUID() as RoomId)
      await Promise.all([ears.live, near.live])
      const memberId = randomUUID() as MemberId
      const notes: Note[] = [
        { kind: 'typing', member: { id: memberId, name: 'Silver Ötter 2' } },
        { kind: 'resumed', memberId, attachment: 2 },
        { kind: 'resumed', memberId, attachment: 1_000_000 },
        { kind: 'typing', member: { id: memberId, name: 'x' } },
      ]
      for (const note of notes) await scene.a.tell(roomId, from, note)
      await eventually('all arrive', () => ears.notes.length === 4)
      expect(ears.notes).toEqual(notes.map((note) => ({ from, note })))
      expect([ears.heard, near.notes]).toEqual([[], []])
    })

    test('Q11 ping answers', async () => {
      await expect(scene.a.ping()).resolves.toBeUndefined()
    })
  })
}
