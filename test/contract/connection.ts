import { describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import type { CloseReason, Connection } from '../../src/ports/connection.ts'
import type { Entry, MemberId, Message, MessageId, RoomId } from '../../src/ports/model.ts'

/** The other end of a connection. */
export interface Peer {
  /** The text of every frame that has arrived, in order. */
  readonly frames: readonly string[]
  /** The close frame that came, and whether TCP has ended. */
  readonly end: { readonly code: number | undefined; readonly tcp: boolean }
  /** Reads no more, and does not answer a close frame. */
  stopReading(): void
  readOn(): void
  /** Breaks TCP without a word. */
  vanish(): void
}

export const peerOn = (ws: WebSocket, frames: readonly string[]): Peer => {
  const end: { code: number | undefined; tcp: boolean } = { code: undefined, tcp: false }
  ws.on('close', (code) => {
    end.code = code
    end.tcp = true
  })
  return {
    frames,
    end,
    stopReading: () => ws.pause(),
    readOn: () => ws.resume(),
    vanish: () => ws.terminate(),
  }
}

export interface Pair {
  readonly connection: Connection
  readonly peer: Peer
}

/**
 * Makes connections over a real socket.
 * @param early called with the connection before its socket carries frames
 */
export type Connect = (early?: (connection: Connection) => void) => Promise<Pair>

const CODES: Readonly<Record<CloseReason, number>> = {
  internal: 1011,
  drain: 1012,
  lease_lost: 1012,
  log_reset: 1012,
  slow: 1013,
  flood: 1008,
  room_gone: 4004,
  replaced: 4001,
  removed: 4003,
}

/** Looks as much like a plain frame as a dialect may rely on: a brace in front, a newline behind. */
const entry = (text: string, seq = 1): Entry => ({
  seq,
  plain: Buffer.from(text === '' ? '' : `{${text}\n`),
})

const write = (connection: Connection, ...texts: readonly string[]): boolean =>
  connection.write(connection.dialect.encode(texts.map((text) => entry(text))).bytes)

const failed = (text: string): Message => ({
  id: '550e8400-e29b-41d4-a716-446655440000' as MessageId,
  roomId: '5f0c1f6e-6d3c-4f5e-9a53-000000000000' as RoomId,
  memberId: '7c9e6679-7425-40de-944b-e07fc1f90ae7' as MemberId,
  memberName: 'Silver Otter',
  type: 'failed',
  message: text,
  sent: 1_750_000_000_000,
})

const until = async (what: string, there: () => boolean, ms = 8_000): Promise<void> => {
  const end = Date.now() + ms
  while (!there()) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** More than the kernel takes for a peer that does not read. */
const LOTS = 12
const MIB = 'x'.repeat(1024 * 1024)

/**
 * The rules C1–C9 of docs/contracts.md.
 * @param isRefusal whether a frame's text tells of this refused message in the dialect's own words
 */
export const connectionContract = (
  name: string,
  connect: Connect,
  isRefusal: (frame: string, message: Message) => boolean,
): void => {
  describe(`connection contract: ${name}`, () => {
    test('C1 what is written arrives whole and in order, one frame per entry', async () => {
      const { connection, peer } = await connect()
      const texts = Array.from({ length: 200 }, (_, at) => `${at} ${'é'.repeat(at * 7)}\n`)
      for (const text of texts) write(connection, text)
      write(connection, ...texts)
      await until('all frames', () => peer.frames.length >= 400)
      expect(peer.frames.length).toBe(400)
      const plain = peer.frames.filter((frame) => texts.some((text) => frame.includes(text.trim())))
      expect(plain).toEqual(peer.frames)
      expect(peer.frames.slice(0, 200)).toEqual(peer.frames.slice(200))
    })

    test('C1 the bytes are shared: written to many, changed by nobody', async () => {
      const pairs = await Promise.all([connect(), connect(), connect()])
      const { bytes } = pairs[0].connection.dialect.encode([entry('shared\n')])
      const before = Buffer.from(bytes)
      expect(new Set(pairs.map(({ connection }) => connection.dialect)).size).toBe(1)
      for (const { connection } of pairs) connection.write(bytes)
      for (const { peer } of pairs) await until('a frame', () => peer.frames.length === 1)
      expect(Buffer.from(bytes)).toEqual(before)
    })

    test('C2 what is written before the socket is open comes first, in order', async () => {
      const unsent: number[] = []
      const { connection, peer } = await connect((early) => {
        unsent.push(early.unsent)
        write(early, 'first\n')
        unsent.push(early.unsent)
        early.refuse('invalid', failed('second'))
        write(early, 'third\n', 'fourth\n')
        unsent.push(early.unsent)
      })
      write(connection, 'fifth\n')
      await until('all frames', () => peer.frames.length === 5)
      const words = ['first', 'second', 'third', 'fourth', 'fifth']
      expect(peer.frames.map((frame) => words.find((word) => frame.includes(word)))).toEqual(words)
      expect(unsent[0]).toBe(0)
      expect(unsent[1]).toBeGreaterThan(6)
      expect(unsent[2]).toBeGreaterThan(unsent[1]!)
      await until('nothing is unsent', () => connection.unsent === 0)
    })

    test('C3 unsent rises by what a peer does not take and falls when it reads on', async () => {
      const { connection, peer } = await connect()
      peer.stopReading()
      for (let count = 0; count < LOTS; count += 1) write(connection, MIB)
      await until('the kernel is full', () => connection.unsent > MIB.length)
      const before = connection.unsent
      write(connection, MIB)
      expect(connection.unsent - before).toBeGreaterThanOrEqual(MIB.length)
      peer.readOn()
      await until('all is read', () => peer.frames.length === LOTS + 1)
      await until('nothing is unsent', () => connection.unsent === 0)
    })

    test('C4 a refusal tells this peer alone, in order with what is written', async () => {
      const [one, other] = await Promise.all([connect(), connect()])
      write(one.connection, 'before\n')
      one.connection.refuse('too_large', failed('too long'))
      write(one.connection, 'after\n')
      write(other.connection, 'after\n')
      await until('three frames', () => one.peer.frames.length === 3)
      await until('a frame', () => other.peer.frames.length === 1)
      const refusals = one.peer.frames.map((frame) => isRefusal(frame, failed('too long')))
      expect(refusals).toEqual([false, true, false])
      expect(other.peer.frames).toEqual([one.peer.frames[2]])
    })

    test.for(Object.entries(CODES) as [CloseReason, number][])(
      'C5 close(%s) ends with %i after everything that was written, then TCP ends',
      async ([reason, code]) => {
        const { connection, peer } = await connect()
        for (let count = 0; count < 100; count += 1) write(connection, `${count}\n`)
        connection.close(reason)
        await until('the end', () => peer.end.tcp)
        expect(peer.frames.length).toBe(100)
        expect(peer.end.code).toBe(code)
      },
    )

    test('C5 closed before the socket is open: opened, told what was written, closed', async () => {
      const { peer } = await connect((early) => {
        write(early, 'first\n')
        early.close('drain')
        write(early, 'never\n')
      })
      await until('the end', () => peer.end.tcp)
      expect(peer.frames.length).toBe(1)
      expect(peer.end.code).toBe(1012)
    })

    test('C6 after close nothing is written, and the first reason stands', async () => {
      const { connection, peer } = await connect((early) => {
        expect(write(early)).toBe(true)
      })
      expect(write(connection)).toBe(true)
      connection.close('slow')
      expect(write(connection, 'never\n')).toBe(false)
      connection.refuse('invalid', failed('never'))
      connection.close('room_gone')
      await until('the end', () => peer.end.tcp)
      expect(write(connection, 'never\n')).toBe(false)
      connection.close('drain')
      expect(peer.frames).toEqual([])
      expect(peer.end.code).toBe(1013)
    })

    test('C7 a peer that does not answer the close is cut after two seconds', async () => {
      const { connection, peer } = await connect()
      peer.stopReading()
      for (let count = 0; count < LOTS; count += 1) write(connection, MIB)
      await until('the kernel is full', () => connection.unsent > MIB.length)
      const begin = performance.now()
      connection.close('slow')
      await until('nothing is held for it', () => connection.unsent === 0)
      const took = performance.now() - begin
      expect(took).toBeGreaterThan(1_900)
      expect(took).toBeLessThan(4_000)
    })

    test('C8 nothing throws once the peer is gone', async () => {
      const { connection, peer } = await connect()
      peer.vanish()
      for (let count = 0; count < 100; count += 1) {
        write(connection, 'into the void\n')
        connection.refuse('invalid', failed('void'))
        await new Promise(setImmediate)
      }
      connection.close('internal')
      write(connection, 'never\n')
      await until('nothing is unsent', () => connection.unsent === 0)
    })

    test('C9 encode: the frames of an entry begin at its offset; no plain frame, nothing', async () => {
      const { connection, peer } = await connect()
      const texts = ['one\n', '', 'two\n', '', '']
      const { bytes, offsets } = connection.dialect.encode(texts.map((text) => entry(text)))
      expect(offsets.length).toBe(5)
      expect(offsets[0]).toBe(0)
      expect(offsets[1]).toBe(offsets[2])
      expect(offsets.slice(3)).toEqual([bytes.length, bytes.length])
      connection.write(bytes.subarray(offsets[2]))
      connection.write(bytes.subarray(0, offsets[1]))
      await until('both', () => peer.frames.length === 2)
      expect(peer.frames[0]).toContain('two')
      expect(peer.frames[1]).toContain('one')
    })
  })
}
