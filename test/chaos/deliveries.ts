import type { Visit } from './history.ts'
import { isPlain, type Story } from './room-log.ts'
import type { ReadVisit } from './visits.ts'

export interface Delivery {
  readonly text: string
  readonly said: number
  /** When its sender had it back, or was told that it is stored. */
  readonly acked: number
  /** The other connections that were in the room, and when they got it. */
  readonly readers: readonly { readonly visit: Visit; readonly got: number | undefined }[]
}

/** Every acknowledged text and change, and how it came to the connections of its room. */
export const deliveries = ({ log, visits }: Story): readonly Delivery[] => {
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
  for (const own of visits) {
    const said = new Map(own.visit.said.map(({ at, text }) => [text, at]))
    const add = (text: string, seq: number, acked: number): void => {
      const row = log.rows[seq - 1]
      const readers = visits.flatMap((reader, index) => {
        const { visit } = reader
        if (visit === own.visit || startOf(reader) > seq) return []
        if (!visit.json && (!row || !isPlain(row))) return []
        return (visit.end?.at ?? Infinity) > acked ? [{ visit, got: got[index]?.get(seq) }] : []
      })
      result.push({ text, said: said.get(text) ?? acked, acked, readers })
    }
    for (const frame of own.stored) {
      const { type, memberId, message } = frame.message
      if (type === 'chat' && memberId === own.memberId) add(message, seqOf(frame), frame.at)
    }
    for (const answer of own.visit.json?.answers ?? []) {
      const isChange = own.visit.said.some(({ text, change }) => change && text === answer.text)
      if (isChange && 'seq' in answer) add(answer.text, answer.seq, answer.at)
    }
  }
  return result
}
