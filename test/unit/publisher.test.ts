import { describe, expect, test } from 'vitest'
import { Publisher } from '../../src/domain/publisher.ts'
import type { NodeId, RoomId } from '../../src/ports/model.ts'
import type { Run } from '../../src/ports/queue.ts'
import { newRoomId } from '../contract/repository-scene.ts'
import { FakeClock } from '../fake-clock.ts'
import { silent } from '../local-node.ts'

const run = (firstSeq: number, length = 1): Run => ({
  firstSeq,
  frames: Array.from({ length }, (_, index) => new TextEncoder().encode(`${firstSeq + index}\n`)),
})

const open = () => {
  const clock = new FakeClock()
  const published: { readonly at: number; readonly roomId: RoomId; readonly run: Run }[] = []
  const publisher = new Publisher({
    clock,
    log: silent,
    nodeId: () => 'a node' as NodeId,
    queue: {
      publish: async (roomId, _, one) => {
        published.push({ at: clock.now(), roomId, run: one })
      },
    },
  })
  return { clock, published, publisher }
}

describe('Publisher', () => {
  test('what is stored is published with the next append, and once', async () => {
    const { clock, published, publisher } = open()
    const roomId = newRoomId()
    publisher.add(roomId, run(1))
    await clock.advance(1)
    expect(published).toEqual([])
    publisher.appending()
    await clock.advance(0)
    expect(published).toEqual([{ at: 1, roomId, run: run(1) }])
    await clock.advance(100)
    expect(published.length).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test('without another append it waits for 2 ms, the first of what gathers', async () => {
    const { clock, published, publisher } = open()
    const roomId = newRoomId()
    publisher.add(roomId, run(1))
    await clock.advance(1.5)
    publisher.add(roomId, run(2))
    await clock.advance(10)
    expect(published).toEqual([{ at: 2, roomId, run: run(1, 2) }])
  })

  test('runs with a hole between them stay apart, and so do rooms', () => {
    const { published, publisher } = open()
    const [one, other] = [newRoomId(), newRoomId()]
    publisher.add(one, run(1, 2))
    publisher.add(other, run(7))
    publisher.add(one, run(3))
    publisher.add(one, run(5, 2))
    publisher.flush()
    expect(published).toEqual([
      { at: 0, roomId: one, run: run(1, 3) },
      { at: 0, roomId: one, run: run(5, 2) },
      { at: 0, roomId: other, run: run(7) },
    ])
  })
})
