import { setTimeout as pause } from 'node:timers/promises'

/**
 * Resolves when a condition holds.
 * @param ms the longest wait
 * @throws Error naming what did not come true
 */
export const eventually = async (
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 20_000,
): Promise<void> => {
  const deadline = performance.now() + ms
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`)
    await pause(5)
  }
}
