import type { Row, Said } from './history.ts'
import type { Tell } from './problems.ts'
import { NOBODY, type Story } from './room-log.ts'
import type { Message } from './visits.ts'

/**
 * The changes in the log are those that were asked for by who may: a member of what it said, the owner
 * of anything it wanted deleted. Nothing changes what is deleted. What is acknowledged is there, and every
 * message is what its last change says.
 */
export const checkChanges = ({ log, visits, acts }: Story, tell: Tell): void => {
  const asked = new Map<string, Said & { readonly memberId: string | undefined }>()
  for (const { visit, memberId } of visits) {
    for (const said of visit.said)
      if (said.id !== undefined) asked.set(said.id, { ...said, memberId })
  }
  const deletions = acts.filter(({ kind }) => kind === 'delete')
  const deletes = new Set(deletions.map(({ id }) => id))
  const isAsked = ({ id, type, memberId }: Row, target: Row | undefined): boolean => {
    if (target?.type !== 'chat') return false
    if (memberId === NOBODY) return type === 'deleted' && deletes.has(target.id)
    const said = asked.get(id)
    const isOwn = said?.memberId === memberId && target.memberId === memberId
    return isOwn && said.change?.type === type && said.change.target === target.id
  }
  const gone = new Set<number>()
  for (const row of log.rows) {
    const { seq, type, target = 0 } = row
    if (type !== 'edited' && type !== 'deleted') continue
    if (target >= seq || !isAsked(row, log.rows[target - 1])) {
      tell('phantom', `the log has a change at ${seq} that nobody who may asked for`)
    } else if (gone.has(target)) {
      tell(type === 'deleted' ? 'doubled' : 'phantom', `${seq} changes ${target}, which is deleted`)
    }
    if (type === 'deleted') gone.add(target)
  }
  for (const { seq, type, message, deleted = false } of log.rows) {
    const last = log.statesOf(seq).at(-1)
    if (type !== 'chat' || last?.text === undefined) continue
    if (last.text !== message || last.deleted !== deleted) {
      tell('lost', `the message ${seq} is not as its last change says`)
    }
  }
  for (const { id, done } of deletions) {
    if (done !== undefined && log.byId.get(id)?.deleted !== true) {
      tell('lost', `${id} is not deleted, though the owner was told so`)
    }
  }
}

/**
 * What a member of the JSON dialect holds of the messages that it was told, with all changes that it was
 * told of, is what the log has of them, or had when the connection ended or later.
 */
export const checkHeld = ({ log, visits }: Story, tell: Tell): void => {
  for (const { visit, stored } of visits) {
    if (!visit.json) continue
    const held = new Map<number, number>()
    let last = 0
    for (const frame of stored) {
      const told = log.told(frame)
      if (!told) continue
      last = Math.max(last, told.row.seq)
      if (held.has(told.target.seq) || told.row === told.target) {
        held.set(told.target.seq, told.state)
      }
    }
    for (const [seq, state] of held) {
      const least = log.statesOf(seq).findLastIndex((one) => one.seq <= last)
      if (state < least) tell('lost', `connection ${visit.id} holds an old text of ${seq}`)
    }
  }
}

/** A read, or a replay, tells nothing that was changed and acknowledged before it began. */
export const checkReads = (story: Story, tell: Tell): void => {
  const { log, visits, reads } = story
  const ackedAt = ackTimes(story)
  const checkOne = (who: string, message: Message, at: number): void => {
    const row = log.byId.get(message.id)
    const state = row ? log.stateOf(row, message) : -1
    if (!row || state < 0) return tell('phantom', `${who} tells ${message.id} as it never was`)
    const least = log
      .statesOf(row.seq)
      .findLastIndex(({ seq }) => (ackedAt.get(seq) ?? Infinity) < at)
    if (state < least) tell('stale', `${who} tells what ${row.seq} said before its change`)
  }
  for (const { at, path, elements } of reads) {
    for (const element of elements) {
      checkOne(`a read of ${path}`, JSON.parse(element) as Message, at)
    }
  }
  for (const { visit, stored } of visits) {
    for (const { seq = Infinity, message } of stored) {
      if (seq > (visit.json?.seq ?? 0) || message.type !== 'chat') continue
      checkOne(`connection ${visit.id}`, message, visit.asked)
    }
  }
}

/** When each change was first known to be stored. */
const ackTimes = ({ log, visits, acts }: Story): ReadonlyMap<number, number> => {
  const times = new Map<number, number>()
  const note = (seq: number | undefined, at: number): void => {
    if (seq !== undefined) times.set(seq, Math.min(at, times.get(seq) ?? Infinity))
  }
  for (const { visit } of visits) {
    for (const answer of visit.json?.answers ?? []) if ('seq' in answer) note(answer.seq, answer.at)
  }
  for (const act of acts) {
    if (act.kind === 'delete' && act.done !== undefined) note(log.rowOf(act)?.seq, act.done)
  }
  return times
}
