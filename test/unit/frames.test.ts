import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as ws from 'ws'
import { encodeMessage, messageJson, plainDialect, typeOf } from '../../src/adapters/http/frames.ts'
import type { Entry, MemberId, Message, MessageId, RoomId } from '../../src/ports/model.ts'

const MESSAGE: Message = {
  sent: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  type: 'chat',
  message: 'é "quoted"\n\u2028',
  memberName: 'Silver Otter',
  memberId: '7c9e6679-7425-40de-944b-e07fc1f90ae7' as MemberId,
  roomId: '5f0c1f6e-6d3c-4f5e-9a53-000000000000' as RoomId,
  id: '550e8400-e29b-41d4-a716-446655440000' as MessageId,
}

const JSON_TEXT =
  '{"id":"550e8400-e29b-41d4-a716-446655440000",' +
  '"roomId":"5f0c1f6e-6d3c-4f5e-9a53-000000000000",' +
  '"memberId":"7c9e6679-7425-40de-944b-e07fc1f90ae7",' +
  '"memberName":"Silver Otter","type":"chat",' +
  '"message":"é \\"quoted\\"\\n\u2028","sent":"2026-01-02T03:04:05.006Z"}'

test('the type of a message is read from its frame, whatever its member is called', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom('chat', 'joined', 'left'),
      (memberName, message, type) => {
        expect(typeOf(encodeMessage({ ...MESSAGE, memberName, message, type }))).toBe(type)
      },
    ),
  )
  expect(typeOf(encodeMessage({ ...MESSAGE, type: 'failed' }))).toBeUndefined()
})

test('bytes that are no message have no type', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(typeOf(bytes)).toBeUndefined()
    }),
  )
})

interface Reads {
  write(bytes: Uint8Array): void
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void
}

/** What a WebSocket client makes of these bytes. */
const received = async (bytes: Uint8Array): Promise<string[]> => {
  const { Receiver } = ws as unknown as { Receiver: new (options: object) => Reads }
  const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true })
  const texts: string[] = []
  receiver.on('message', (data, isBinary) => {
    if (isBinary) throw new Error('a binary frame')
    texts.push(data.toString())
  })
  receiver.write(Buffer.from(bytes))
  await new Promise(setImmediate)
  return texts
}

const entries = (texts: readonly string[]): Entry[] =>
  texts.map((text, at) => ({ seq: at + 1, plain: Buffer.from(text) }))

test('a message has exactly these keys in this order; its frame is that and a newline', () => {
  expect(messageJson(MESSAGE)).toBe(JSON_TEXT)
  expect(Buffer.from(encodeMessage(MESSAGE)).toString()).toBe(`${JSON_TEXT}\n`)
  expect(messageJson({ ...MESSAGE, seq: 5 } as Message)).toBe(JSON_TEXT)
})

test.for([1, 2, 125, 126, 127, 65_535, 65_536, 65_537, 200_000])(
  'a text of %i bytes is one frame with the shortest header',
  async (length) => {
    const text = 'x'.repeat(length)
    const { bytes, offsets } = plainDialect.encode(entries([text]))
    expect(await received(bytes)).toEqual([text])
    expect(offsets).toEqual([0])
    expect(bytes.length - length).toBe(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  },
)

test('frames are what a WebSocket client reads, whole and in order, from any entry on', async () => {
  const size = fc.oneof(
    fc.integer({ min: 0, max: 300 }),
    fc.constantFrom(0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 65_537),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(size, fc.constantFrom('a', 'é', '😀')), { maxLength: 6 }),
      async (sizes) => {
        const texts = sizes.map(([length, char]) => char.repeat(Math.ceil(length / char.length)))
        const { bytes, offsets } = plainDialect.encode(entries(texts))
        expect(offsets.length).toBe(texts.length)
        for (const [at, offset] of offsets.entries()) {
          const rest = texts.slice(at).filter((text) => text !== '')
          expect(await received(bytes.subarray(offset))).toEqual(rest)
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('no entries, and entries without a plain frame, are no bytes', () => {
  expect(plainDialect.encode([])).toEqual({ bytes: Buffer.alloc(0), offsets: [] })
  expect(plainDialect.encode(entries(['', '']))).toEqual({
    bytes: Buffer.alloc(0),
    offsets: [0, 0],
  })
})
