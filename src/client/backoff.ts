/** Close codes, docs/protocol.md. */
export const FLOOD = 1008
const BUSY: readonly number[] = [1011, 1012, 1013]

const FLOOD_MS = 30_000
/**
 * After the first failure; it doubles with each. So whoever has lost its node is back within 5 s on
 * another that takes over within 2 s: the third pause ends after 4.9 s at the latest.
 */
const LONGEST_FIRST_MS = 700
const LONGEST_MS = 30_000

/** When what was refused for a passing reason may be tried again: in 1 to 5 s. */
export const soon = (random: () => number): number => 1_000 + random() * 4_000

/**
 * How long to wait before the next connection, in milliseconds: with full jitter, that is anything
 * between nothing and a bound that doubles.
 * @param failures how many have failed since one was good; 0: that one was lost, so come back at once
 * @param code why there is none
 */
export const pauseAfter = (code: number, failures: number, random: () => number): number => {
  const longest = Math.min(LONGEST_MS, (LONGEST_FIRST_MS / 2) * 2 ** failures)
  const pause = failures && random() * longest
  if (code === FLOOD) return FLOOD_MS + soon(random)
  return BUSY.includes(code) ? Math.max(pause, soon(random)) : pause
}
