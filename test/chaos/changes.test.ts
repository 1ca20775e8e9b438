import { describe, expect, test } from 'vitest'
import { Draft, OVER } from './changes-draft.ts'
import { check } from './checker.ts'
import { ROOM, timeOf } from './draft.ts'
import { NOBODY } from './room-log.ts'

const rulesOf = (change: (draft: Draft) => void): readonly string[] => {
  const draft = new Draft()
  change(draft)
  return [...new Set(check(draft.history).map(({ rule }) => rule))].sort()
}

describe('the checker has nothing to say', () => {
  test.each<[string, (draft: Draft) => void]>([
    ['when all is well', () => {}],
    [
      'when an edit tells already that its message is deleted since',
      (draft) => {
        draft.append({ type: 'deleted', memberId: NOBODY, message: '', target: 5 })
        draft.acts.push({ ...draft.acts[0]!, id: 'id5', done: undefined })
        draft.rows[4] = { ...draft.rows[4]!, message: '', deleted: true }
        const edited = JSON.parse(draft.fay.frames[6]!.text) as object
        const text = `${JSON.stringify({ ...edited, message: '' })}\n`
        draft.fay.frames[6] = { ...draft.fay.frames[6]!, text }
      },
    ],
    [
      'when a message that was deleted never came to members of the plain dialect',
      ({ pam }) => pam.frames.splice(4, 1),
    ],
    [
      'when what is deleted is deleted again, and the answer tells of the first time',
      ({ eve }) => {
        const change = { type: 'deleted', target: 'id6' } as const
        eve.said.push({ at: 30_000, text: 'again', id: 'id99', change })
        eve.json.answers.push({ at: 30_100, text: 'again', id: 'id6', seq: 9 })
      },
    ],
    [
      'when a change was refused, and is not stored',
      ({ eve }) => {
        const change = { type: 'edited', target: 'id6' } as const
        eve.said.push({ at: 30_000, text: 'no', id: 'id99', change })
        eve.json.answers.push({ at: 30_100, text: 'no', code: 'not_found' })
      },
    ],
    [
      'when a read that began before the ack tells what was said',
      (draft) => draft.reads.push(draft.read(18_005, [draft.now(5), draft.frame(6).text])),
    ],
    [
      'when the end of its node ended the connection of who was removed',
      (draft) => {
        draft.faults = [{ kind: 'node killed', node: 1, from: 21_990, to: 22_500 }]
        draft.gus.end = { at: 22_000, code: 1006, by: 'server' }
      },
    ],
  ])('%s', (_name, change) => {
    expect(rulesOf(change)).toEqual([])
  })
})

