import { describe, expect, test } from 'vitest'
import { check } from './checker.ts'
import { element, logOf, timeOf, viewOf, visit } from './draft.ts'
import type { Fault, History } from './history.ts'

/** A small history in which everything is right, and what a test may do to it. */
class Draft {
  log = [
    element(1, 'ann', 'joined'),
    element(2, 'bob', 'joined'),
    element(3, 'ann', 'chat', 'hello'),
    element(4, 'cat', 'joined'),
    element(5, 'bob', 'chat', 'hi'),
    element(6, 'cat', 'left'),
    element(7, 'ann', 'chat', 'bye'),
  ]
  members = ['ann', 'bob']
  faults: Fault[] = []
  oddities: string[] = []
  stalls: History['stalls'] = []
  ann = visit(0, 0, this.log.slice(0), ['hello', 'bye'])
  bob = visit(1, 1, this.log.slice(1), ['hi'])
  cat = {
    ...visit(2, 1, this.log.slice(3, 5), []),
    end: { at: 11_500, code: 1000, by: 'itself' as 'itself' | 'server' },
  }
  /** What the second node tells, if it is not the same. */
  other: { log?: readonly string[]; members?: readonly string[] } = {}

  /** Puts something into the log, and before everyone's eyes who should see it. */
  append(...elements: readonly string[]): void {
    for (const text of elements) {
      this.log.push(text)
      const at = timeOf(text)
      for (const { frames } of [this.ann, this.bob]) frames.push({ at, text: `${text}\n` })
    }
  }

  get history(): History {
    return {
      seed: 0,
      leaseMs: 4_000,
      resumeMs: 3_000,
      origin: 0,
      resumes: [],
      refusals: [],
      acts: [],
      reads: [],
      talk: { from: 0, to: 30_000 },
      faults: this.faults,
      stalls: this.stalls,
      visits: [this.ann, this.bob, this.cat],
      logs: [logOf(this.log)],
      views: [
        viewOf(0, this.log, this.members),
        viewOf(1, this.other.log ?? this.log, this.other.members ?? this.members),
      ],
      oddities: this.oddities,
    }
  }
}

const rulesOf = (change: (draft: Draft) => void): readonly string[] => {
  const draft = new Draft()
  change(draft)
  return [...new Set(check(draft.history).map(({ rule }) => rule))].sort()
}

const killed = (from: number, to = from + 500, node: number | undefined = 0): Fault => ({
  kind: 'node killed',
  node,
  from,
  to,
})

const fault = (kind: string, from: number, to: number, node?: number): Fault => ({
  kind,
  node,
  from,
  to,
})

const endedByServer = (at: number, code = 1012) => ({ at, code, by: 'server' as const })

/** Ann's connection ends with her last frame, and she is gone. */
const annGone = (draft: Draft, end: ReturnType<typeof endedByServer>): void => {
  draft.ann.frames.length = 0
  draft.ann.frames.push(...draft.log.map((text) => ({ at: timeOf(text), text: `${text}\n` })))
  const left = element(8, 'ann', 'left')
  draft.log.push(left)
  draft.bob.frames.push({ at: timeOf(left), text: `${left}\n` })
  draft.ann.end = end
  draft.members = ['bob']
}

