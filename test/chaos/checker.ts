import { checkChanges, checkHeld, checkReads } from './changes.ts'
import type { History, Row } from './history.ts'
import { checkTimes } from './lateness.ts'
import { checkDismissals, checkRefusals, checkRemovals } from './powers.ts'
import type { Problem, Rule, Tell } from './problems.ts'
import { checkReturns, checkSends } from './resumes.ts'
import { isPlain, NOBODY, type ReadLog, storiesOf, type Story } from './room-log.ts'
import { type Message, readVisit, type ReadVisit } from './visits.ts'
import { excuses } from './windows.ts'

/** Whatever a history breaks of what the server promises; empty: it kept its word. */
export const check = (history: History): readonly Problem[] => {
  const problems: Problem[] = []
  const tell = (rule: Rule, what: string): void => {
    problems.push({ rule, what })
  }
  for (const oddity of history.oddities) tell('broken', oddity)
  const stories = storiesOf(history)
  for (const story of stories) {
    checkViews(story, tell)
    checkLog(story, tell)
    checkPresence(story, tell)
    for (const visit of story.visits) {
      checkFrames(visit, story.log, tell)
      if (visit.visit.json === undefined) checkAnswers(visit, story.log, tell)
    }
    checkSends(story, tell)
    checkReturns(history, story, tell)
    checkTimes(history, story, tell)
    checkChanges(story, tell)
    checkHeld(story, tell)
    checkReads(story, tell)
    checkRemovals(history, story, tell)
  }
  checkDismissals(history, tell)
  checkRefusals(history, tell)
  checkEnds(history, stories, tell)
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

const checkViews = ({ log: { rows }, views }: Story, tell: Tell): void => {
  const messages = rows.filter((row) => isPlain(row) || (row.type === 'chat' && row.deleted))
  const plain = rows.filter(isPlain)
  for (const view of views) {
    for (const [elements, stored] of [
      [view.elements, plain],
      [view.messages, messages],
    ] as const) {
      const told = elements.map((element) => JSON.parse(element) as Message & { seq?: number })
      const at = Array.from({ length: Math.max(told.length, stored.length) }).findIndex(
        (_, index) => !isTold(stored[index], told[index]),
      )
      if (at >= 0) tell('reordered', `node ${view.node} tells another history, from ${at} on`)
    }
    if (sorted(view.members) !== sorted(views[0]!.members)) {
      tell('members', `nodes ${views[0]!.node} and ${view.node} tell different members`)
    }
  }
}

const isTold = (row: Row | undefined, told: (Message & { seq?: number }) | undefined): boolean =>
  row !== undefined &&
  told?.id === row.id &&
  (told.seq ?? row.seq) === row.seq &&
  told.type === row.type &&
  told.memberId === row.memberId &&
  told.message === row.message &&
  told.sent === row.sent &&
  (told.deleted !== undefined) === (row.deleted === true)

const sorted = (ids: Iterable<string>): string => [...ids].sort().join(' ')

/** The log: every id once, everything said by its member, once, in its order; time never goes back. */
const checkLog = ({ log, visits }: Story, tell: Tell): void => {
  const ids = new Set<string>()
  const texts = new Set<string>()
  const place = new Map<string, Saying>()
  const texted = new Map<string, string>()
  const known = new Set(visits.map(({ memberId }) => memberId))
  for (const { visit, memberId } of visits) {
    const speaker = { memberId }
    visit.said.forEach(({ text, id, change }, index) => {
      // What was said again may be stored as of any of these times.
      const nth = visit.id * MOST_TEXTS + index
      place.set(text, { speaker, nth: place.has(text) ? undefined : nth })
      if (id !== undefined && change) texted.set(id, text)
    })
  }
  const last = new Map<string, number>()
  let latestSent = ''
  for (const { seq, id, memberId, type, sent } of log.rows) {
    if (ids.has(id)) tell('doubled', `the log has the id ${id} twice`)
    ids.add(id)
    if (sent < latestSent) tell('reordered', `sent goes back at ${id}`)
    latestSent = sent
    const text = type === 'chat' ? log.statesOf(seq)[0]?.text : texted.get(id)
    // Of what was deleted nobody may have seen the text. Who changes what is told apart elsewhere.
    if (text === undefined) continue
    if (texts.has(text)) tell('doubled', `the log has the text ${text} twice`)
    texts.add(text)
    const said = place.get(text)
    // A connection may end before its first frame; then its texts say who it was.
    if (said && !known.has(memberId)) said.speaker.memberId ??= memberId
    if (said?.speaker.memberId !== memberId) {
      tell('phantom', `the log has the text ${text}, which its member did not say`)
    } else {
      const latest = last.get(memberId) ?? -1
      const nth = said.nth ?? latest
      if (nth < latest) tell('reordered', `${text} is behind a later text`)
      last.set(memberId, nth)
    }
  }
}

/**
 * A connection has the log from its own joined on, or from where it wanted it, to the end if it is open,
 * and nothing else.
 */
const checkFrames = ({ visit, memberId, stored }: ReadVisit, log: ReadLog, tell: Tell): void => {
  const who = `connection ${visit.id}`
  if (memberId === undefined) {
    if (visit.end === undefined) tell('lost', `${who} is open and got nothing`)
    return
  }
  const first = stored[0]
  const { json } = visit
  const begins = json && json.after === undefined && json.wanted !== memberId
  const isJoined = first?.message.type === 'joined' && first.message.memberId === memberId
  // A JSON connection may end between its `room` and that.
  if ((begins ?? true) && !isJoined && (first || !json || visit.end === undefined)) {
    tell('lost', `${who}: its first frame is not its own joined`)
  }
  const wanted = json && (json.after ?? json.seq - 1) + 1
  let next = wanted ?? (first && log.told(first)?.row.seq) ?? 1
  const missing = new Set<number>()
  const seen = new Set<number>()
  const skip = (to: number): void => {
    for (; next < to; next += 1) {
      const row = log.rows[next - 1]
      if (row && (json || isPlain(row))) missing.add(next)
    }
  }
  for (const frame of stored) {
    const { message, seq } = frame
    const told = log.told(frame)?.row
    // Members of the plain dialect are told of messages only.
    const place = json || told?.target === undefined ? told?.seq : undefined
    if (place !== undefined && place !== (seq ?? place)) {
      tell('reordered', `${who} got seq ${place} as ${seq}`)
    }
    if (place === undefined) {
      const echo = message.type === 'chat' && message.memberId === memberId
      tell(echo ? 'lost' : 'phantom', `${who} got ${message.id}, which is not in the log`)
    } else if (seen.has(place)) {
      tell('doubled', `${who} got seq ${place} twice`)
    } else if (place < next) {
      tell('reordered', `${who} got seq ${place} late`)
      missing.delete(place)
    } else {
      skip(place)
      next = place + 1
    }
    if (place !== undefined) seen.add(place)
  }
  if (visit.end === undefined) skip(log.rows.length + 1)
  if (missing.size > 0) {
    const seqs = [...missing].join(' ')
    tell('lost', `${who} (${visit.end?.code ?? 'open'}) did not get the seqs ${seqs}`)
  }
}

/** Every text of an open connection was answered; what was refused for certain is not stored. */
const checkAnswers = (
  { visit, memberId, stored, failed }: ReadVisit,
  log: ReadLog,
  tell: Tell,
): void => {
  const who = `connection ${visit.id}`
  const said = new Set(visit.said.map(({ text }) => text))
  const got = new Set(stored.map(({ message: { id } }) => id))
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
    if (certain !== undefined && log.byText.has(text))
      tell('phantom', `${text} was refused, and stored`)
    if (message.includes('something went wrong')) tell('broken', `${text} met a bug`)
  }
  if (visit.end !== undefined) return
  // Of what was deleted before this node had read it there is no echo.
  let unseen = log.rows.filter(
    (row) => row.type === 'chat' && row.deleted && row.memberId === memberId && !got.has(row.id),
  ).length
  for (const text of said) {
    if (answered.has(text)) continue
    unseen -= 1
    if (unseen < 0) tell('lost', `${who}: ${text} has no answer`)
  }
}

