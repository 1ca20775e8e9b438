const PASSING: readonly string[] = [
  'rate_limited',
  'overloaded',
  'unavailable',
  'draining',
  'unknown',
]

/** Whether the same again may do. After `unknown` it is the only way to know. */
export const isPassing = (code: string): boolean => PASSING.includes(code)
