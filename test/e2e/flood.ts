import { onTestFinished } from 'vitest'
import type { Member } from './member.ts'

/** Says `texts` texts ten times a second, until the test is over or the member's connection is. */
export const flood = (member: Member, texts: number): void => {
  let round = 0
  const timer = setInterval(() => {
    round += 1
    for (let at = 0; at < texts; at += 1) member.say(`text ${at} of round ${round}`)
  }, 100)
  const end = (): void => clearInterval(timer)
  onTestFinished(end)
  member.closed(60_000).then(end, end)
}
