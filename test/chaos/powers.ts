import type { History } from './history.ts'
import type { Tell } from './problems.ts'
import type { Story } from './room-log.ts'
import { readVisit } from './visits.ts'
import { dueBy, quietSpans } from './windows.ts'

/**
 * Who was removed has one `left`, hears nothing behind that, loses its connection, and does not come in
 * again from where it was.
 */
export const checkRemovals = (history: History, story: Story, tell: Tell): void => {
  const { log, visits } = story
  const acts = story.acts.filter(({ kind }) => kind === 'remove')
  const removed = new Map(
    log.rows.flatMap((row) => (row.removed === true ? [[row.memberId, row.seq]] : [])),
  )
  for (const [memberId] of removed) {
    if (!acts.some(({ id }) => id === memberId)) tell('phantom', `nobody removed ${memberId}`)
  }
  for (const { visit, memberId, stored } of visits) {
    const seq = removed.get(memberId ?? '') ?? Infinity
    const heard = stored.find((frame) => (log.told(frame)?.row.seq ?? 0) > seq)
    if (heard) tell('staying', `connection ${visit.id} hears what came after ${seq}, its end`)
  }
  const quiet = quietSpans(history)
  for (const { id, done } of acts) {
    if (done === undefined) continue
    if (!removed.has(id)) tell('lost', `${id} is not removed, though the owner was told so`)
    const own = visits.filter(({ memberId }) => memberId === id)
    const due = dueBy(done, quiet) ?? Infinity
    for (const { visit } of own) {
      if ((visit.end?.at ?? Infinity) > due) tell('staying', `connection ${visit.id} ends too late`)
    }
    const from = new Set(own.map(({ visit }) => visit.address))
    for (const { visit } of visits) {
      if (!from.has(visit.address) || visit.asked < done) continue
      tell('staying', `connection ${visit.id} is from where ${id} was removed`)
    }
  }
}

/** A room that is dismissed is over: nothing tells of it, nobody is in it. Until then it is there. */
export const checkDismissals = (history: History, tell: Tell): void => {
  const quiet = quietSpans(history)
  const visits = history.visits.map(readVisit)
  const ends = history.acts.filter(({ kind }) => kind === 'dismiss')
  for (const { roomId, path, status, at } of history.reads) {
    const here = ends.filter((act) => act.roomId === roomId)
    const isOver = here.some(({ done = Infinity }) => done < at)
    if (status === 200 && isOver) tell('stale', `GET …${path} tells of a room that is over`)
    if (status === 404 && here.length === 0) tell('lost', `GET …${path}: the room is not there`)
    if (![0, 200, 404, 503].includes(status)) tell('broken', `GET …${path}: ${status}`)
  }
  for (const roomId of new Set(ends.map((act) => act.roomId))) {
    const done = ends.find((act) => act.roomId === roomId && act.done !== undefined)?.done
    if (done === undefined) {
      tell('broken', 'a room could not be dismissed')
      continue
    }
    const due = dueBy(done, quiet) ?? Infinity
    for (const { visit, stored } of visits) {
      if (visit.roomId !== roomId) continue
      const who = `connection ${visit.id}`
      if (visit.asked > done) tell('staying', `${who} came into a room that is over`)
      else if (visit.end === undefined || visit.end.at > due) {
        tell('staying', `${who} outlives its room`)
      }
      let next = visit.json && (visit.json.after ?? visit.json.seq - 1) + 1
      for (const { seq } of stored) {
        if (next === undefined || seq === undefined) break
        if (seq !== next) {
          tell(seq > next ? 'lost' : 'doubled', `${who} got ${seq} in place of ${next}`)
        }
        next = Math.max(next, seq + 1)
      }
    }
  }
}

/** Only who was removed is kept out; only a room that was dismissed is not there. */
export const checkRefusals = (history: History, tell: Tell): void => {
  const visits = history.visits.map(readVisit)
  for (const { at, roomId, address, status } of history.refusals) {
    const guests = visits.flatMap(({ visit, memberId }) =>
      visit.roomId === roomId && visit.address === address ? [memberId] : [],
    )
    const isDue = history.acts.some(
      (act) =>
        act.roomId === roomId &&
        act.at < at &&
        ((status === 404 && act.kind === 'dismiss') ||
          (status === 403 && act.kind === 'remove' && guests.includes(act.id))),
    )
    if (!isDue) tell('broken', `a join was refused with ${status}`)
  }
}
