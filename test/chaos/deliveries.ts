import type { Row, Visit } from './history.ts'
import { isPlain, type Story } from './room-log.ts'
import type { ReadVisit } from './visits.ts'

export interface Delivery {
  readonly text: string
  readonly said: number
  /** When who did it had it back, or was told that it is stored. */
  readonly acked: number
  /** The other connections that were in the room, and when they got it. */
  readonly readers: readonly { readonly visit: Visit; readonly got: number | undefined }[]
}

/** Every acknowledged text, change and act of the owner's, and how it came to the connections of its room. */
export const deliveries = ({ log, visits, acts }: Story): readonly Delivery[] => {
  const seqOf = ({ seq, message }: ReadVisit['stored'][number]): number =>
    seq ?? log.byId.get(message.id)?.seq ?? Infinity
  // Whatever comes twice is told elsewhere: the first counts.
  const got = visits.map(
    ({ stored }) => new Map(stored.toReversed().map((frame) => [seqOf(frame), frame.at])),
  )
  /** From where in the log on a visit gets messages as they come, if it does. */
  const startOf = ({ visit: { json }, stored }: ReadVisit): number =>
    json ? json.seq + 1 : stored[0] ? seqOf(stored[0]) : Infinity
  const result: Delivery[] = []
  const add = (
    what: Pick<Delivery, 'text' | 'said' | 'acked'>,
    row: Row | undefined,
    isOwn: (reader: ReadVisit) => boolean,
  ): void => {
    if (!row) return
    const readers = visits.flatMap((reader, index) => {
      const { visit } = reader
      if (isOwn(reader) || startOf(reader) > row.seq || !(visit.json || isPlain(row))) return []
      const isThere = (visit.end?.at ?? Infinity) > what.acked
      return isThere ? [{ visit, got: got[index]?.get(row.seq) }] : []
    })
    result.push({ ...what, readers })
  }
  for (const { visit, memberId, stored } of visits) {
    const said = new Map(visit.said.map((one) => [one.text, one]))
    const addOwn = (text: string, seq: number, acked: number): void =>
      add(
        { text, said: said.get(text)?.at ?? acked, acked },
        log.rows[seq - 1],
        (one) => one.visit === visit,
      )
    for (const frame of stored) {
      const { type, memberId: by, message } = frame.message
      if (type === 'chat' && by === memberId) addOwn(message, seqOf(frame), frame.at)
    }
    for (const answer of visit.json?.answers ?? []) {
      const isChange = said.get(answer.text)?.change !== undefined
      if (isChange && 'seq' in answer) addOwn(answer.text, answer.seq, answer.at)
    }
  }
  for (const act of acts) {
    const { kind: text, at: said, done: acked } = act
    if (acked !== undefined)
      add({ text, said, acked }, log.rowOf(act), ({ memberId }) => memberId === act.id)
  }
  return result
}
