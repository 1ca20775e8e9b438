import { describe, expect, test } from 'vitest'
import { check } from './checker.ts'
import { element, logOf, timeOf, viewOf, visit } from './draft.ts'
import type { Answer, Fault, History, JsonVisit } from './history.ts'

const CUT = 1006
const LEFT = 1000

/** Eve, who came back as who she was, and Fay, who stayed away for too long; a message every 2 s. */
class Draft {
  log = [
    element(1, 'eve', 'joined'),
    element(2, 'fay', 'joined'),
    element(3, 'eve', 'chat', 'one'),
    element(4, 'eve', 'chat', 'two'),
    element(5, 'fay', 'left'),
    element(6, 'gil', 'joined'),
    element(7, 'eve', 'chat', 'three'),
  ]
  members = ['eve', 'gil']
  faults: Fault[] = []
  resumes = [
    { at: 7_000, memberId: 'eve' },
    { at: 11_900, memberId: 'fay' },
  ]
  /** She got no answer to `two`, and said it again. */
  eve = [
    this.#visit(0, ['eve', undefined, undefined, 1], [0, 3], ['one', 'two'], ['one 3']),
    this.#visit(1, ['eve', 'eve', 3, 3], [3, 7], ['two', 'three'], ['two 4', 'three 7']),
  ] as const
  fay = this.#visit(2, ['fay', undefined, undefined, 2], [1, 2], [], [])
  gil = this.#visit(3, ['gil', 'fay', 1, 6], [1, 7], [], [])

  constructor() {
    this.end(this.eve[0], 6_500, CUT)
    this.end(this.fay, 5_000, CUT)
    this.eve[1].opened = 7_000
    this.gil.opened = 12_000
  }

  end(ended: { end: History['visits'][number]['end'] }, at: number, code: number): void {
    ended.end = { at, code, by: code === CUT || code === LEFT ? 'itself' : 'server' }
  }

  #visit(
    id: number,
    [memberId, wanted, after, seq]: readonly [
      string,
      string | undefined,
      number | undefined,
      number,
    ],
    [from, to]: readonly [number, number],
    said: readonly string[],
    acks: readonly string[],
  ) {
    const { frames, ...rest } = visit(id, id % 2, this.log.slice(from, to), said)
    const answers = acks.map((ack): Answer => {
      const [text = '', at = ''] = ack.split(' ')
      return { at: Number(at) * 2_000, text, id: `id${at}`, seq: Number(at) }
    })
    return {
      ...rest,
      frames: frames.map((frame, at) => ({ ...frame, seq: from + at + 1 })),
      json: { memberId, wanted, after, seq, answers } as JsonVisit & { answers: Answer[] },
    }
  }

  /** Puts something into the log, and before the eyes of all who are there at the end. */
  append(text: string): void {
    this.log.push(text)
    for (const { frames } of [this.eve[1], this.gil]) {
      frames.push({ at: timeOf(text), text: `${text}\n`, seq: this.log.length })
    }
  }

  /** Fay stays, and so sees more, until now. */
  fayUntil(at: number, code: number): void {
    this.end(this.fay, at, code)
    for (const seq of [3, 4]) {
      const text = this.log[seq - 1]!
      this.fay.frames.push({ at: timeOf(text), text: `${text}\n`, seq })
    }
  }

  get history(): History {
    return {
      seed: 0,
      leaseMs: 4_000,
      resumeMs: 3_000,
      origin: 0,
      talk: { from: 0, to: 30_000 },
      faults: this.faults,
      stalls: [],
      visits: [...this.eve, this.fay, this.gil],
      resumes: this.resumes,
      refusals: [],
      acts: [],
      reads: [],
      logs: [logOf(this.log)],
      views: [0, 1].map((node) => viewOf(node, this.log, this.members)),
      oddities: [],
    }
  }
}

const rulesOf = (change: (draft: Draft) => void): readonly string[] => {
  const draft = new Draft()
  change(draft)
  return [...new Set(check(draft.history).map(({ rule }) => rule))].sort()
}

/** As it looks when Eve's second connection made a new member of her. */
const another = (draft: Draft): void => {
  const [first, second] = draft.eve
  const name = (text: string) => text.replace('"eve"', '"hal"')
  draft.log[3] = element(4, 'hal', 'joined')
  draft.log[6] = name(draft.log[6]!)
  draft.log.splice(4, 0, element(4.5, 'eve', 'left'))
  draft.members = ['hal', 'gil']
  second.json = { ...second.json, memberId: 'hal', seq: 4, answers: [] }
  second.said.splice(0)
  second.said.push({ at: 0, text: 'three' })
  second.json.answers.push({ at: 14_000, text: 'three', id: 'id7', seq: 8 })
  const frames = (from: number) =>
    draft.log.map((text, at) => ({ at: timeOf(text), text: `${text}\n`, seq: at + 1 })).slice(from)
  second.frames.splice(0, Infinity, ...frames(3))
  draft.gil.frames.splice(0, Infinity, ...frames(1))
  draft.gil.json = { ...draft.gil.json, seq: 7 }
  expect(first.end?.at).toBe(6_500)
}

