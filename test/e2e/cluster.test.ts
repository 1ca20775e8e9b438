import { Redis } from 'ioredis'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { eventually } from './deadline.ts'
import { createRoom, history, roomState } from './http.ts'
import { expectWholeTailOf, Member } from './member.ts'
import { clusterSettings, startCluster, startNodes } from './modes.ts'
import type { ServerNode } from './server-node.ts'

const channelsOf = async (redis: Redis, roomId: string): Promise<number> => {
  const channels = await redis.pubsub('CHANNELS', `*${roomId}*`)
  return channels.length
}

describe('cluster', () => {
  test('three nodes that start at once on an empty database all serve', async () => {
    const nodes = await startCluster(3, await clusterSettings())
    const roomId = await createRoom(nodes[0]!)
    const members = await Member.joinInTurn(nodes, roomId, 6)
    for (const [at, member] of members.entries()) member.say(`word of member ${at}`)
    await Promise.all(members.map((member) => member.hasChats(6)))
    for (const node of nodes) {
      const { elements } = await history(node, roomId)
      expect(elements.length).toBe(12)
      for (const member of members) expectWholeTailOf(elements, member)
    }
  })

  test('G6: members of a node that is killed are gone, with exactly one left each', async () => {
    const { a, b } = await startNodes('cluster', { LEASE_MS: '2000' })
    const roomId = await createRoom(a)
    const watching = await Member.join(b, roomId)
    const lost = await Member.joinInTurn([a], roomId, 3)
    await lost[0]!.exchange('the last thing heard')
    a.kill('SIGKILL')
    const lefts = new Set<string>()
    while (lefts.size < lost.length) {
      const { message } = await watching.until('a left', ({ type }) => type === 'left')
      lefts.add(message.memberId)
    }
    expect(lefts).toEqual(new Set(lost.map(({ id }) => id)))
    expect((await roomState(b, roomId)).members.map(({ id }) => id)).toEqual([watching.id])
    expect((await watching.settle()).map(({ type }) => type)).not.toContain('left')
    const { elements, messages } = await history(b, roomId)
    expect(messages.filter(({ type }) => type === 'left').length).toBe(lost.length)
    expectWholeTailOf(elements, watching)

    const [next] = await startCluster(1, b.settings)
    const late = await Member.join(next!, roomId)
    await watching.until('a new joined', ({ id }) => id === late.joined.id)
    expect(
      (await history(next!, roomId)).messages.filter(({ type }) => type === 'left').length,
    ).toBe(3)
  })

  test('G1: rooms and histories outlive every node', async () => {
    const { a, b } = await startNodes('cluster')
    const roomId = await createRoom(a)
    const before = await Member.join(a, roomId)
    await before.exchange('written down')
    await Promise.all([a.stop(), b.stop()])
    const [next] = await startCluster(1, a.settings)
    const { elements, messages } = await history(next!, roomId)
    expect(messages.map(({ type }) => type)).toEqual(['joined', 'chat', 'left'])
    expect(elements.slice(0, 2).map((element) => `${element}\n`)).toEqual(
      before.frames.slice(0, 2).map(({ text }) => text),
    )
    expect((await roomState(next!, roomId)).members).toEqual([])
  })

  test('a node listens to a room while it has members there, no longer', async () => {
    const redis = new Redis(inject('redisUrl'))
    onTestFinished(() => {
      redis.disconnect()
    })
    const { a, b } = await startNodes('cluster')
    const roomId = await createRoom(a)
    const members = await Member.joinInTurn([a, b], roomId, 4)
    const during = async (): Promise<number> => channelsOf(redis, roomId)
    await eventually('a channel of the room', during, (count) => count === 1)
    await Promise.all(members.map((member) => member.close(1000)))
    await eventually('no channel of the room', during, (count) => count === 0)

    const again = await Member.join(b, roomId)
    await eventually('a channel again', during, (count) => count === 1)
    const far = await Member.join(a, roomId)
    await far.exchange('heard again')
    await again.untilChat('heard again')
  })

  test('G2: two nodes, a hundred messages each way while members come and go', async () => {
    const { a, b } = await startNodes('cluster', { RATE_LIMIT: 'off' })
    const roomId = await createRoom(a)
    const [left, right] = [await Member.join(a, roomId), await Member.join(b, roomId)]
    const passing = async (node: ServerNode): Promise<void> => {
      for (let at = 0; at < 10; at += 1) {
        const member = await Member.join(node, roomId)
        await member.exchange(`passing by, ${at} on ${node.port}`)
        await member.close(1000)
      }
    }
    for (let at = 0; at < 100; at += 1) {
      left.say(`from the left ${at}`)
      right.say(`from the right ${at}`)
    }
    await Promise.all([passing(a), passing(b)])
    const { messages, elements } = await eventually(
      'a left of everyone who passed by',
      () => history(a, roomId),
      (read) => read.messages.filter(({ type }) => type === 'left').length === 20,
    )
    expect(messages.length).toBe(2 + 200 + 3 * 20)
    for (const member of [left, right]) {
      await member.hasFrames(elements.length - (member === right ? 1 : 0))
      expectWholeTailOf(elements, member)
    }
  })
})
