import { expect, test } from 'vitest'
import type { StoredRow } from '../../src/adapters/memory/log.ts'
import { chatsWith } from '../../src/adapters/memory/search.ts'
import type { Seq } from '../../src/ports/model.ts'
import { newRoomId } from '../contract/repository-scene.ts'
import { logged } from './http-fixture.ts'

const roomId = newRoomId()

/** Long enough for a search to be interrupted. */
const ROWS = 300_000

/** A log in which the rows with these seqs say `needle`. */
const logWith = (seqs: readonly Seq[]): StoredRow[] => {
  const filler = logged(roomId, 1)
  const log: StoredRow[] = Array.from({ length: ROWS }, (_, at) => ({
    ...filler,
    seq: at + 1,
    message: 'nothing',
  }))
  for (const seq of seqs) log[seq - 1] = { ...filler, seq, message: `needle ${seq}` }
  return log
}

const say = (log: StoredRow[], seq: Seq, message: string): void => {
  log[seq - 1] = { ...logged(roomId, seq), message }
}

test('a text that is deleted while a search is under way is not in its answer, and an edited one as it is now', async () => {
  const log = logWith([10, ROWS - 20, ROWS - 10])
  const answer = chatsWith(log, ['needle'], { newest: true, limit: 3 }, () => undefined)
  say(log, ROWS - 10, '')
  say(log, ROWS - 20, 'needle, edited')
  expect(await answer).toMatchObject([
    { seq: 10, message: 'needle 10' },
    { seq: ROWS - 20, message: 'needle, edited' },
  ])
})

test('what a search finds in place of a text that was deleted meanwhile fills its page', async () => {
  const log = logWith([10, 20, ROWS - 10])
  const page = chatsWith(log, ['needle'], { newest: true, limit: 2 }, () => undefined)
  say(log, ROWS - 10, '')
  expect(await page).toMatchObject([{ seq: 10 }, { seq: 20 }])
})
