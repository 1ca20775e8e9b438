/**
 * lost: a stored message or a text without an answer; doubled: something is there twice; reordered:
 * two orders; phantom: shown or stored, but never said, or said to be refused; members: joined, left
 * and connections do not agree; closed: a connection that had no reason to end; late: over the
 * promised time; broken: an answer that no healthy server gives; stale: read after it was changed,
 * deleted or dismissed; staying: who was removed, or whose room is over, still hears or is let in.
 */
export const RULES = [
  'lost',
  'doubled',
  'reordered',
  'phantom',
  'members',
  'closed',
  'late',
  'broken',
  'stale',
  'staying',
] as const
export type Rule = (typeof RULES)[number]

export interface Problem {
  readonly rule: Rule
  readonly what: string
}

export type Tell = (rule: Rule, what: string) => void
