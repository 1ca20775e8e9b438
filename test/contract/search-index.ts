import { expect, test } from 'vitest'
import type { LoggedMessage, RoomId, Seq } from '../../src/ports/model.ts'
import type { Range, Repository } from '../../src/ports/repository.ts'
import { SEARCH_SEGMENT, type SearchIndex } from '../../src/ports/search-index.ts'
import { wantedWords } from '../../src/ports/words.ts'
import type { MakeStored } from './repository-scene.ts'
import {
  deleting,
  editing,
  leaving,
  logOf,
  newMember,
  newMessageId,
  newNode,
  newRoom,
  newRoomId,
  saying,
  upTo,
} from './repository-scene.ts'

/** What is searched for, and which of these texts have it. */
const TEXTS = [
  'The quick brown Fox',
  'quickly, Ïñtërnâtiônàl FÓXES!',
  'e\u0301te\u0301 / l\u2019\u00e9t\u00e9 \u2014 STRASSE, stra\u00dfe',
  '\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u041f\u0440\u0438\u0432\u0435\u0442, \u0401\u043b\u043a\u0430',
  '\u3053\u306e\u90e8\u5c4b\u306b \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \ud55c\uad6d\uc5b4',
  '\ufb01ne \u2460 \uff21\uff22\uff23 x\u00b2',
  'don\'t 100% a_b c:* & | ! ( ) \\ "quoted"',
  'joined the room. \u{1f44b}\u{1f3fd} \u0141\u00f3d\u017a sm\u00f8rrebr\u00f8d',
  `${'long'.repeat(40)}tail ${'\u{10400}'.repeat(40)}`,
]
const FINDS: readonly (readonly [search: string, found: readonly number[]])[] = [
  ['fox', [0, 1]],
  ['FOX quick', [0, 1]],
  ['quick fox brown', [0]],
  ['fo q', [0, 1]],
  ['uick', []],
  ['ox', []],
  ['foxes international', [1]],
  ['\u00cdNTERN', [1]],
  ['ete', [2]],
  ['\u00c9T\u00c9', [2]],
  ['strasse', [2]],
  ['STRA\u1e9eE', [2]],
  ['\u03c3\u03b9\u03c3\u03c5\u03c6\u03bf\u03c3', [3]],
  ['\u043f\u0440\u0438 \u0435\u043b\u043a', [3]],
  ['\u90e8\u5c4b', [4]],
  ['\u5c4b \u3053', [4]],
  ['\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35', [4]],
  ['\ud55c\uad6d', [4]],
  ['fine 1 abc', [5]],
  ['x2', [5]],
  ['don t', [6]],
  ["don't 100", [6]],
  ['a_b', [6]],
  ['c:*', [6]],
  ['quoted & !don', [6]],
  ['quoted | fox', []],
  ['"quoted', [6]],
  ['\u{1f44b}', [7]],
  ['lodz', [7]],
  ['smorrebrod', [7]],
  ['joined', [7]],
  ['long'.repeat(40), [8]],
  [`${'long'.repeat(40)}tail`, [8]],
  [`${'long'.repeat(40)}tale`, []],
  ['\u{10428}'.repeat(40), [8]],
  ['\u{10428}'.repeat(41), []],
  ['nothing', []],
]

/** Enough for a segment that is indexed and the beginning of one that is not. */
const MANY = SEARCH_SEGMENT + 400

