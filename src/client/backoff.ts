/** Close codes, docs/protocol.md. */
export const FLOOD = 1008
const BUSY: readonly number[] = [1011, 1012, 1013]

const FLOOD_MS = 30_000
const LEAST_MS = 500

/** When what was refused for a passing reason may be tried again: in 1 to 5 s. */
export const soon = (random: () => number): number => 1_000 + random() * 4_000

/**
 * How long to wait before the next connection, in milliseconds. After each of the first five failures
 * half a second to one, then twice, three times, … thirty times as much. So whoever has lost its node is
 * back a second after another one takes over, if that takes 2.5 s at most: these five pauses are no
 * shorter together.
 * @param failures how many have failed since one was good; 0: that one was lost, so come back at once
 * @param code why there is none
 */
export const pauseAfter = (code: number, failures: number, random: () => number): number => {
  const times = Math.min(30, Math.max(1, failures - 4))
  const pause = failures && (LEAST_MS + random() * LEAST_MS) * times
  if (code === FLOOD) return FLOOD_MS + soon(random)
  return BUSY.includes(code) ? Math.max(pause, soon(random)) : pause
}
