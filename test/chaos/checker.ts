import type { History, RoomView } from './history.ts'
import { checkTimes } from './lateness.ts'
import type { Problem, Rule, Tell } from './problems.ts'
import { checkReturns, checkSends } from './resumes.ts'
import { parsed, readVisit, type ReadVisit } from './visits.ts'
import { excuses } from './windows.ts'

/** Whatever a history breaks of what the server promises; empty: it kept its word. */
export const check = (history: History): readonly Problem[] => {
  const problems: Problem[] = []
  const tell = (rule: Rule, what: string): void => {
    problems.push({ rule, what })
  }
  for (const oddity of history.oddities) tell('broken', oddity)
  const visits = history.visits.map(readVisit)
  for (const view of history.views.filter(({ node }) => node === history.views[0]?.node)) {
    const views = history.views.filter(({ roomId }) => roomId === view.roomId)
    const here = visits.filter(({ visit }) => visit.roomId === view.roomId)
    checkViews(views, tell)
    checkLog(view, here, tell)
    checkPresence(view, here, tell)
    for (const visit of here) {
      checkFrames(visit, view.elements, tell)
      if (visit.visit.json === undefined) checkAnswers(visit, view, tell)
    }
    checkSends(here, view, tell)
    checkReturns(history, here, view, tell)
    checkTimes(history, view, here, tell)
  }
  checkEnds(history, tell)
  return problems
}

const CERTAIN = /^Not sent: .*"(.*)"$/s
const UNSURE = /^Could not be confirmed; if it appears, it was sent\. "(.*)"$/s

/** Who said a text, and when, as a number that rises; undefined for what was said more than once. */
interface Saying {
  readonly speaker: { memberId: string | undefined }
  readonly nth: number | undefined
}

/** Of one connection. Those of one member have rising ids. */
const MOST_TEXTS = 1_000_000

const checkViews = ([first, ...others]: readonly RoomView[], tell: Tell): void => {
  for (const other of others) {
    const at = first!.elements.findIndex((element, index) => element !== other.elements[index])
    if (at >= 0 || first!.elements.length !== other.elements.length) {
      tell(
        'reordered',
        `nodes ${first!.node} and ${other.node} tell different histories, from ${at} on`,
      )
    }
    if (sorted(first!.members) !== sorted(other.members)) {
      tell('members', `nodes ${first!.node} and ${other.node} tell different members`)
    }
  }
}

const sorted = (ids: Iterable<string>): string => [...ids].sort().join(' ')

/** The log: every id once, every text said by its member, once, in its order; time never goes back. */
const checkLog = (view: RoomView, visits: readonly ReadVisit[], tell: Tell): void => {
  const ids = new Set<string>()
  const texts = new Set<string>()
  const place = new Map<string, Saying>()
  const known = new Set(visits.map(({ memberId }) => memberId))
  for (const { visit, memberId } of visits) {
    const speaker = { memberId }
    visit.said.forEach(({ text }, index) => {
      // What was said again may be stored as of any of these times.
      const nth = visit.id * MOST_TEXTS + index
      place.set(text, { speaker, nth: place.has(text) ? undefined : nth })
    })
  }
  const last = new Map<string, number>()
  let sent = ''
  for (const { id, memberId, type, message, sent: time } of parsed(view.elements)) {
    if (ids.has(id)) tell('doubled', `the log has the id ${id} twice`)
    ids.add(id)
    if (time < sent) tell('reordered', `sent goes back at ${id}`)
    sent = time
    if (type !== 'chat') continue
    if (texts.has(message)) tell('doubled', `the log has the text ${message} twice`)
    texts.add(message)
    const said = place.get(message)
    // A connection may end before its first frame; then its texts say who it was.
    if (said && !known.has(memberId)) said.speaker.memberId ??= memberId
    if (said?.speaker.memberId !== memberId) {
      tell('phantom', `the log has the text ${message}, which its member did not say`)
    } else {
      const latest = last.get(memberId) ?? -1
      const nth = said.nth ?? latest
      if (nth < latest) tell('reordered', `${message} is behind a later text`)
      last.set(memberId, nth)
    }
  }
}

/**
 * A connection has the log from its own joined on, or from where it wanted it, to the end if it is open,
 * and nothing else.
 */
