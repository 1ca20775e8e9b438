import type { RoomLog } from './room-log.ts'
import type { Sender } from './sender.ts'

/** A member and what it got. */
export interface Receiver {
  /** Texts of this run that came, each counted once. */
  readonly delivered: number
  /** Texts that did not come though later ones did. */
  readonly missed: number
  readonly sender: Pick<Sender, 'index' | 'sent' | 'echoed' | 'failed' | 'underWay'> | undefined
}

export interface AccountedRoom {
  readonly log: Pick<RoomLog, 'appeared' | 'appearedOf'>
  /** Who joined. */
  readonly members: readonly Receiver[]
}

/** What became of the texts of a run. */
export interface Account {
  readonly sent: number
  readonly echoed: number
  readonly failed: number
  readonly unanswered: number
  readonly lost: number
}

/**
 * Adds up when nothing more is waited for. Every member that stayed should have got what anybody
 * in its room got, and what was sent there without an answer. Except: texts of a sender that was
 * lost, or was refused some; a server tells that once a second, and drops the rest without a word.
 * A member that was lost should have got everything before the last that it got.
 * @param present members that were not lost
 */
export const account = (
  rooms: readonly AccountedRoom[],
  present: ReadonlySet<Receiver>,
): Account => {
  const sum = { sent: 0, echoed: 0, failed: 0, unanswered: 0, lost: 0 }
  for (const { log, members } of rooms) {
    let expected = log.appeared
    for (const member of members) {
      const { sender } = member
      if (sender === undefined) continue
      sum.sent += sender.sent
      sum.echoed += sender.echoed
      sum.failed += sender.failed
      const silent = Math.max(0, sender.sent - sender.failed - log.appearedOf(sender.index))
      sum.unanswered += silent
      if (sender.failed === 0 && present.has(member)) expected += silent
    }
    for (const member of members) {
      sum.lost += present.has(member) ? Math.max(0, expected - member.delivered) : member.missed
    }
  }
  return sum
}

/** Whether nothing more is to come. */
export const isComplete = (
  rooms: readonly AccountedRoom[],
  present: ReadonlySet<Receiver>,
): boolean =>
  rooms.every(({ log, members }) =>
    members.every(
      (member) =>
        !present.has(member) ||
        (member.delivered >= log.appeared && (member.sender?.underWay ?? 0) === 0),
    ),
  )
