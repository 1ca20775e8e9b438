import { describe, expect, test } from 'vitest'
import { Publisher } from '../../src/domain/publisher.ts'
import { noMeter } from '../../src/ports/meter.ts'
import type { LoggedMessage, MemberId, NodeId, RoomId } from '../../src/ports/model.ts'
import { newRoomId } from '../contract/repository-scene.ts'
import { FakeClock } from '../fake-clock.ts'
import { silent } from '../local-node.ts'

const message = (roomId: RoomId, seq: number): LoggedMessage => ({
  id: `message ${seq}` as LoggedMessage['id'],
  roomId,
  memberId: 'a member' as MemberId,
  memberName: 'Blue Cat',
  type: 'chat',
  message: 'hello',
  sent: 0,
  seq,
})

/** What is published and let out reads `time: room seq seq …`. */
const open = () => {
  const clock = new FakeClock()
  const [one, other] = [newRoomId(), newRoomId()]
  const published: string[] = []
  const offered: number[] = []
  const mayWait: (boolean | undefined)[] = []
  const publisher = new Publisher({
    clock,
    log: silent,
    meter: noMeter,
    nodeId: () => 'a node' as NodeId,
    encode: ({ id }) => new TextEncoder().encode(id),
    rooms: new Map([
      [
        one,
        {
          offer: (run) => {
            offered.push(run.firstSeq)
            mayWait.push(run.mayWait)
          },
          showTyping: () => true,
        },
      ],
    ]),
    queue: {
      publish: async (roomId, _, { firstSeq, frames }) => {
        const seqs = frames.map((frame, index) => {
          const text = new TextDecoder().decode(frame)
          return text === `message ${firstSeq + index}` ? firstSeq + index : text
        })
        published.push(`${clock.now()}: ${roomId === one ? 'one' : 'other'} ${seqs.join(' ')}`)
      },
      tell: async () => {},
    },
  })
  return { clock, published, offered, mayWait, publisher, one, other }
}

describe('Publisher', () => {
  test('the members here get what is stored at once, the other nodes with the next append', async () => {
    const { clock, published, offered, publisher, one } = open()
    publisher.logged([message(one, 1), message(one, 2)])
    expect(offered).toEqual([1])
    await clock.advance(0.5)
    expect(published).toEqual([])
    publisher.appending()
    await clock.advance(0)
    expect(published).toEqual(['0.5: one 1 2'])
    await clock.advance(100)
    expect(published.length).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test('without another append it is 1 ms after the first of what gathers', async () => {
    const { clock, published, publisher, one } = open()
    publisher.logged([message(one, 1)])
    await clock.advance(0.5)
    publisher.logged([message(one, 2)])
    await clock.advance(10)
    expect(published).toEqual(['1: one 1 2'])
  })

  test('of a crowd that comes and goes those who are there need not be told at once, of texts they do', () => {
    const { mayWait, publisher, one, other } = open()
    const crowd = (count: number) =>
      Array.from({ length: count }, (_, at) => ({
        ...message(other, at + 1),
        type: at % 2 === 0 ? ('joined' as const) : ('left' as const),
      }))
    const joined = (seq: number) => ({ ...message(one, seq), type: 'joined' as const })
    publisher.logged([joined(1), ...crowd(6)])
    publisher.logged([joined(2), ...crowd(7)])
    publisher.logged([joined(3), message(one, 4), ...crowd(7)])
    expect(mayWait).toEqual([false, true, false])
  })

  test('what has a hole between it stays apart, and so do rooms', () => {
    const { published, publisher, one, other } = open()
    publisher.logged([message(one, 1), message(other, 7), message(one, 2)])
    publisher.logged([message(one, 3)])
    publisher.logged([message(one, 5), message(one, 6)])
    publisher.flush()
    expect(published).toEqual(['0: one 1 2 3', '0: one 5 6', '0: other 7'])
  })
})
