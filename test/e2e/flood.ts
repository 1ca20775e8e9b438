import { onTestFinished } from 'vitest'
import type { Command } from '../../src/protocol/commands.ts'
import type { JsonConnection } from './json-connection.ts'
import type { Member } from './member.ts'

/** Says `texts` texts ten times a second, until the test is over or the member's connection is. */
export const flood = (member: Member, texts: number): void => {
  let round = 0
  tenTimesASecond(member.closed(60_000), () => {
    round += 1
    for (let at = 0; at < texts; at += 1) member.say(`text ${at} of round ${round}`)
  })
}

/** Says 500 commands a second, as `flood`. */
export const floodJson = (connection: JsonConnection, command: (at: number) => Command): void => {
  let said = 0
  tenTimesASecond(connection.closed(60_000), () => {
    for (let at = 0; at < 50; at += 1) connection.say(command((said += 1)))
  })
}

const tenTimesASecond = (closed: Promise<unknown>, act: () => void): void => {
  const timer = setInterval(act, 100)
  const end = (): void => clearInterval(timer)
  onTestFinished(end)
  closed.then(end, end)
}
