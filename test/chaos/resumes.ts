import type { Answer, History, Said } from './history.ts'
import type { Tell } from './problems.ts'
import type { ReadLog, Story } from './room-log.ts'
import type { ReadVisit } from './visits.ts'
import { lapses } from './windows.ts'

/** The clocks of this process and of Postgres, and the way to whoever notices. */
const SLACK_MS = 300

const byMember = (visits: readonly ReadVisit[]): ReadonlyMap<string, readonly ReadVisit[]> => {
  const members = new Map<string, ReadVisit[]>()
  for (const visit of visits) {
    const { json } = visit.visit
    if (json) members.set(json.memberId, [...(members.get(json.memberId) ?? []), visit])
  }
  return members
}

/**
 * What was sent under a ref: every ack is in the log, where it says; all acks of one ref are the same;
 * every send of an open connection has an answer; what was refused for certain, every time that it was
 * sent, is not stored.
 */
export const checkSends = ({ visits, log }: Story, tell: Tell): void => {
  for (const [memberId, own] of byMember(visits)) {
    /** How often each text was sent and not refused for certain. */
    const doubtful = new Map<string, number>()
    const wishes = new Map<string, Said>()
    const ids = new Map<string, string>()
    for (const { visit } of own) {
      const answers = visit.json?.answers ?? []
      const unanswered = new Map<string, number>()
      for (const wish of visit.said) {
        const { text } = wish
        wishes.set(text, wish)
        doubtful.set(text, (doubtful.get(text) ?? 0) + 1)
        unanswered.set(text, (unanswered.get(text) ?? 0) + 1)
      }
      for (const answer of answers) {
        const { text } = answer
        const left = (unanswered.get(text) ?? 0) - 1
        unanswered.set(text, left)
        if (left < 0) tell('phantom', `an answer to ${text}, which ${memberId} did not send`)
        if ('seq' in answer) {
          const wish = wishes.get(text)
          if (wish && !isAt(log, { ...answer, memberId }, wish)) {
            tell('lost', `the ack of ${text} says seq ${answer.seq}, where it is not`)
          }
          if ((ids.get(text) ?? answer.id) !== answer.id) tell('doubled', `${text} has two ids`)
          ids.set(text, answer.id)
        } else if (answer.code !== 'unknown') {
          doubtful.set(text, (doubtful.get(text) ?? 0) - 1)
          if (answer.code === 'internal') tell('broken', `${text} met a bug`)
        }
      }
      if (visit.end !== undefined) continue
      for (const [text, left] of unanswered) {
        if (left > 0) tell('lost', `connection ${visit.id}: ${text} has no answer`)
      }
    }
    for (const [text, count] of doubtful) {
      const { id = '', change } = wishes.get(text) ?? {}
      const isStored = change ? log.byId.has(id) : log.byText.has(text)
      if (count === 0 && isStored) tell('phantom', `${text} was refused, and stored`)
    }
  }
}

/** Whether what was said is where its ack says. To delete what is deleted is what the first one did. */
const isAt = (
  log: ReadLog,
  { seq, id, memberId }: Extract<Answer, { seq: number }> & { readonly memberId: string },
  { text, id: ownId, change }: Said,
): boolean => {
  const row = log.rows[seq - 1]
  if (!change) {
    return row?.id === id && row.memberId === memberId && log.statesOf(seq)[0]?.text === text
  }
  const isItself = row?.id === ownId || change.type === 'deleted'
  const target = log.rows[(row?.target ?? 0) - 1]
  return isItself && row?.type === change.type && target?.id === id && id === change.target
}

/**
 * One membership over all its connections: whoever came back in time is who it was, and whoever did not
 * come back left when the time was over, not before.
 */
export const checkReturns = (history: History, { visits, log }: Story, tell: Tell): void => {
  const removed = new Set(log.rows.flatMap((row) => (row.removed === true ? [row.memberId] : [])))
  const members = byMember(visits)
  const soonest = history.resumeMs - SLACK_MS
  /** Since when a member was without a connection, or undefined if it may have been for longer. */
  const lostAt = (memberId: string): number | undefined => {
    let last = -Infinity
    for (const { visit } of members.get(memberId) ?? []) {
      const end = visit.end?.at ?? Infinity
      const taken = lapses(history, visit.node).some(({ from, to }) => end >= from && end <= to)
      if (taken || (visit.end?.by === 'itself' && visit.end.code === LEFT)) return undefined
      last = Math.max(last, end)
    }
    return last
  }
  for (const { visit } of visits) {
    const { wanted, memberId } = visit.json ?? {}
    if (wanted === undefined || wanted === memberId || removed.has(wanted)) continue
    const away = visit.opened - (lostAt(wanted) ?? -Infinity)
    if (away < soonest) {
      tell('members', `connection ${visit.id} came back after ${Math.round(away)} ms as another`)
    }
  }
  for (const { type, memberId, sent } of log.rows) {
    if (removed.has(memberId)) continue
    const since = members.has(memberId) ? lostAt(memberId) : undefined
    if (type !== 'left' || since === undefined) continue
    const after = Date.parse(sent) - (history.origin + since)
    if (after < soonest) {
      tell('members', `${memberId} left ${Math.round(after)} ms after its connection was lost`)
    }
  }
}

/** The code with which a connection ends itself that does not want to come back. */
const LEFT = 1000
