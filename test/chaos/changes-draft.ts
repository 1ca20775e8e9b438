import { element, ROOM, visit } from './draft.ts'
import type { Act, Answer, Frame, History, Read, Refusal, Row, Visit } from './history.ts'
import { NOBODY } from './room-log.ts'

export const OVER = 'another room'

const isoOf = (seq: number): string => new Date(seq * 2_000).toISOString()

/** How a row was told at once: a message with its first text, a change as it was meant. */
const live = ({ seq, type, memberId, message, target = 0 }: Row, said: string): string =>
  type === 'edited' || type === 'deleted'
    ? JSON.stringify({
        type,
        roomId: ROOM,
        id: `id${target}`,
        target,
        ...(type === 'edited' ? { message: said } : {}),
        [type]: isoOf(seq),
      })
    : element(seq, memberId, type as 'chat', type === 'chat' ? said : message)

/**
 * Eve says, edits and deletes; Pam is plain, what she says is deleted by the owner; the owner removes
 * Gus, and ends the room in which Ivy is; Hal comes when all that is over. A row every 2 s.
 */
export class Draft {
  /** What was said, in place of what is left of it, by seq. */
  said = new Map([
    [5, 'one'],
    [6, 'two'],
    [7, 'three'],
    [8, 'more'],
    [12, 'four'],
  ])
  rows: Row[] = [
    ...['eve', 'fay', 'pam', 'gus'].map((memberId, at) => this.#row(at + 1, 'joined', memberId)),
    this.#row(5, 'chat', 'eve', 'more'),
    { ...this.#row(6, 'chat', 'eve', ''), deleted: true },
    { ...this.#row(7, 'chat', 'pam', ''), deleted: true },
    { ...this.#row(8, 'edited', 'eve', ''), target: 5 },
    { ...this.#row(9, 'deleted', 'eve', ''), target: 6 },
    { ...this.#row(10, 'deleted', NOBODY, ''), target: 7 },
    { ...this.#row(11, 'left', 'gus'), removed: true },
    this.#row(12, 'chat', 'eve', 'four'),
    this.#row(13, 'joined', 'hal'),
  ]
  eve = this.#visit(0, 'eve', this.#frames(1, 13), undefined)
  fay = this.#visit(1, 'fay', this.#frames(2, 13), undefined)
  pam = {
    ...visit(2, 0, [], []),
    frames: this.#frames(3, 13)
      .filter(({ seq }) => this.rows[seq - 1]?.target === undefined)
      .map(({ at, text }): Frame => ({ at, text })),
    said: [{ at: 14_000, text: 'three' }],
  }
  gus = this.#visit(3, 'gus', this.#frames(4, 10), undefined)
  hal = this.#visit(4, 'hal', this.#replay(13), 0)
  ivy = { ...this.#visit(5, 'ivy', [], undefined), roomId: OVER, opened: 0 }
  acts: Act[] = [
    { at: 19_900, done: 20_010, roomId: ROOM, kind: 'delete', id: 'id7' },
    { at: 21_900, done: 22_010, roomId: ROOM, kind: 'remove', id: 'gus' },
    { at: 23_900, done: 24_010, roomId: OVER, kind: 'dismiss', id: OVER },
  ]
  reads: Read[] = [this.read(27_000), { ...this.read(25_000), roomId: OVER, status: 404 }]
  refusals: Refusal[] = [
    { at: 22_500, roomId: ROOM, address: this.gus.address, status: 403 },
    { at: 24_500, roomId: OVER, address: this.ivy.address, status: 404 },
  ]
  faults: History['faults'] = []
  /** The seqs of messages that the second node tells as they were said. */
  readonly reveals: number[] = []

  constructor() {
    this.#say('one', 5, undefined, 'id5')
    this.#say('two', 6, undefined, 'id6')
    this.#say('more', 8, { type: 'edited', target: 'id5' }, 'id5')
    this.#say('gone', 9, { type: 'deleted', target: 'id6' }, 'id6')
    this.#say('four', 12, undefined, 'id12')
    this.gus.end = { at: 22_005, code: 4003, by: 'server' }
    this.ivy.end = { at: 24_005, code: 4004, by: 'server' }
    this.ivy.json = { ...this.ivy.json, seq: 1 }
    this.hal.json = { ...this.hal.json, seq: 13 }
    this.hal.asked = 25_900
  }

  /** What Eve says, and its ack. */
  #say(
    text: string,
    seq: number,
    change: { type: 'edited' | 'deleted'; target: string } | undefined,
    id: string,
  ): void {
    const at = seq * 2_000
    this.eve.said.push({ at, text, id: `id${seq}`, ...(change && { change }) })
    this.eve.json.answers.push({ at: at + 10, text, id, seq })
  }

  #row(seq: number, type: Row['type'], memberId: string, message = `${memberId} ${type}`): Row {
    return { seq, id: `id${seq}`, type, memberId, message, sent: isoOf(seq) }
  }

  /** Frames as they came at once. */
  #frames(from: number, to: number): Required<Frame>[] {
    return this.rows.slice(from - 1, to).map((row) => this.frame(row.seq))
  }

  frame(seq: number): Required<Frame> {
    const text = `${live(this.rows[seq - 1]!, this.said.get(seq) ?? '')}\n`
    return { at: seq * 2_000, text, seq }
  }

  /** A message as it is now, in JSON. */
  now(seq: number): string {
    const { memberId, type, message, deleted } = this.rows[seq - 1]!
    const told = JSON.parse(element(seq, memberId, type as 'chat', message)) as object
    const edited = this.rows.some((row) => row.type === 'edited' && row.target === seq)
    return JSON.stringify({
      ...told,
      ...(edited && { edited: isoOf(seq + 1) }),
      ...(deleted === true && { deleted: isoOf(seq + 1) }),
    })
  }

  #replay(to: number): Required<Frame>[] {
    return this.rows.slice(0, to).map(({ seq, target }) => {
      const frame = this.frame(seq)
      return {
        ...frame,
        at: 26_000,
        text: target === undefined ? `${this.now(seq)}\n` : frame.text,
      }
    })
  }

  #visit(id: number, memberId: string, frames: Required<Frame>[], after: number | undefined) {
    const seq = frames[0]?.seq ?? 1
    const answers: Answer[] = []
    return {
      ...visit(id, id % 2, [], []),
      said: [] as Visit['said'][number][],
      frames,
      json: { memberId, wanted: undefined, after, seq, answers },
    }
  }

  read(at: number, elements = [this.now(5), this.now(12)]): Read {
    return { at, roomId: ROOM, path: '/messages', status: 200, elements }
  }

  /** Puts a row into the log, and before the eyes of all who are there at the end. */
  append(row: Omit<Row, 'seq' | 'id' | 'sent'>, said = ''): void {
    const seq = this.rows.length + 1
    this.rows.push({ ...this.#row(seq, row.type, row.memberId), ...row })
    this.said.set(seq, said)
    for (const { frames } of [this.eve, this.fay, this.hal]) frames.push(this.frame(seq))
    const { at, text } = this.frame(seq)
    if (row.target === undefined) this.pam.frames.push({ at, text })
  }

  get history(): History {
    const messages = this.rows.filter(({ target }) => target === undefined)
    const view = {
      roomId: ROOM,
      elements: messages
        .filter(({ deleted }) => deleted !== true)
        .map(({ seq, memberId, type, message }) => element(seq, memberId, type as 'chat', message)),
      members: ['eve', 'fay', 'pam', 'hal'],
    }
    return {
      seed: 0,
      leaseMs: 4_000,
      resumeMs: 3_000,
      origin: 0,
      talk: { from: 0, to: 40_000 },
      faults: this.faults,
      stalls: [],
      visits: [this.eve, this.fay, this.pam, this.gus, this.hal, this.ivy],
      resumes: [],
      refusals: this.refusals,
      acts: this.acts,
      reads: this.reads,
      logs: [{ roomId: ROOM, rows: this.rows }],
      views: [0, 1].map((node) => ({
        ...view,
        node,
        messages: messages.map(({ seq }) => {
          const isRevealed = node === 1 && this.reveals.includes(seq)
          const text = isRevealed ? this.frame(seq).text : this.now(seq)
          return JSON.stringify({ seq, ...(JSON.parse(text) as object) })
        }),
      })),
      oddities: [],
    }
  }
}
