import type { LoggedMessage } from '../../src/protocol/events.ts'
import type { JsonConnection } from './json-connection.ts'

/**
 * What a member holds of a room, from all that it was told: its messages with their changes, in order.
 * Throws when what has a seq did not come in the order of seqs, without a hole.
 */
export const viewOf = (
  { events }: Pick<JsonConnection, 'events'>,
  roomId: string,
): readonly LoggedMessage[] => {
  const view = new Map<number, LoggedMessage>()
  let last: number | undefined
  for (const event of events) {
    if (!('seq' in event) || !('roomId' in event) || event.roomId !== roomId) continue
    if (event.event === 'room' || event.event === 'ack') continue
    if (last !== undefined && event.seq !== last + 1) {
      throw new Error(`seq ${event.seq} came after ${last}`)
    }
    last = event.seq
    if (event.event === 'message') {
      const { event: _, ...message } = event
      view.set(event.seq, message)
    } else if (event.event !== 'settings') {
      const held = view.get(event.target)
      if (!held) continue
      const changed =
        event.event === 'edited'
          ? { message: event.message, edited: event.edited }
          : { message: '', deleted: event.deleted }
      view.set(event.target, { ...held, ...changed })
    }
  }
  return [...view.values()]
}
