import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from './deadline.ts'
import { createRoom } from './http.ts'
import { Member } from './member.ts'
import { startNodes, type Mode } from './modes.ts'
import { RawSocket } from './raw-socket.ts'
import type { ServerNode } from './server-node.ts'
import { talk } from './talk.ts'

const STALLED = 100

const residentMiB = (node: ServerNode): number => {
  const status = readFileSync(`/proc/${node.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}

describe.each<Mode>(['embedded', 'cluster'])('slow readers, %s', (mode) => {
  test('G8: a hundred members that do not read are gone within 15 s; the others wait at most a second, memory stays flat', async () => {
    const { a } = await startNodes(mode, { RATE_LIMIT: 'off' })
    const roomId = await createRoom(a)
    const speaker = await Member.join(a, roomId)
    const listener = await Member.join(a, roomId)
    await Promise.all(
      Array.from({ length: STALLED }, async () => {
        const socket = await RawSocket.upgraded(a, `/api/serve/${roomId}`)
        socket.pause()
        onTestFinished(() => socket.reset())
      }),
    )
    const before = residentMiB(a)
    let peak = before
    const talking = talk(speaker)
    const lefts = () => listener.frames.filter(({ message }) => message.type === 'left').length
    await eventually(
      'every stalled member is gone',
      async () => {
        peak = Math.max(peak, residentMiB(a))
        return lefts()
      },
      (count) => count === STALLED,
      15_000,
    )
    const latencies = await talking.stop()
    expect(Math.max(...latencies)).toBeLessThan(1_000)
    expect(peak - before).toBeLessThan(150)
    await listener.hasChats(latencies.length)
  })
})
