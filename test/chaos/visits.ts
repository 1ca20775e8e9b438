import type { RoomView, Visit } from './history.ts'

/** A message as it stands on the wire and in history. */
export interface Message {
  readonly id: string
  readonly memberId: string
  readonly type: 'chat' | 'joined' | 'left' | 'failed'
  readonly message: string
  readonly sent: string
}

/** A connection's frames, read, and where they are in the log. */
export interface ReadVisit {
  readonly visit: Visit
  /** Undefined if it ended before its first frame. */
  readonly memberId: string | undefined
  readonly stored: readonly {
    readonly at: number
    readonly text: string
    readonly seq?: number
    readonly message: Message
  }[]
  readonly failed: readonly Message[]
}

export const readVisit = (visit: Visit): ReadVisit => {
  const frames = visit.frames.map((frame) => ({
    ...frame,
    message: JSON.parse(frame.text) as Message,
  }))
  return {
    visit,
    memberId: visit.json?.memberId ?? frames[0]?.message.memberId,
    stored: frames.filter(({ message }) => message.type !== 'failed'),
    failed: frames.flatMap(({ message }) => (message.type === 'failed' ? [message] : [])),
  }
}

export const parsed = (elements: readonly string[]): readonly Message[] =>
  elements.map((element) => JSON.parse(element) as Message)

export interface Delivery {
  readonly text: string
  readonly said: number
  /** When its sender had it back. */
  readonly acked: number
  /** The other connections that were in the room, and when they got it. */
  readonly readers: readonly { readonly visit: Visit; readonly got: number | undefined }[]
}

/** Every acknowledged text, and how it came to the connections of its room. */
export const deliveries = (view: RoomView, visits: readonly ReadVisit[]): readonly Delivery[] => {
  const places = new Map(parsed(view.elements).map(({ id }, index) => [id, index]))
  const got = visits.map(({ stored }) => new Map(stored.map(({ at, message: { id } }) => [id, at])))
  const result: Delivery[] = []
  /** From where in the log on a visit gets messages as they come, if it does. */
  const startOf = ({ visit: { json }, stored }: ReadVisit): number | undefined =>
    json ? json.seq : places.get(stored[0]?.message.id ?? '')
  for (const { visit, memberId, stored } of visits) {
    const said = new Map(visit.said.map(({ at, text }) => [text, at]))
    for (const { at, message } of stored) {
      if (message.type !== 'chat' || message.memberId !== memberId) continue
      const readers = visits.flatMap((other, index) => {
        if (other.visit === visit) return []
        if ((startOf(other) ?? Infinity) > (places.get(message.id) ?? 0)) return []
        return [{ visit: other.visit, got: got[index]?.get(message.id) }]
      })
      result.push({
        text: message.message,
        said: said.get(message.message) ?? at,
        acked: at,
        readers: readers.filter((reader) => (reader.visit.end?.at ?? Infinity) > at),
      })
    }
  }
  return result
}