const checkFrames = (
  { visit, memberId, stored }: ReadVisit,
  elements: readonly string[],
  tell: Tell,
): void => {
  const who = `connection ${visit.id}`
  if (memberId === undefined) {
    if (visit.end === undefined) tell('lost', `${who} is open and got nothing`)
    return
  }
  const places = new Map(elements.map((element, index) => [`${element}\n`, index]))
  const first = stored[0]
  const { json } = visit
  const begins = json && json.after === undefined && json.wanted !== memberId
  const isJoined = first?.message.type === 'joined' && first.message.memberId === memberId
  // A JSON connection may end between its `room` and that.
  if ((begins ?? true) && !isJoined && (first || !json || visit.end === undefined)) {
    tell('lost', `${who}: its first frame is not its own joined`)
  }
  const wanted = json && (json.after ?? json.seq - 1)
  let next = wanted ?? (first === undefined ? 0 : (places.get(first.text) ?? 0))
  const missing = new Set<number>()
  const seen = new Set<string>()
  for (const { text, message, seq } of stored) {
    const place = places.get(text)
    if (place !== undefined && place + 1 !== (seq ?? place + 1)) {
      tell('reordered', `${who} got seq ${place + 1} as ${seq}`)
    }
    if (place === undefined) {
      const echo = message.type === 'chat' && message.memberId === memberId
      tell(echo ? 'lost' : 'phantom', `${who} got ${message.id}, which is not in the log`)
    } else if (seen.has(text)) {
      tell('doubled', `${who} got seq ${place + 1} twice`)
    } else if (place < next) {
      tell('reordered', `${who} got seq ${place + 1} late`)
      missing.delete(place)
    } else {
      for (let skipped = next; skipped < place; skipped += 1) missing.add(skipped)
      next = place + 1
    }
    seen.add(text)
  }
  if (visit.end === undefined) {
    for (let skipped = next; skipped < elements.length; skipped += 1) missing.add(skipped)
  }
  if (missing.size > 0) {
    const seqs = [...missing].map((place) => place + 1)
    tell('lost', `${who} (${visit.end?.code ?? 'open'}) did not get the seqs ${seqs.join(' ')}`)
  }
}

/** Every text of an open connection was answered; what was refused for certain is not stored. */
const checkAnswers = (
  { visit, memberId, stored, failed }: ReadVisit,
  view: RoomView,
  tell: Tell,
): void => {
  const who = `connection ${visit.id}`
  const said = new Set(visit.said.map(({ text }) => text))
  const inLog = new Set(
    parsed(view.elements).flatMap(({ type, message }) => (type === 'chat' ? [message] : [])),
  )
  const answered = new Set(
    stored.flatMap(({ message: { type, message } }) => (type === 'chat' ? [message] : [])),
  )
  for (const { message, memberId: addressee } of failed) {
    const certain = CERTAIN.exec(message)?.[1]
    const text = certain ?? UNSURE.exec(message)?.[1]
    if (text === undefined || !said.has(text) || addressee !== memberId) {
      tell('phantom', `${who}: a refusal of something it did not say`)
      continue
    }
    answered.add(text)
    if (certain !== undefined && inLog.has(text)) tell('phantom', `${text} was refused, and stored`)
    if (message.includes('something went wrong')) tell('broken', `${text} met a bug`)
  }
  if (visit.end !== undefined) return
  for (const text of said) {
    if (!answered.has(text)) tell('lost', `${who}: ${text} has no answer`)
  }
}

/** Members = joined and left, folded = open connections; who is gone has one left. */
const checkPresence = (view: RoomView, visits: readonly ReadVisit[], tell: Tell): void => {
  const present = new Set<string>()
  const joined = new Set<string>()
  for (const { type, memberId, message } of parsed(view.elements)) {
    if (type === 'joined') {
      if (joined.has(memberId)) tell('doubled', `${memberId} joined twice`)
      joined.add(memberId)
      present.add(memberId)
    } else if (!present.has(memberId)) {
      if (type === 'left') tell('doubled', `${memberId} left, and was not there`)
      else tell('members', `${message} is from someone who was not there`)
    }
    if (type === 'left') present.delete(memberId)
  }
  const open = visits.filter(({ visit }) => visit.end === undefined)
  const connected = new Set(open.map(({ memberId }) => memberId))
  for (const { visit, memberId } of visits) {
    if (memberId === undefined) continue
    if (!connected.has(memberId) && present.has(memberId)) {
      tell('members', `connection ${visit.id} is gone, its member is not`)
    } else if (visit.end === undefined && !present.has(memberId)) {
      tell('members', `connection ${visit.id} is open, its member is gone`)
    }
  }
  if (sorted(present) !== sorted(view.members)) {
    tell(
      'members',
      `joined and left make ${present.size} members, HTTP tells ${view.members.length}`,
    )
  }
  if (sorted(view.members) !== sorted(open.flatMap(({ memberId }) => memberId ?? []))) {
    tell('members', `${view.members.length} members, ${open.length} open connections`)
  }
}

/** Codes that a server under faults may end with: gone without a word, or come back soon. */
const HARMLESS = [1006, 1012]
const REPLACED = 4001

const checkEnds = (history: History, tell: Tell): void => {
  for (const { id, node, opened, end, json } of history.visits) {
    if (end?.by !== 'server') continue
    const replaced = history.resumes.some(
      ({ at, memberId }) => memberId === json?.memberId && at > opened && at < end.at,
    )
    if (end.code === REPLACED && replaced) continue
    if (!HARMLESS.includes(end.code)) {
      tell('broken', `connection ${id} was closed with ${end.code}`)
    } else if (!excuses(history, node).some(({ from, to }) => end.at >= from && end.at <= to)) {
      tell('closed', `connection ${id} to node ${node} was closed (${end.code}) without need`)
    }
  }
}
