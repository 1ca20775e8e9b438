import { expect, test } from 'vitest'
import { SystemIds } from '../../src/adapters/system/ids.ts'
import type { Append } from '../../src/ports/append.ts'
import type { LogRow, RoomId } from '../../src/ports/model.ts'
import type { Repository } from '../../src/ports/repository.ts'
import type { MakeStored } from './repository-scene.ts'
import {
  deleting,
  editing,
  joining,
  leaving,
  LONG_MS,
  newMember,
  newMessageId,
  newNode,
  newRoom,
  saying,
  seqs,
  upTo,
} from './repository-scene.ts'

const TTLS = { roomTtlMs: LONG_MS, unusedRoomTtlMs: LONG_MS }
const SECRET = 'a private remark'

const ids = new SystemIds()

/** Changes of messages. */
export const changeRules = (make: MakeStored): void => {
  /** A room whose only member, at seq 1, has said a secret at seq 2 and something else at seq 3. */
  const scene = async () => {
    const { repository, elapse } = await make()
    const node = await newNode(repository)
    const room = await newRoom(repository)
    const member = await newMember(repository, node, room)
    const said = saying(member, SECRET)
    const after = saying(member, 'else')
    await repository.append(node, [said, after])
    const append = (...entries: Append[]) => repository.append(node, entries)
    return { repository, elapse, node, room, member, said, after, append }
  }

  test('R45 an edit has its own seq; from then on its message has the new text wherever it is read', async () => {
    const { repository, room, member, said, append } = await scene()
    const edit = editing(member, said.messageId, 'public')
    const [result] = await append(edit)
    const sent = expect.any(Number)
    const change = { type: 'edited', roomId: room, seq: 4, sent, id: said.messageId, target: 2 }
    expect(result).toEqual({ change: { ...change, message: 'public' } })
    const { rows, lastSeq } = (await logOf(repository, room))!
    expect(lastSeq).toBe(4)
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(rows[1]).toMatchObject({ type: 'chat', message: 'public', edited: sent, seq: 2 })
    expect(rows[3]).toEqual({ ...change, message: 'public' })
    const page = await repository.read(room, { newest: true, limit: 10 })
    expect(page).toMatchObject({ lastSeq: 4, older: false, newer: false })
    expect(textsOf(page)).toEqual([expect.any(String), 'public', 'else'])
    await expectNowhere(repository, room, SECRET)
    expect((await repository.roomInfo(room, TTLS))?.messageCount).toBe(3)
  })

  test('R45 of edits of one message the last counts, and every row tells its text', async () => {
    const { repository, room, member, said, append } = await scene()
    await append(editing(member, said.messageId, 'one'), editing(member, said.messageId, 'two'))
    await append(editing(member, said.messageId, 'three'), saying(member, 'last'))
    const { rows } = (await logOf(repository, room))!
    expect(rows.map((row) => 'message' in row && row.message).slice(1)).toEqual([
      'three',
      'else',
      'three',
      'three',
      'three',
      'last',
    ])
    expect(rows.map(({ seq }) => seq)).toEqual(upTo(7))
  })

  test('R45 a change is stored as one, wherever in a call for many rooms it stands', async () => {
    const { repository, node, room, member, said, after, append } = await scene()
    const other = await newRoom(repository)
    const talker = await newMember(repository, node, other)
    const results = await append(
      saying(talker, 'one'),
      editing(member, said.messageId, 'public'),
      saying(talker, 'two'),
      deleting(member, after.messageId, member.memberId),
    )
    const sent = expect.any(Number)
    const changes = [
      { type: 'edited', roomId: room, seq: 4, sent, id: said.messageId, target: 2 },
      { type: 'deleted', roomId: room, seq: 5, sent, id: after.messageId, target: 3 },
    ] as const
    expect(results).toMatchObject([
      { message: { roomId: other, seq: 2, message: 'one' } },
      { change: { ...changes[0], message: 'public' } },
      { message: { roomId: other, seq: 3, message: 'two' } },
      { change: changes[1] },
    ])
    const { rows } = (await logOf(repository, room))!
    expect(rows.slice(1)).toMatchObject([
      { type: 'chat', message: 'public', edited: sent },
      { type: 'chat', message: '', deleted: sent },
      { ...changes[0], message: 'public' },
      changes[1],
    ])
    const others = (await logOf(repository, other))!.rows.slice(1)
    expect(others.map((row) => 'message' in row && row.message)).toEqual(['one', 'two'])
    expect(others.every((row) => !('target' in row) && !('edited' in row))).toBe(true)
  })

  test('R46 what is deleted is read nowhere from then on, and is no message of a page', async () => {
    const { repository, room, member, said, after, append } = await scene()
    await append(editing(member, said.messageId, `${SECRET} still`))
    const [result] = await append(deleting(member, said.messageId, member.memberId))
    const sent = expect.any(Number)
    const change = { type: 'deleted', roomId: room, seq: 5, sent, id: said.messageId, target: 2 }
    expect(result).toEqual({ change })
    await expectNowhere(repository, room, SECRET)
    const { rows } = (await logOf(repository, room))!
    expect(rows[1]).toMatchObject({ type: 'chat', message: '', deleted: sent, seq: 2 })
    // The edit has no text any more, either.
    expect(rows.slice(3)).toEqual([{ ...change, type: 'edited', seq: 4, message: '' }, change])
    const page = async (range: object) => {
      const read = await repository.read(room, { limit: 10, newest: true, ...range })
      if (typeof read !== 'object') throw new Error('no page')
      return [read.messages.map(({ seq }) => seq), read.older, read.newer]
    }
    expect(await page({})).toEqual([[1, 3], false, false])
    expect(await page({ deleted: true })).toEqual([[1, 2, 3], false, false])
    expect(await page({ limit: 1 })).toEqual([[3], true, false])
    expect(await page({ newest: undefined, before: after.messageId })).toEqual([[1], false, true])
    expect(await page({ newest: undefined, after: 1, limit: 1 })).toEqual([[3], true, false])
    expect(await page({ newest: undefined, after: 1, limit: 1, deleted: true })).toEqual([
      [2],
      true,
      true,
    ])
    expect(await repository.roomInfo(room, TTLS)).toMatchObject({ messageCount: 2 })
    // A repeat of what is deleted stores nothing, and says what is left.
    const [again] = await append(said)
    expect(again).toMatchObject({ message: { seq: 2, message: '', deleted: sent } })
  })

  test('R46 the id of a deleted message is a cursor, that of a change is none', async () => {
    const { repository, room, member, said, append } = await scene()
    const remove = deleting(member, said.messageId, member.memberId)
    await append(remove)
    expect(textsOf(await repository.read(room, { after: said.messageId, limit: 5 }))).toEqual([
      'else',
    ])
    expect(await repository.read(room, { after: remove.messageId, limit: 5 })).toBe(
      'cursor_unknown',
    )
  })

  test('R47 only who wrote a message changes it, while it is a member; the owner may delete it', async () => {
    const { repository, node, room, member, said, after, append } = await scene()
    const other = await newMember(repository, node, room)
    const elsewhere = await newMember(repository, node, await newRoom(repository))
    const [joined] = (await logOf(repository, room))!.rows
    const joinedId = joined && 'id' in joined ? joined.id : newMessageId()
    const stranger = { ...joining(room) }
    const results = await append(
      editing(other, said.messageId, 'mine'),
      deleting(other, said.messageId, other.memberId),
      editing(elsewhere, said.messageId, 'mine'),
      editing({ ...stranger }, said.messageId, 'mine'),
      editing(member, newMessageId(), 'none'),
      editing(member, joinedId, 'no chat'),
      deleting(member, joinedId),
    )
    expect(seqs(results)).toEqual([
      ...['not_yours', 'not_yours', 'message_gone', 'member_gone'],
      ...['message_gone', 'message_gone', 'message_gone'],
    ])
    expect(seqs(await append(leaving(member)))).toEqual([5])
    expect(
      seqs(
        await append(
          editing(member, said.messageId, 'late'),
          deleting(member, said.messageId, member.memberId),
        ),
      ),
    ).toEqual(['member_gone', 'member_gone'])
    expect(textsOf(await repository.read(room, { after: 1, limit: 2 }))).toEqual([SECRET, 'else'])
    expect(seqs(await append(deleting(member, after.messageId)))).toEqual([6])
  })

  test('R47 a member may change its messages through any node, attached or detached', async () => {
    const { repository, node, room } = await scene()
    const other = await newNode(repository)
    const resumeHash = ids.resumeHash(ids.resumeSecret())
    const join = { ...joining(room), resumeHash }
    const said = saying(join)
    await repository.append(node, [join, said])
    expect(await repository.findMember(room, resumeHash)).toBe(join.memberId)
    expect(await repository.findMember(await newRoom(repository), resumeHash)).toBeUndefined()
    await repository.detach([{ memberId: join.memberId, attachment: 1 }])
    expect(await repository.findMember(room, resumeHash)).toBe(join.memberId)
    const edit = editing(join, said.messageId, 'from elsewhere')
    expect(seqs(await repository.append(other, [edit]))).toEqual([6])
    await repository.append(node, [leaving(join)])
    expect(await repository.findMember(room, resumeHash)).toBeUndefined()
  })

  test('R48 a change that is repeated is stored once, and what is deleted is deleted once', async () => {
    const { repository, room, member, said, append } = await scene()
    const edit = editing(member, said.messageId, 'public')
    expect(seqs(await append(edit))).toEqual([4])
    expect(await append(edit)).toMatchObject([{ change: { seq: 4, message: 'public' } }])
    const [one, two] = [
      deleting(member, said.messageId, member.memberId),
      deleting(member, said.messageId),
    ]
    expect(seqs(await append(one, two, saying(member, 'last')))).toEqual([5, 5, 6])
    expect(seqs(await append(two))).toEqual([5])
    expect(seqs(await append(one))).toEqual([5])
    expect(await append(edit)).toMatchObject([{ change: { seq: 4, type: 'edited', message: '' } }])
    expect(seqs(await append(editing(member, said.messageId, 'again')))).toEqual(['message_gone'])
    expect((await logOf(repository, room))?.lastSeq).toBe(6)
  })

  test('R48 edits and deletions that race end in the state of the highest seq, without a gap', async () => {
    const { repository, room, member, said, after, append } = await scene()
    const other = await newNode(repository)
    const calls = upTo(40).map((n) => {
      const edit = editing(member, n % 2 ? said.messageId : after.messageId, `text ${n}`)
      if (n === 20) return append(deleting(member, said.messageId, member.memberId))
      return n % 3 ? append(edit, saying(member)) : repository.append(other, [edit])
    })
    const changes = (await Promise.all(calls)).flat().flatMap((result) => {
      return 'change' in result ? [result.change] : []
    })
    const { rows, lastSeq } = (await logOf(repository, room))!
    expect(rows.map(({ seq }) => seq)).toEqual(upTo(lastSeq))
    const last = changes
      .filter(({ id }) => id === after.messageId)
      .toSorted((a, b) => a.seq - b.seq)
      .at(-1)
    expect(rows[2]).toMatchObject({ message: last?.type === 'edited' ? last.message : '' })
    expect(rows[1]).toMatchObject({ message: '', deleted: expect.any(Number) })
    const deletion = changes.find(({ type }) => type === 'deleted')!
    const late = changes.filter(({ id, seq }) => id === said.messageId && seq > deletion.seq)
    expect(late).toEqual([])
  })

  test('R49 a page of the log counts the texts that it tells, those of edits too', async () => {
    const { repository, room, member, said, append } = await scene()
    for (const n of upTo(6)) {
      await append(editing(member, said.messageId, `${n}`.repeat(1_000)))
    }
    const page = await repository.readLog(room, { after: 3, limit: 100, maxBytes: 3_500 })
    expect(page?.rows.map(({ seq }) => seq)).toEqual([4, 5, 6])
    expect(
      (await repository.readLog(room, { after: 3, limit: 2, maxBytes: 1 }))?.rows,
    ).toHaveLength(1)
  })
}

const logOf = (repository: Repository, room: RoomId) =>
  repository.readLog(room, { after: 0, limit: 1_000, maxBytes: 1 << 24 })

const textsOf = (page: Awaited<ReturnType<Repository['read']>>): readonly string[] => {
  if (typeof page !== 'object') throw new Error('no page')
  return page.messages.map(({ message }) => message)
}

const expectNowhere = async (repository: Repository, room: RoomId, text: string): Promise<void> => {
  const rows: readonly LogRow[] = (await logOf(repository, room))!.rows
  const pages = await Promise.all([
    repository.read(room, { newest: true, limit: 1_000 }),
    repository.read(room, { newest: true, limit: 1_000, deleted: true }),
  ])
  expect(JSON.stringify([rows, pages])).not.toContain(text)
}
