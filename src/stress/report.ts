import type { Histogram, Step } from './histogram.ts'

/** In milliseconds; zeros when there was nothing to measure. */
export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** What a run found out. */
export interface Report {
  /** How many there should have been. */
  readonly members: number
  readonly membersJoined: number
  /** Not joined: refused by HTTP, or not reached. */
  readonly membersRefused: number
  /** How many members by HTTP status, or by why there was no answer. */
  readonly refusals: Readonly<Record<string, number>>
  /** Joined, and closed during the run. */
  readonly membersLost: number
  /** How many members by close code, or by why there was none. */
  readonly losses: Readonly<Record<string, number>>
  /** From the first connect to the last member's join. */
  readonly joinSeconds: number
  /** From a member's connect to its join. */
  readonly joinMs: Percentiles
  readonly sent: number
  /** Came back to their sender: the server confirmed them. */
  readonly echoed: number
  /** The server said that it refuses them. */
  readonly failed: number
  /** Neither came back nor were refused. */
  readonly unanswered: number
  /** Due at a rate, but not sent: the server or this program could not keep up. */
  readonly skipped: number
  /** Texts that came to members, echoes among them. */
  readonly delivered: number
  /** Deliveries that have not come within 5 s after the last text. */
  readonly lost: number
  readonly doubled: number
  /** Deliveries in another order than that of the room. */
  readonly reordered: number
  /** Deliveries with other bytes than to others in the room, or in a wrong room. */
  readonly altered: number
  /** The time in which texts were sent. */
  readonly seconds: number
  /** Confirmed in that time. */
  readonly messagesPerSecond: number
  /** In that time. */
  readonly deliveriesPerSecond: number
  /** From sending to delivery, of all deliveries. */
  readonly latencyMs: Percentiles
  /** How often a delivery took how long. */
  readonly latencySteps: readonly Step[]
  /** From sending to the own echo. */
  readonly echoMs: Percentiles
  /** What this program used itself, from the first text until everything was there. */
  readonly ownCpuSeconds: number
  /** What the given processes used in that time. */
  readonly cpu?: readonly { readonly pid: number; readonly seconds: number }[]
  readonly cpuMicrosPerDelivery?: number
}

export const percentiles = (histogram: Histogram): Percentiles => ({
  p50: histogram.percentile(0.5),
  p90: histogram.percentile(0.9),
  p99: histogram.percentile(0.99),
  max: histogram.max,
})

/** Whether every member joined and stayed, and everything came once, in order and unaltered. */
export const isGood = (report: Report): boolean =>
  report.membersJoined === report.members &&
  report.membersLost + report.lost + report.doubled + report.reordered + report.altered === 0
