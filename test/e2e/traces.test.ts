import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { eventually } from './deadline.ts'
import { createRoom, roomState } from './http.ts'
import { Member } from './member.ts'
import { startNodes, type Mode } from './modes.ts'
import type { ServerNode } from './server-node.ts'

const openFiles = (node: ServerNode): number => readdirSync(`/proc/${node.pid}/fd`).length

const residentMiB = (node: ServerNode): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${node.pid}/status`, 'utf8'))?.[1]) / 1024

const AT_ONCE = 50

describe.each<Mode>(['embedded', 'cluster'])('traces, %s', (mode) => {
  test('1,000 joins and leaves leave no socket behind, and memory where it was', async () => {
    const { a } = await startNodes(mode, { RATE_LIMIT: 'off' })
    const roomId = await createRoom(a)
    const comeAndGo = async (count: number) => {
      for (let come = 0; come < count; come += AT_ONCE) {
        const members = await Promise.all(
          Array.from({ length: AT_ONCE }, () => Member.join(a, roomId)),
        )
        await Promise.all(members.map((member) => member.close(1000)))
      }
      await eventually(
        'the room is empty',
        async () => (await roomState(a, roomId)).members.length,
        (members) => members === 0,
      )
    }
    await comeAndGo(200)
    const [files, memory] = [openFiles(a), residentMiB(a)]
    await comeAndGo(1_000)
    await eventually(
      'sockets are closed',
      async () => openFiles(a),
      (now) => now <= files + 2,
    )
    expect(residentMiB(a) - memory).toBeLessThan(60)
  })
})
