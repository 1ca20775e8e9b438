import { expect, test } from 'vitest'
import type { LoggedMessage, RoomId } from '../../src/ports/model.ts'
import type { Range, Repository } from '../../src/ports/repository.ts'
import type { MakeStored } from './repository-scene.ts'
import {
  logOf,
  newRoomId,
  newMessageId,
  newMember,
  newNode,
  newRoom,
  saying,
  upTo,
} from './repository-scene.ts'

/** Reading logs back. */
export const readRules = (make: MakeStored): void => {
  test('R21 a page is the part of the log that its range names, oldest first, with the last seq', async () => {
    const { repository } = await make()
    const { room, log } = await roomWith(repository, upTo(19).map(String))
    const cases: [Range, number[]][] = [
      [{ after: 0, limit: 100 }, upTo(20)],
      [{ after: 0, limit: 3 }, [1, 2, 3]],
      [{ after: 17, limit: 3 }, [18, 19, 20]],
      [{ after: 18, limit: 3 }, [19, 20]],
      [{ after: 20, limit: 3 }, []],
      [{ after: 4_000_000_000, limit: 3 }, []],
      [{ before: 4, limit: 2 }, [2, 3]],
      [{ before: 3, limit: 5 }, [1, 2]],
      [{ before: 1, limit: 5 }, []],
      [{ before: 0, limit: 5 }, []],
      [{ before: 4_000_000_000, limit: 2 }, [19, 20]],
      [{ newest: true, limit: 2 }, [19, 20]],
      [{ newest: true, limit: 100 }, upTo(20)],
    ]
    for (const [range, expected] of cases) {
      expect(await repository.read(room, range), JSON.stringify(range)).toEqual({
        messages: expected.map((seq) => log[seq - 1]),
        lastSeq: 20,
        older: (expected[0] ?? 1) > 1,
        newer: (expected.at(-1) ?? 20) < 20,
      })
    }
  })

  test('R21 pages one after the other give the whole log, forwards and backwards, by seq and by id', async () => {
    const { repository } = await make()
    const { room, log } = await roomWith(repository, upTo(23).map(String))
    for (const by of ['seq', 'id'] as const) {
      for (const limit of [1, 4, 24, 30]) {
        const forwards: LoggedMessage[] = []
        const backwards: LoggedMessage[] = []
        for (;;) {
          const page = await pageOf(repository, room, { after: forwards.at(-1)?.[by] ?? 0, limit })
          if (page.length === 0) break
          forwards.push(...page)
        }
        for (;;) {
          const before = backwards[0]?.[by]
          const range = before === undefined ? { newest: true as const, limit } : { before, limit }
          const page = await pageOf(repository, room, range)
          if (page.length === 0) break
          backwards.unshift(...page)
        }
        expect(forwards).toEqual(log)
        expect(backwards).toEqual(log)
      }
    }
  })

  test('R22 a cursor is a message of this room; there is no page of a room that is not there', async () => {
    const { repository } = await make()
    const { room, log } = await roomWith(repository, ['one', 'two'])
    const other = await roomWith(repository, ['three'])
    const foreign = other.log[1]!.id
    for (const cursor of [newMessageId(), foreign]) {
      expect(await repository.read(room, { after: cursor, limit: 5 })).toBe('cursor_unknown')
      expect(await repository.read(room, { before: cursor, limit: 5 })).toBe('cursor_unknown')
    }
    expect(await pageOf(repository, room, { after: log[1]!.id, limit: 5 })).toEqual([log[2]])
    expect(await pageOf(repository, room, { before: log[1]!.id, limit: 5 })).toEqual([log[0]])
    const nowhere = newRoomId()
    expect(await repository.read(nowhere, { newest: true, limit: 5 })).toBeUndefined()
    expect(await repository.read(nowhere, { after: 0, limit: 5 })).toBeUndefined()
    expect(await repository.read(nowhere, { before: log[1]!.id, limit: 5 })).toBeUndefined()
  })

  test('R23 a page with a byte limit ends before the row whose text would pass it, never before its first', async () => {
    const { repository } = await make()
    const texts = ['a'.repeat(100), '\u00e9'.repeat(50), 'b'.repeat(100), 'c'.repeat(5_000), 'd']
    const { room } = await roomWith(repository, texts)
    const cases: [number, number, number[]][] = [
      [1, 0, [2]],
      [1, 99, [2]],
      [1, 199, [2]],
      [1, 200, [2, 3]],
      [1, 300, [2, 3, 4]],
      [4, 300, [5]],
      [4, 5_001, [5, 6]],
      [1, 100_000, [2, 3, 4, 5, 6]],
    ]
    for (const [after, maxBytes, expected] of cases) {
      const page = await pageOf(repository, room, { after, limit: 10, maxBytes })
      expect(
        page.map(({ seq }) => seq),
        `after ${after}, ${maxBytes} bytes`,
      ).toEqual(expected)
    }
    const limited = await pageOf(repository, room, { after: 1, limit: 2, maxBytes: 100_000 })
    expect(limited.map(({ seq }) => seq)).toEqual([2, 3])
  })

  test('R24 comparing last seqs answers the rooms that differ and no other', async () => {
    const { repository } = await make()
    const [a, b, c] = [
      await roomWith(repository, ['one']),
      await roomWith(repository, ['one', 'two']),
      await roomWith(repository, []),
    ]
    const empty = await newRoom(repository)
    const nowhere = newRoomId()
    const differ = await repository.lastSeqs([
      { roomId: a.room, seq: 2 },
      { roomId: b.room, seq: 1 },
      { roomId: nowhere, seq: 0 },
      { roomId: c.room, seq: 9 },
      { roomId: empty, seq: 0 },
    ])
    expect(new Map(differ.map(({ roomId, seq }) => [roomId, seq]))).toEqual(
      new Map([
        [b.room, 3],
        [nowhere, undefined],
        [c.room, 1],
      ]),
    )
    expect(differ).toHaveLength(3)
    expect(await repository.lastSeqs([])).toEqual([])
  })

  test('R25 a repository that takes appends answers a ping', async () => {
    const { repository } = await make()
    expect(await repository.ping()).toBeUndefined()
  })
}

const roomWith = async (repository: Repository, texts: readonly string[]) => {
  const node = await newNode(repository)
  const room = await newRoom(repository)
  const member = await newMember(repository, node, room)
  await repository.append(
    node,
    texts.map((text) => saying(member, text)),
  )
  return { room, log: await logOf(repository, room) }
}

const pageOf = async (
  repository: Repository,
  room: RoomId,
  range: Range,
): Promise<readonly LoggedMessage[]> => {
  const page = await repository.read(room, range)
  if (page === undefined || page === 'cursor_unknown') throw new Error(`no page: ${String(page)}`)
  return page.messages
}
