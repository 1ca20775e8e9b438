import { deliveries } from './deliveries.ts'
import type { History } from './history.ts'
import type { Tell } from './problems.ts'
import type { Story } from './room-log.ts'
import { alone, dueBy, quietSpans } from './windows.ts'

/** After killed subscriptions nothing waits for the sweep. */
export const RESUBSCRIBED_MS = 650
const CLEAR_MS = 1_200

/**
 * In quiet times an acknowledged text or change is with everyone within 400 ms; one acknowledged before, as
 * soon as it is quiet; and after killed subscriptions, at once.
 */
export const checkTimes = (history: History, story: Story, tell: Tell): void => {
  const quiet = quietSpans(history)
  const kills = history.faults.filter(
    (fault) => fault.kind === 'Redis subscriptions killed' && alone(fault, history, CLEAR_MS),
  )
  for (const { text, acked, readers } of deliveries(story)) {
    const due = dueBy(acked, quiet)
    const kill = kills.find(({ from, to }) => acked >= from - 100 && acked <= to + CLEAR_MS)
    const stalled =
      kill && history.stalls.some(({ from, to }) => from < kill.to + CLEAR_MS && to > kill.from)
    const soon = kill && !stalled ? Math.max(acked, kill.to) + RESUBSCRIBED_MS : undefined
    for (const { visit, got } of readers) {
      // Told as lost already.
      if (got === undefined && visit.end === undefined) continue
      for (const by of [due, soon]) {
        if (by === undefined || (got ?? Infinity) <= by || (visit.end?.at ?? Infinity) <= by)
          continue
        const ms = got === undefined ? 'never' : `${Math.round(got - by)} ms too late`
        tell('late', `${text} came to connection ${visit.id} ${ms}`)
      }
    }
  }
}
