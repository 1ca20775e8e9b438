import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as ws from 'ws'
import { contentAt, frameEnd, maskedFrame, opcodeAt, TEXT } from '../../../src/stress/frames.ts'

interface Reads {
  write(bytes: Uint8Array): void
  on(event: 'message', listener: (data: Buffer) => void): void
}

interface Library {
  readonly Receiver: new (options: object) => Reads
  readonly Sender: { frame(content: Uint8Array, options: object): Uint8Array[] }
}

/** The parts of a library that we did not write and that its types leave out. */
const { Receiver, Sender } = ws as unknown as Library

const lengths = fc.oneof(
  fc.integer({ min: 0, max: 400 }),
  fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000),
)

test('a text of any length is a frame that a server reads', async () => {
  await fc.assert(
    fc.asyncProperty(lengths, async (length) => {
      const receiver = new Receiver({ isServer: true, allowSynchronousEvents: true })
      const texts: string[] = []
      receiver.on('message', (data) => texts.push(data.toString()))
      receiver.write(maskedFrame(TEXT, Buffer.alloc(length, 'e')))
      await new Promise(setImmediate)
      expect(texts).toEqual([Buffer.alloc(length, 'e').toString()])
    }),
  )
})

test('frames of a server are found wherever the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(lengths, { maxLength: 5 }), fc.nat(), (sizes, cut) => {
      const whole = Buffer.concat(
        sizes.flatMap((size, index) =>
          Sender.frame(Buffer.alloc(size, 'abcde'.charAt(index)), {
            fin: true,
            rsv1: false,
            opcode: 1 + (index % 2),
            mask: false,
            readOnly: false,
          }),
        ),
      )
      const there = cut % (whole.length + 1)
      const found: string[] = []
      let at = 0
      for (let end; (end = frameEnd(whole, at, there)) !== undefined && end <= there; at = end) {
        const content = whole.subarray(contentAt(whole, at), end)
        found.push(`${opcodeAt(whole, at)} ${content.toString()}`)
      }
      const all = sizes.map(
        (size, index) => `${1 + (index % 2)} ${'abcde'.charAt(index).repeat(size)}`,
      )
      expect(all.slice(0, found.length).join() === found.join()).toBe(true)
      expect(found.length === sizes.length).toBe(at === whole.length)
      expect(at).toBeLessThanOrEqual(there)
    }),
  )
})