/** Members = joined and left, folded = open connections; who is gone has one left. */
const checkPresence = ({ log, views, visits }: Story, tell: Tell): void => {
  const { members } = views[0]!
  const present = new Set<string>()
  const joined = new Set<string>()
  for (const { type, memberId, message } of log.rows) {
    if (memberId === NOBODY) continue
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
  if (sorted(present) !== sorted(members)) {
    tell('members', `joined and left make ${present.size} members, HTTP tells ${members.length}`)
  }
  if (sorted(members) !== sorted(open.flatMap(({ memberId }) => memberId ?? []))) {
    tell('members', `${members.length} members, ${open.length} open connections`)
  }
}

/** Codes that a server under faults may end with: gone without a word, or come back soon. */
const HARMLESS = [1006, 1012]
const REPLACED = 4001
const REMOVED = 4003
const GONE = 4004

const checkEnds = (history: History, stories: readonly Story[], tell: Tell): void => {
  const removed = new Set(
    stories.flatMap(({ log }) =>
      log.rows.flatMap((row) => (row.removed === true ? [row.memberId] : [])),
    ),
  )
  for (const visit of history.visits) {
    const { id, node, roomId, opened, end, json } = visit
    if (end?.by !== 'server') continue
    const isReplaced = history.resumes.some(
      ({ at, memberId }) => memberId === json?.memberId && at > opened && at < end.at,
    )
    if (end.code === REPLACED && isReplaced) continue
    if (end.code === REMOVED && removed.has(readVisit(visit).memberId ?? '')) continue
    const isGone = history.acts.some(
      (act) => act.kind === 'dismiss' && act.roomId === roomId && act.at < end.at,
    )
    if (end.code === GONE && isGone) continue
    if (!HARMLESS.includes(end.code)) {
      tell('broken', `connection ${id} was closed with ${end.code}`)
    } else if (!excuses(history, node).some(({ from, to }) => end.at >= from && end.at <= to)) {
      tell('closed', `connection ${id} to node ${node} was closed (${end.code}) without need`)
    }
  }
}
