import { onTestFinished } from 'vitest'
import type { Member } from './member.ts'

/** So many bytes so often are about a megabyte a second for every member of the room. */
const BYTES = 16_000
const EVERY_MS = 16

/**
 * Lets a member talk, a megabyte a second if not told otherwise.
 * @returns `stop`, which waits for the last echo and gives how long each took, in milliseconds
 */
export const talk = (member: Member, bytes = BYTES, everyMs = EVERY_MS) => {
  const text = 'x'.repeat(bytes)
  const latencies: number[] = []
  const begun = new Map<string, number>()
  let count = 0
  const timer = setInterval(() => {
    const said = `${(count += 1)} ${text}`
    begun.set(said, performance.now())
    member.say(said)
  }, everyMs)
  const stop = async () => {
    clearInterval(timer)
    await member.hasChats(count)
    for (const { at, message } of member.frames) {
      const start = message.type === 'chat' ? begun.get(message.message) : undefined
      if (start !== undefined) latencies.push(at - start)
    }
    return latencies
  }
  onTestFinished(() => clearInterval(timer))
  return { stop }
}
