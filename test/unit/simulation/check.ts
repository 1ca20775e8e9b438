import type { LoggedMessage, Message, RoomId } from '../../../src/ports/model.ts'
import type { Cluster, Visit } from './cluster.ts'

/** The whole log of a room. */
const logOf = async (cluster: Cluster, roomId: RoomId): Promise<readonly LoggedMessage[]> => {
  const page = await cluster.repository.read(roomId, { after: 0, limit: 1_000_000 })
  if (page === undefined || page === 'cursor_unknown') throw new Error('the room is gone')
  return page.messages
}

/** Every message that a connection was given is counted once, whatever way it came. */
const checkDeliveries = ({ connections, meter }: Cluster, problems: string[]): void => {
  const given = connections.reduce((sum, { messages }) => sum + messages.length, 0)
  const { 'delivered live': live = 0, 'delivered replay': replayed = 0 } = meter.counts
  if (live + replayed !== given) {
    problems.push(`${given} messages were given, counted are ${live} and ${replayed} replayed`)
  }
}

const asSeen = ({ seq: _seq, ...message }: LoggedMessage): Message => message

/**
 * G3, G4: a connection has the log from its own `joined` on, or from where it wanted it, to the end if
 * it is still open.
 */
const checkVisit = (visit: Visit, log: readonly LoggedMessage[], problems: string[]): void => {
  const { member, connection, resumable } = visit
  const joined = log.findIndex((row) => row.type === 'joined' && row.memberId === member.id)
  const start = resumable?.after ?? (resumable ? resumable.seq - 1 : joined)
  if (resumable) checkRoom(visit, log, problems)
  const seen = connection.messages
  const open = !visit.over && !connection.closed
  const expected = log.slice(start, open ? undefined : start + seen.length).map(asSeen)
  if (start < 0) problems.push(`${member.id}: its joined is not in the log`)
  if (JSON.stringify(seen) !== JSON.stringify(expected)) {
    const at = seen.findIndex((row, index) => row.id !== expected[index]?.id)
    problems.push(
      `${member.id} (${open ? 'open' : (connection.closed ?? 'left')}) saw ${seen.length} of ${expected.length} rows` +
        `, wrong from row ${at < 0 ? seen.length : at} on (from ${start})`,
    )
  }
}

/** The room that a member was told of is that of its seq. */
const checkRoom = (
  { member, resumable }: Visit,
  log: readonly LoggedMessage[],
  problems: string[],
): void => {
  if (!resumable) return
  const present = new Map<string, string>()
  for (const { type, memberId, memberName } of log.slice(0, resumable.seq)) {
    if (type === 'joined') present.set(memberId, memberName)
    if (type === 'left') present.delete(memberId)
  }
  const roster = (members: readonly string[]) => members.toSorted().join(' ')
  const told = resumable.members.map(({ id, name }) => `${id} ${name}`)
  const there = Array.from(present, ([id, name]) => `${id} ${name}`)
  if (roster(told) !== roster(there) || resumable.memberCount !== present.size) {
    problems.push(`${member.id}: the members at ${resumable.seq} were others`)
  }
  if (resumable.resetFrom !== undefined) problems.push(`${member.id}: a reset`)
}

/** G5: what was acked is in the log, there; what was refused for certain is not; nothing is twice. */
const checkSent = (
  visits: readonly Visit[],
  log: readonly LoggedMessage[],
  problems: string[],
): void => {
  const id = visits[0]?.member.id ?? ''
  const stored = log.filter((row) => row.memberId === id && row.type === 'chat')
  const texts = stored.map((row) => row.message)
  if (new Set(texts).size !== texts.length) problems.push(`${id}: a text is stored twice`)
  const said = new Set(visits.flatMap((visit) => visit.said))
  if (!texts.every((text) => said.has(text))) problems.push(`${id}: nobody said what is stored`)
  // Of several sends of one text, each is answered for itself.
  const settled = new Map<string, boolean>()
  for (const { said: here, resumable, over, connection } of visits) {
    for (const text of here) {
      for (const answer of resumable?.answers.get(text) ?? []) {
        if (!answer && !over && !connection.closed) problems.push(`${id}: a send was not answered`)
        const refused = answer && 'refused' in answer && answer.refused !== 'unknown'
        settled.set(text, (settled.get(text) ?? true) && refused === true)
        if (!answer || 'refused' in answer) continue
        const row = log[answer.seq - 1]
        if (row?.id !== answer.id || row.message !== text) problems.push(`${id}: a false ack`)
      }
    }
  }
  for (const text of texts) {
    if (settled.get(text)) problems.push(`${id}: refused every time, and stored`)
  }
}