describe('the checker tells', () => {
  test.each<[string, string, (draft: Draft) => void]>([
    ['lost', 'a change that one member did not get', ({ fay }) => fay.frames.splice(6, 1)],
    ['doubled', 'a change that came twice', ({ fay }) => fay.frames.push(fay.frames[6]!)],
    [
      'reordered',
      'changes in another order than the log',
      ({ fay: { frames } }) => frames.splice(6, 2, frames[7]!, frames[6]!),
    ],
    [
      'late',
      'a change that is late in quiet times',
      ({ fay }) => (fay.frames[6] = { ...fay.frames[6]!, at: 16_411 }),
    ],
    [
      'lost',
      'an edit that tells the text from before',
      ({ fay, frame }) => {
        const { text } = frame.call(new Draft(), 8)
        fay.frames[6] = { ...fay.frames[6]!, text: text.replace('more', 'one') }
      },
    ],
    [
      'phantom',
      'a change that comes to a member of the plain dialect',
      ({ pam, fay }) => pam.frames.push({ at: 16_000, text: fay.frames[6]!.text }),
    ],
    [
      'doubled',
      'a text that comes to a member of the plain dialect again, with its new text',
      (draft) => {
        const text = draft.frame(5).text.replace('one', 'more')
        draft.pam.frames.push({ at: 30_000, text })
      },
    ],
    [
      'phantom',
      'a change that nobody asked for',
      ({ eve }) => {
        eve.said.splice(3, 1)
        eve.json.answers.splice(3, 1)
      },
    ],
    [
      'phantom',
      'a change of what someone else said',
      ({ eve, fay, rows }) => {
        fay.said.push(...eve.said.splice(2, 1))
        fay.json.answers.push(...eve.json.answers.splice(2, 1))
        rows[7] = { ...rows[7]!, memberId: 'fay' }
      },
    ],
    ['phantom', 'a deletion that the owner did not ask for', ({ acts }) => acts.shift()],
    [
      'phantom',
      'a change that was refused, and is stored',
      ({ eve }) => (eve.json.answers[2] = { at: 0, text: 'more', code: 'overloaded' }),
    ],
    ['lost', 'a change without an answer', ({ eve }) => eve.json.answers.splice(2, 1)],
    [
      'lost',
      'an acknowledged change that is not in the log',
      ({ eve }) => {
        const change = { type: 'edited', target: 'id5' } as const
        eve.said.push({ at: 30_000, text: 'most', id: 'id14', change })
        eve.json.answers.push({ at: 30_100, text: 'most', id: 'id5', seq: 14 })
      },
    ],
    [
      'lost',
      'an acknowledged deletion of the owner’s that is not in the log',
      ({ acts }) => acts.push({ ...acts[0]!, id: 'id12' }),
    ],
    [
      'lost',
      'a message that is not as its last change says',
      ({ rows }) => (rows[4] = { ...rows[4]!, message: 'one' }),
    ],
    [
      'doubled',
      'a message that is deleted twice',
      (draft) => draft.append({ type: 'deleted', memberId: NOBODY, message: '', target: 7 }),
    ],
    [
      'phantom',
      'a change of what is deleted',
      (draft) => {
        const change = { type: 'edited', target: 'id6' } as const
        draft.eve.said.push({ at: 28_000, text: 'two?', id: 'id14', change })
        draft.eve.json.answers.push({ at: 28_010, text: 'two?', id: 'id6', seq: 14 })
        draft.append({ type: 'edited', memberId: 'eve', message: '', target: 6 }, 'two?')
        draft.rows[5] = { ...draft.rows[5]!, message: 'two?', deleted: false }
      },
    ],
    [
      'stale',
      'a deleted text in a read that began behind the ack',
      (draft) => draft.reads.push(draft.read(18_011, [draft.frame(6).text])),
    ],
    [
      'stale',
      'a text that the owner had deleted, in a read that began behind that',
      (draft) => draft.reads.push(draft.read(20_011, [draft.frame(7).text])),
    ],
    [
      'stale',
      'the text from before an edit in a read that began behind the ack',
      (draft) => draft.reads.push(draft.read(16_011, [draft.frame(5).text])),
    ],
    [
      'stale',
      'a deleted text in a replay that began behind the ack',
      ({ hal, frame }) => (hal.frames[5] = { ...frame.call(new Draft(), 6), at: 26_000 }),
    ],
    [
      'phantom',
      'a read that tells what was never said',
      (draft) => draft.reads.push(draft.read(1, [draft.frame(5).text.replace('one', 'boo')])),
    ],
    ['reordered', 'a node that tells a deleted text at the end', ({ reveals }) => reveals.push(6)],
    [
      'staying',
      'a text that came to one who was removed',
      (draft) => draft.gus.frames.push(draft.frame(11), draft.frame(12)),
    ],
    [
      'staying',
      'a removed connection that stays',
      ({ gus }) => (gus.end = { ...gus.end!, at: 22_411 }),
    ],
    [
      'doubled',
      'a second left of one who was removed',
      (draft) => draft.append({ type: 'left', memberId: 'gus', message: 'gus left' }),
    ],
    [
      'lost members staying',
      'a removed member whose connection is open at the end',
      ({ gus }) => (gus.end = undefined),
    ],
    [
      'broken',
      'one who was removed, and is told that another connection took its place',
      ({ gus }) => (gus.end = { ...gus.end!, code: 4001 }),
    ],
    [
      'closed',
      'one who was removed, and is told to come back',
      ({ gus }) => (gus.end = { ...gus.end!, code: 1012 }),
    ],
    ['broken phantom', 'a removal that nobody asked for', ({ acts }) => acts.splice(1, 1)],
    [
      'lost',
      'an acknowledged removal that is not in the log',
      ({ acts }) => acts.push({ ...acts[1]!, id: 'someone' }),
    ],
    [
      'staying',
      'one who comes in again from where it was removed',
      ({ hal, gus }) => (hal.address = gus.address),
    ],
    [
      'broken',
      'a guest who is kept out, and was not removed',
      ({ refusals }) => refusals.push({ ...refusals[0]!, address: '127.0.0.99' }),
    ],
    [
      'stale',
      'a room that can be read when it is over',
      (draft) => draft.reads.push({ ...draft.read(24_011, []), roomId: OVER }),
    ],
    [
      'lost',
      'a room that is not there, though nobody ended it',
      (draft) => draft.reads.push({ ...draft.read(24_011, []), status: 404 }),
    ],
    [
      'broken',
      'a room that nobody can join, though nobody ended it',
      ({ refusals }) => refusals.push({ ...refusals[1]!, roomId: ROOM }),
    ],
    ['staying', 'a connection that outlives its room', ({ ivy }) => (ivy.end = undefined)],
    [
      'staying',
      'one that ends long after its room',
      ({ ivy }) => (ivy.end = { ...ivy.end!, at: 24_411 }),
    ],
    ['staying', 'a guest who comes into a room that is over', ({ ivy }) => (ivy.asked = 24_011)],
    [
      'closed',
      'one whose room is over, and is told to come back',
      ({ ivy }) => (ivy.end = { ...ivy.end!, code: 1012 }),
    ],
    [
      'broken',
      'one who is told that its room is over, and it is not',
      ({ gus }) => (gus.end = { ...gus.end!, code: 4004 }),
    ],
    [
      'lost',
      'a hole in what came of a room that is over',
      ({ ivy, frame }) => ivy.frames.push(frame.call(new Draft(), 1), frame.call(new Draft(), 3)),
    ],
    [
      'broken',
      'a room that could not be ended',
      ({ acts }) => (acts[2] = { ...acts[2]!, done: undefined }),
    ],
  ])('%s: %s', (rules, _name, change) => {
    expect(rulesOf(change)).toEqual(rules.split(' '))
  })
})

test('the times of the draft are those of its rows', () => {
  const { rows, frame } = new Draft()
  expect(rows.every(({ sent, seq }) => Date.parse(sent) === seq * 2_000)).toBe(true)
  expect(timeOf(frame.call(new Draft(), 5).text)).toBe(10_000)
})
