import type { Clock } from '../ports/clock.ts'
import type { Ids } from '../ports/ids.ts'
import type { Member } from './member.ts'
import { pause } from './pause.ts'

/** A node that goes away closes this many members at a time, so that others get them as a ramp. */
const WAVE_MEMBERS = 200

/**
 * Closes members with `drain` in jittered waves; resolves when the last is closed.
 * @param members all there will be
 * @param spreadMs over how long
 */
export const closeInWaves = async (
  members: readonly Member[],
  spreadMs: number,
  { clock, ids }: { readonly clock: Clock; readonly ids: Pick<Ids, 'random'> },
): Promise<void> => {
  const waves = Math.ceil(members.length / WAVE_MEMBERS)
  for (let wave = 0; wave < waves; wave += 1) {
    const start = wave * WAVE_MEMBERS
    for (const member of members.slice(start, start + WAVE_MEMBERS)) member.remove('drain')
    if (wave === waves - 1) break
    await pause(clock, (spreadMs / waves) * (0.5 + ids.random()))
  }
}