describe('the checker has nothing to say', () => {
  test.each<[string, (draft: Draft) => void]>([
    ['when all is well', () => {}],
    [
      'when a text that could not be confirmed is stored',
      (draft) => {
        const text = 'Could not be confirmed; if it appears, it was sent. "bye"'
        draft.ann.frames.push({ at: 15_000, text: `${element(9, 'ann', 'failed', text)}\n` })
      },
    ],
    [
      'when a refused text is not stored',
      (draft) => {
        draft.ann.said.push({ at: 15_000, text: 'lost' })
        const text = 'Not sent: the server cannot store messages now, try again. "lost"'
        draft.ann.frames.push({ at: 15_000, text: `${element(9, 'ann', 'failed', text)}\n` })
      },
    ],
    [
      'when a text of an ended connection has no answer, stored or not',
      (draft) => {
        draft.cat.said.push({ at: 15_000, text: 'anybody?' })
      },
    ],
    [
      'when a text is stored whose connection ended before its first frame',
      (draft) => {
        draft.cat.frames.length = 0
        draft.cat.said.push({ at: 0, text: 'hello?' })
        draft.log[4] = element(5, 'cat', 'chat', 'hello?')
        draft.bob.said.length = 0
        const frame = { at: 10_000, text: `${draft.log[4]}\n` }
        draft.ann.frames[4] = frame
        draft.bob.frames[3] = frame
      },
    ],
    [
      'when a killed node ended the connection',
      (draft) => {
        draft.faults.push(killed(15_000))
        annGone(draft, endedByServer(15_010, 1006))
      },
    ],
    [
      'when a node that slept past its lease ended the connection',
      (draft) => {
        draft.faults.push(fault('node stopped for longer than its lease', 8_000, 14_900, 0))
        annGone(draft, endedByServer(15_000))
      },
    ],
    [
      'when a text is late soon after a fault',
      (draft) => {
        draft.faults.push(fault('Redis killed', 13_000, 13_800))
        draft.bob.frames.at(-1)!.at = 16_500
      },
    ],
    [
      'when this process had no turn',
      (draft) => {
        draft.stalls = [{ from: 14_000, to: 14_900 }]
        draft.bob.frames.at(-1)!.at = 14_900
      },
    ],
  ])('%s', (_name, change) => {
    expect(rulesOf(change)).toEqual([])
  })
})