describe('the checker has nothing to say', () => {
  test.each<[string, (draft: Draft) => void]>([
    ['when one came back and one did not', () => {}],
    [
      'when one comes back who stayed away for too long',
      (draft) => {
        another(draft)
        draft.end(draft.eve[0], 1_000, CUT)
        draft.eve[0].frames.splice(0)
        draft.eve[0].json.answers.splice(0)
      },
    ],
    [
      'when what was refused is said again, and stored then',
      ({ eve }) => {
        eve[1].said.unshift({ at: 0, text: 'two' })
        eve[1].json.answers.unshift({ at: 7_500, text: 'two', code: 'unavailable' })
      },
    ],
    [
      'when a ref is acked twice, alike',
      ({ eve }) => {
        eve[1].said.unshift({ at: 0, text: 'two' })
        eve[1].json.answers.unshift({ at: 7_500, text: 'two', id: 'id4', seq: 4 })
      },
    ],
    ['when a connection ends after its `room`', ({ fay }) => fay.frames.splice(0)],
    ['when a newer connection takes the place of one', ({ eve, end }) => end(eve[0], 7_100, 4001)],
    [
      'when a member left at once that wanted to',
      (draft) => {
        draft.fayUntil(9_990, LEFT)
        draft.resumes.pop()
        draft.gil.json = { ...draft.gil.json, wanted: undefined }
      },
    ],
  ])('%s', (_name, change) => {
    expect(rulesOf(change)).toEqual([])
  })
})

describe('the checker tells', () => {
  test.each<[string, string, (draft: Draft) => void]>([
    ['lost', 'a hole in a replay', ({ gil }) => gil.frames.splice(1, 1)],
    ['lost', 'a replay that begins too late', ({ eve }) => eve[1].frames.shift()],
    ['lost', 'a replay that does not reach the end', ({ gil }) => gil.frames.pop()],
    [
      'reordered',
      'a message with the seq of another',
      ({ gil }) => (gil.frames[2] = { ...gil.frames[2]!, seq: 7 }),
    ],
    [
      'reordered',
      'a replay that begins before what was held',
      ({ eve, log }) => eve[1].frames.unshift({ at: 7_000, text: `${log[2]}\n`, seq: 3 }),
    ],
    [
      'lost',
      'an ack of what is not stored',
      ({ eve }) => {
        eve[1].said.push({ at: 0, text: 'four' })
        eve[1].json.answers.push({ at: 0, text: 'four', id: 'id8', seq: 8 })
      },
    ],
    [
      'lost',
      'an ack with the place of another message',
      ({ eve }) => (eve[1].json.answers[1] = { at: 0, text: 'three', id: 'id7', seq: 6 }),
    ],
    [
      'doubled lost',
      'two acks of one ref that differ',
      ({ eve }) => {
        eve[1].said.push({ at: 0, text: 'one' })
        eve[1].json.answers.push({ at: 0, text: 'one', id: 'id9', seq: 3 })
      },
    ],
    [
      'doubled',
      'a ref that became two messages',
      (draft) => draft.append(element(8, 'eve', 'chat', 'two')),
    ],
    ['lost', 'a send without an answer', ({ eve }) => eve[1].json.answers.pop()],
    [
      'phantom',
      'an answer to nothing',
      ({ eve }) => eve[1].json.answers.push({ at: 0, text: 'nothing', code: 'unavailable' }),
    ],
    [
      'phantom',
      'what was refused every time, and is stored',
      ({ eve }) => (eve[1].json.answers[1] = { at: 0, text: 'three', code: 'overloaded' }),
    ],
    [
      'broken',
      'a refusal that says that there is a bug',
      ({ eve }) => {
        eve[1].said.push({ at: 0, text: 'four' })
        eve[1].json.answers.push({ at: 0, text: 'four', code: 'internal' })
      },
    ],
    ['members', 'one that came back in time, as another', another],
    [
      'doubled',
      'a joined of one that came back',
      (draft) => {
        draft.log[5] = element(6, 'eve', 'joined')
        draft.members = ['eve']
        for (const { frames } of [draft.gil, draft.eve[1]]) {
          frames.forEach(
            (frame, at) => (frames[at] = { ...frame, text: `${draft.log[frame.seq - 1]}\n` }),
          )
        }
        draft.end(draft.gil, 15_000, LEFT)
      },
    ],
    [
      'members',
      'a left of one that came back',
      (draft) => {
        draft.append(element(8, 'eve', 'left'))
        draft.members = ['gil']
      },
    ],
    ['members', 'a left before it was time', (draft) => draft.fayUntil(8_500, CUT)],
    [
      'members',
      'no left of one that did not come back',
      (draft) => {
        draft.log.splice(4, 1, element(5, 'eve', 'chat', 'four'))
        draft.eve[1].said.splice(1, 0, { at: 0, text: 'four' })
        draft.eve[1].json.answers.push({ at: 0, text: 'four', id: 'id5', seq: 5 })
        for (const { frames } of [draft.gil, draft.eve[1]]) {
          frames.forEach(
            (frame, at) => (frames[at] = { ...frame, text: `${draft.log[frame.seq - 1]}\n` }),
          )
        }
        draft.members = ['eve', 'fay', 'gil']
      },
    ],
    ['lost members', 'an older connection that stays', ({ eve }) => (eve[0].end = undefined)],
    [
      'broken members',
      'one that nothing took the place of',
      ({ gil, end }) => end(gil, 20_000, 4001),
    ],
  ])('%s: %s', (rules, _name, change) => {
    expect(rulesOf(change)).toEqual(rules.split(' '))
  })
})