/** Finding messages by their words. */
export const searchRules = (make: MakeStored): void => {
  test('R50 a search finds chats that have all its words or words that begin so, whatever case and accents', async () => {
    const { repository, searchIndex } = await make()
    const { room, log, fill } = await roomWith(repository, TEXTS)
    const chats = log.filter(({ type }) => type === 'chat')
    const found = async (): Promise<unknown> =>
      Promise.all(
        FINDS.map(async ([search]) => [
          search,
          (await find(searchIndex, room, search)).map(({ id }) =>
            chats.findIndex((chat) => chat.id === id),
          ),
        ]),
      )
    expect(await found()).toEqual(FINDS)
    await fill(SEARCH_SEGMENT)
    await index(searchIndex, room)
    expect(await found()).toEqual(FINDS)
  })

  test('R51 a page of a search is the part of what it finds that its range names, by seq and by id', async () => {
    const { repository, searchIndex } = await make()
    const words = ['ada', 'bob', 'b\u00f6b', 'cy', '\u0434\u0430', 'every']
    const texts = Array.from({ length: MANY }, (_, at) =>
      ['every', at % 3 ? words[at % 5] : 'b', at % 7 ? '' : words[(at / 7) % 6], `n${at}`].join(
        ' ',
      ),
    )
    const { room, log } = await roomWith(repository, texts)
    const compare = async (when: string): Promise<void> => {
      for (const search of ['ada', 'bo ev', 'b ad', 'every', 'n1', 'n2399', 'n15 c', '\u0434']) {
        const wanted = wantedWords(search)
        const all = log.filter(
          ({ type, message }) =>
            type === 'chat' &&
            wanted.every((word) => plain(message).some((one) => one.startsWith(word))),
        )
        for (const range of rangesOf(log)) {
          const page = await find(searchIndex, room, search, range)
          const told = `${when}: ${search} ${JSON.stringify(range)}`
          expect(page.map(seqOf), told).toEqual(part(all, range, log).map(seqOf))
          expect(page, told).toEqual(page.map(({ seq }) => log[seq - 1]))
        }
      }
    }
    await compare('not indexed')
    await index(searchIndex, room)
    await compare('indexed')
  })

  test('R52 there is nothing to find in a room that is not there, nor from a message that is not in it', async () => {
    const { repository, searchIndex } = await make()
    const { room, node, member } = await roomWith(repository, ['one', 'two'])
    const other = await roomWith(repository, ['one'])
    expect(
      await searchIndex.search(newRoomId(), ['one'], { newest: true, limit: 5 }),
    ).toBeUndefined()
    for (const cursor of [newMessageId(), other.log[1]!.id]) {
      for (const range of [{ after: cursor }, { before: cursor }])
        expect(await searchIndex.search(room, ['one'], { ...range, limit: 5 })).toBe(
          'cursor_unknown',
        )
    }
    expect(await find(searchIndex, room, 'one')).toHaveLength(1)
    await repository.append(node, [leaving(member)])
    while ((await repository.expireRooms({ roomTtlMs: 0, unusedRoomTtlMs: 0 })).more);
    expect(await searchIndex.search(room, ['one'], { newest: true, limit: 5 })).toBeUndefined()
    expect(await find(searchIndex, other.room, 'one')).toHaveLength(1)
  })

  test('R53 however many prepare a room for search, and whatever its texts, a search finds the same', async () => {
    const { repository, searchIndex } = await make()
    // Far more words than are indexed of a segment.
    const wordy = Array.from({ length: 60 }, (_, at) =>
      upTo(3_000)
        .map((word) => (at * 3_000 + word - 1).toString(36))
        .join(' '),
    )
    const { room, fill } = await roomWith(repository, wordy)
    await fill(2 * SEARCH_SEGMENT)
    const search = [177_000, 179_999].map((word) => word.toString(36)).join(' ')
    const before = await find(searchIndex, room, search)
    expect(before).toHaveLength(1)
    await Promise.all([1, 2, 3].map(() => index(searchIndex, room)))
    expect(await find(searchIndex, room, search)).toEqual(before)
    expect(await find(searchIndex, room, 'filler')).toHaveLength(1_000)
    expect(await searchIndex.indexWords(room)).toBe(false)
    expect(await searchIndex.indexWords(newRoomId())).toBe(false)
  })

  test('R61 a search finds an edited message by the words that it has now, and a deleted one by none', async () => {
    const { repository, searchIndex } = await make()
    const { room, node, member, log, fill } = await roomWith(repository, [
      'alpha one',
      'alpha two',
      'alpha three',
      'beta',
    ])
    const [, one, two, three] = log.map(({ id }) => id)
    const seqsWith = async (search: string) => (await find(searchIndex, room, search)).map(seqOf)
    await repository.append(node, [editing(member, one!, 'beta now'), deleting(member, two!)])
    const early = async () => [await seqsWith('alpha'), await seqsWith('beta')]
    expect(await early()).toEqual([[4], [2, 5]])
    await fill(SEARCH_SEGMENT)
    await index(searchIndex, room)
    expect(await early()).toEqual([[4], [2, 5]])
    await repository.append(node, [
      editing(member, one!, 'gamma'),
      deleting(member, three!),
      editing(member, log[4]!.id, 'beta two'),
    ])
    expect(await early()).toEqual([[], [5]])
    expect(await seqsWith('gamma')).toEqual([2])
    expect(await seqsWith('two')).toEqual([5])
  })
}

const seqOf = ({ seq }: LoggedMessage): Seq => seq

/** The words of the texts of R51, in another way than the repositories' own. */
const plain = (text: string): readonly string[] =>
  text.replaceAll('\u00f6', 'o').split(' ').filter(Boolean)

const part = (
  found: readonly LoggedMessage[],
  range: Range,
  log: readonly LoggedMessage[],
): readonly LoggedMessage[] => {
  if ('newest' in range) return found.slice(-range.limit)
  const cursor = 'after' in range ? range.after : range.before
  const seq = typeof cursor === 'number' ? cursor : log.find(({ id }) => id === cursor)!.seq
  return 'after' in range
    ? found.filter((message) => message.seq > seq).slice(0, range.limit)
    : found.filter((message) => message.seq < seq).slice(-range.limit)
}

const rangesOf = (log: readonly LoggedMessage[]): readonly Range[] => [
  { newest: true, limit: 1 },
  { newest: true, limit: 1_000 },
  ...[0, 1, 2, 1_000, SEARCH_SEGMENT, SEARCH_SEGMENT + 1, log.length, 4_000_000_000].flatMap(
    (seq): Range[] => [
      { before: seq, limit: 3 },
      { after: seq, limit: 700 },
    ],
  ),
  { before: log[1_500]!.id, limit: 20 },
  { after: log[2_200]!.id, limit: 20 },
]

const find = async (
  searchIndex: SearchIndex,
  room: RoomId,
  search: string,
  range: Range = { newest: true, limit: 1_000 },
): Promise<readonly LoggedMessage[]> => {
  const found = await searchIndex.search(room, wantedWords(search), range)
  if (found === undefined || found === 'cursor_unknown') throw new Error(`nothing: ${found}`)
  return found
}

const index = async (searchIndex: SearchIndex, room: RoomId): Promise<void> => {
  while (await searchIndex.indexWords(room));
}

const roomWith = async (repository: Repository, texts: readonly string[]) => {
  const node = await newNode(repository)
  const room = await newRoom(repository)
  const member = await newMember(repository, node, room)
  const say = async (said: readonly string[]): Promise<void> => {
    for (let at = 0; at < said.length; at += 1_000) {
      const batch = said.slice(at, at + 1_000)
      await repository.append(
        node,
        batch.map((text) => saying(member, text)),
      )
    }
  }
  await say(texts)
  const fill = (count: number) => say(Array.from({ length: count }, () => 'filler'))
  return { room, node, member, fill, log: await logOf(repository, room) }
}
