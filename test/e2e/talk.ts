import { onTestFinished } from 'vitest'
import type { Member } from './member.ts'

const TEXT = 'x'.repeat(16_000)
/** 16,000 bytes this often are about a megabyte a second for every member of the room. */
const EVERY_MS = 16

/**
 * Lets a member talk, a megabyte a second.
 * @returns `stop`, which waits for the last echo and gives how long each took, in milliseconds
 */
export const talk = (member: Member) => {
  const latencies: number[] = []
  const begun = new Map<string, number>()
  let count = 0
  const timer = setInterval(() => {
    const text = `${(count += 1)} ${TEXT}`
    begun.set(text, performance.now())
    member.say(text)
  }, EVERY_MS)
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
