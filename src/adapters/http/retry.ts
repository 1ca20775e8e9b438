const SOONEST_MS = 1_000
const SPREAD_MS = 4_000

/** When someone who was sent away may come back: who was sent away together must not come together. */
export const retryMs = (random: () => number): number =>
  SOONEST_MS + Math.round(random() * SPREAD_MS)
