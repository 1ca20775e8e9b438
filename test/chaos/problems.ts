/**
 * lost: a stored message or a text without an answer; doubled: something is there twice; reordered:
 * two orders; phantom: shown or stored, but never said, or said to be refused; members: joined, left
 * and connections do not agree; closed: a connection that had no reason to end; late: over the
 * promised time; broken: an answer that no healthy server gives.
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
] as const
export type Rule = (typeof RULES)[number]

export interface Problem {
  readonly rule: Rule
  readonly what: string
}

export type Tell = (rule: Rule, what: string) => void