/** What a member said is in the log once if it was not refused, never if it was refused for certain. */
const checkSaid = (visit: Visit, log: readonly LoggedMessage[], problems: string[]): void => {
  const { member, connection, said } = visit
  const stored = log.filter((row) => row.memberId === member.id && row.type === 'chat')
  const texts = stored.map((row) => row.message)
  if (new Set(texts).size !== texts.length) problems.push(`${member.id}: a text is stored twice`)
  for (const text of texts) {
    if (!said.includes(text)) problems.push(`${member.id}: a text that nobody said is stored`)
  }
  const refused = new Map(connection.refused.map(({ code, failed }) => [failed.message, code]))
  const certain = texts.filter(
    (text) => ![...refused.keys()].some((key) => key.endsWith(`"${text}"`)),
  )
  if (certain.join() !== said.filter((text) => certain.includes(text)).join()) {
    problems.push(`${member.id}: what it said is not in the order in which it was said`)
  }
  for (const text of said) {
    const code = [...refused].find(([message]) => message.endsWith(`"${text}"`))?.[1]
    if (code && code !== 'unknown' && texts.includes(text)) {
      problems.push(`${member.id}: refused with ${code} and stored`)
    }
    const open = !visit.over && !connection.closed
    if (open && !code && !texts.includes(text)) problems.push(`${member.id}: a text is lost`)
  }
}

/** Every way in which the rooms of a healed cluster break their word. */
export const findProblems = async (cluster: Cluster): Promise<string[]> => {
  const problems: string[] = []
  checkDeliveries(cluster, problems)
  for (const roomId of cluster.rooms) {
    const log = await logOf(cluster, roomId)
    log.forEach((row, index) => {
      if (row.seq !== index + 1) problems.push(`row ${index} has seq ${row.seq}`)
      const before = log[index - 1]
      if (before && row.sent < before.sent) problems.push(`row ${index} was sent before the last`)
    })
    if (new Set(log.map((row) => row.id)).size !== log.length) problems.push('an id is there twice')

    const present = new Set<string>()
    for (const { type, memberId } of log) {
      if (type === 'joined' && present.has(memberId)) problems.push(`${memberId} joined twice`)
      if (type !== 'joined' && !present.has(memberId))
        problems.push(`${memberId}: ${type} while not in`)
      if (type === 'joined') present.add(memberId)
      if (type === 'left') present.delete(memberId)
    }
    const stored = (await cluster.repository.findRoom(roomId))?.members.map(({ id }) => id) ?? []
    const visits = cluster.visits.filter(({ member }) => member.roomId === roomId)
    const open = visits.filter(({ over, connection }) => !over && !connection.closed)
    const roster = (ids: Iterable<string>) => [...ids].sort().join(' ')
    if (roster(present) !== roster(stored)) problems.push('joined and left do not give the members')
    if (roster(stored) !== roster(open.map(({ member }) => member.id))) {
      problems.push(`${stored.length} members are stored, ${open.length} connections are open`)
    }
    for (const visit of visits) {
      checkVisit(visit, log, problems)
      if (!visit.resumable) checkSaid(visit, log, problems)
    }
    const sent = visits.filter(({ resumable }) => resumable)
    for (const id of new Set(sent.map(({ member }) => member.id))) {
      checkSent(
        sent.filter(({ member }) => member.id === id),
        log,
        problems,
      )
    }
  }
  return problems
}
