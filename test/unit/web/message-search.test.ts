import { expect, test } from 'vitest'
import { ShareChatError, type Change, type Message } from '../../../src/client/client.ts'
import { MessageSearch } from '../../../web/src/message-search.ts'
import type { PageOf } from '../../../web/src/requests.ts'

const AT = '2026-01-01T00:00:00.000Z'
const messageOf = (seq: number): Message => ({
  ...{ seq, id: `id ${seq}`, roomId: 'room', memberId: 'member', memberName: 'Name' },
  ...{ type: 'chat', message: `text ${seq}`, sent: AT },
})
const deletion = (seq: number, target: number): Change => ({
  ...{ event: 'deleted', seq, roomId: 'room', id: `id ${target}`, target, deleted: AT },
})

/** A search whose answers a test gives, in the order in which they are asked for. */
const scripted = () => {
  const asked: {
    readonly words: string
    readonly before: number | undefined
    readonly answer: (page: PageOf<Message>) => void
    readonly fail: (error: Error) => void
  }[] = []
  const search = new MessageSearch(
    (words, before) =>
      new Promise((answer, fail) => {
        asked.push({ words, before, answer, fail })
      }),
    () => {},
  )
  const begin = (words: string): Promise<void> => {
    search.draft = words
    return search.begin()
  }
  const seqs = (): readonly number[] => search.found.map(({ seq }) => seq)
  return { search, asked, begin, seqs }
}

test('the newest is first, and more goes on before the oldest', async () => {
  const { search, asked, begin, seqs } = scripted()
  const first = begin(' words ')
  expect([search.state, asked[0]?.words, asked[0]?.before]).toEqual([
    'searching',
    'words',
    undefined,
  ])
  asked[0]!.answer({ items: [messageOf(7), messageOf(9)], hasMore: true })
  await first
  expect([seqs(), search.hasMore]).toEqual([[9, 7], true])
  const more = search.more()
  void search.more()
  expect([asked.length, asked[1]?.before]).toEqual([2, 7])
  asked[1]!.answer({ items: [messageOf(3)], hasMore: false })
  await more
  expect([seqs(), search.hasMore, search.state]).toEqual([[9, 7, 3], false, 'done'])
})

test('only the last search counts, whichever answer is first, and none for no words', async () => {
  const { search, asked, begin, seqs } = scripted()
  const both = [begin('one'), begin('other')]
  asked[1]!.answer({ items: [messageOf(2)], hasMore: false })
  asked[0]!.answer({ items: [messageOf(1)], hasMore: false })
  await Promise.all(both)
  expect([search.words, seqs()]).toEqual(['other', [2]])
  await begin('  ')
  expect([asked.length, search.state, seqs()]).toEqual([2, 'idle', []])
})

test('what is deleted is not found any more, also when the answer is older than that', async () => {
  const { search, asked, begin, seqs } = scripted()
  const first = begin('words')
  search.change(deletion(10, 7))
  asked[0]!.answer({ items: [messageOf(7), messageOf(8), messageOf(9)], hasMore: false })
  await first
  expect(seqs()).toEqual([9, 8])
  search.change(deletion(11, 9))
  expect(seqs()).toEqual([8])
})

test('a page that does not come is asked for again, and what was found stays', async () => {
  const { search, asked, begin, seqs } = scripted()
  const first = begin('words')
  asked[0]!.answer({ items: [messageOf(9)], hasMore: true })
  await first
  const failed = search.more()
  asked[1]!.fail(new ShareChatError('overloaded', 'no'))
  await failed
  expect([search.state, search.code, seqs()]).toEqual(['failed', 'overloaded', [9]])
  const again = search.more()
  expect(asked[2]?.before).toBe(9)
  asked[2]!.answer({ items: [messageOf(5)], hasMore: false })
  await again
  expect([search.state, seqs()]).toEqual(['done', [9, 5]])
})