describe('the checker tells', () => {
  test.each<[string, string, (draft: Draft) => void]>([
    ['lost', 'a hole in what a connection got', ({ bob }) => bob.frames.splice(2, 1)],
    ['lost', 'an open connection without the end of the log', ({ bob }) => bob.frames.pop()],
    [
      'late lost',
      'a hole before the end of a connection that was closed',
      (draft) => {
        const [joined] = draft.cat.frames
        draft.log.splice(4, 0, element(4.5, 'bob', 'chat', 'between'))
        draft.bob.said.unshift({ at: 0, text: 'between' })
        const between = { at: 9_000, text: `${draft.log[4]}\n` }
        draft.ann.frames.splice(4, 0, between)
        draft.bob.frames.splice(3, 0, between)
        expect(draft.cat.frames[0]).toBe(joined)
      },
    ],
    ['lost phantom', 'an acknowledged text that is not stored', dropFromLog],
    [
      'lost',
      'a text of an open connection without any answer',
      ({ ann }) => ann.said.push({ at: 15_000, text: 'anybody?' }),
    ],
    [
      'lost members phantom',
      'a connection without its own joined',
      ({ bob }) => bob.frames.shift(),
    ],
    [
      'lost members',
      'an open connection without a frame',
      ({ bob }) => {
        bob.frames.length = 0
      },
    ],
    [
      'doubled',
      'a text that is stored twice',
      (draft) => draft.append(element(8, 'ann', 'chat', 'bye')),
    ],
    [
      'doubled lost phantom',
      'an id that is stored twice',
      (draft) => {
        draft.bob.said.push({ at: 0, text: 'again' })
        draft.append(element(8, 'bob', 'chat', 'again').replace('id8', 'id7'))
      },
    ],
    ['doubled', 'a frame that came twice', ({ bob }) => bob.frames.push(bob.frames[2]!)],
    ['doubled', 'a second left', (draft) => draft.append(element(8, 'cat', 'left'))],
    ['doubled', 'a second joined', (draft) => draft.append(element(8, 'ann', 'joined'))],
    [
      'reordered',
      'frames in another order than the log',
      ({ bob: { frames } }) => frames.splice(1, 2, frames[2]!, frames[1]!),
    ],
    [
      'reordered',
      'texts stored in another order than said',
      ({ ann }) => (ann.said = ann.said.toReversed()),
    ],
    [
      'reordered',
      'nodes whose histories differ',
      (draft) => (draft.other.log = draft.log.toReversed()),
    ],
    [
      'reordered',
      'sent going back',
      (draft) => {
        draft.ann.said.push({ at: 0, text: 'early' })
        draft.append(element(6.5, 'ann', 'chat', 'early'))
      },
    ],
    [
      'phantom',
      'a stored text that nobody said',
      (draft) => draft.append(element(8, 'ann', 'chat', 'boo')),
    ],
    [
      'phantom',
      'a stored text under another name',
      (draft) => {
        draft.bob.said.push({ at: 0, text: 'mine' })
        draft.append(element(8, 'ann', 'chat', 'mine'))
      },
    ],
    [
      'lost phantom',
      'a frame that differs from its element by a byte',
      ({ bob }) => (bob.frames[1] = { at: 6_000, text: ` ${bob.frames[1]!.text}` }),
    ],
    [
      'phantom',
      'a text that was refused for certain and is stored',
      ({ ann }) => {
        const text = 'Not sent: the server is busy, try again. "bye"'
        ann.frames.push({ at: 15_000, text: `${element(9, 'ann', 'failed', text)}\n` })
      },
    ],
    [
      'phantom',
      'a refusal that came to the wrong connection',
      ({ bob }) => {
        const text = 'Could not be confirmed; if it appears, it was sent. "bye"'
        bob.frames.push({ at: 15_000, text: `${element(9, 'bob', 'failed', text)}\n` })
      },
    ],
    ['members', 'a ghost: gone without a left', ghost],
    [
      'members',
      'a left of someone who is there',
      (draft) => {
        draft.append(element(8, 'ann', 'left'))
        draft.members = ['bob']
      },
    ],
    ['members', 'nodes that tell different members', (draft) => (draft.other.members = ['ann'])],
    ['members', 'members that joined and left do not give', (draft) => (draft.members = ['ann'])],
    [
      'closed',
      'a connection that a fault of Redis ended',
      (draft) => {
        draft.faults.push(fault('Redis killed', 14_500, 15_500))
        annGone(draft, endedByServer(15_000))
      },
    ],
    [
      'closed',
      'a connection that an outage of Postgres ended, however long',
      (draft) => {
        draft.faults.push(fault('Postgres stopped', 5_000, 15_500))
        annGone(draft, endedByServer(16_000))
      },
    ],
    [
      'closed',
      'a connection that the end of another node ended',
      (draft) => {
        draft.faults.push(killed(15_000, 15_500, 1))
        annGone(draft, endedByServer(15_010, 1006))
      },
    ],
    [
      'closed',
      'a connection of a node that slept for less than its lease',
      (draft) => {
        draft.faults.push(fault('node stopped', 14_000, 14_900, 0))
        annGone(draft, endedByServer(15_000))
      },
    ],
    [
      'broken',
      'a code that says that there is a bug',
      (draft) => {
        draft.faults.push(killed(15_000))
        annGone(draft, endedByServer(15_010, 1011))
      },
    ],
    [
      'broken',
      'a refusal that says that there is a bug',
      ({ ann }) => {
        ann.said.push({ at: 15_000, text: 'oops' })
        const text = 'Not sent: something went wrong here. "oops"'
        ann.frames.push({ at: 15_000, text: `${element(9, 'ann', 'failed', text)}\n` })
      },
    ],
    ['broken', 'a node that died', ({ oddities }) => oddities.push('node 1 ended by itself')],
    ['late', 'a text that is late in quiet times', ({ bob }) => (bob.frames.at(-1)!.at = 14_401)],
    [
      'late',
      'a text from before that is not there when it is quiet',
      (draft) => {
        draft.faults.push(fault('Redis killed', 13_000, 14_100))
        draft.bob.frames.at(-1)!.at = 17_501
      },
    ],
    [
      'late',
      'a text that waited for the sweep after killed subscriptions',
      (draft) => {
        draft.faults.push(fault('Redis subscriptions killed', 13_900, 13_910))
        draft.bob.frames.at(-1)!.at = 14_700
      },
    ],
  ])('%s: %s', (rules, _name, change) => {
    expect(rulesOf(change)).toEqual(rules.split(' '))
  })
})

/** Both have the echo of a text that is not in the log. */
function dropFromLog(draft: Draft): void {
  draft.log.pop()
}

/** Cat's left is nowhere. */
function ghost(draft: Draft): void {
  draft.log.splice(5, 1)
  draft.ann.frames.splice(5, 1)
  draft.bob.frames.splice(4, 1)
  draft.members = ['ann', 'bob', 'cat']
}
