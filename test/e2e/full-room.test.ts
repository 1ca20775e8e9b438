import { expect, test } from 'vitest'
import { createRoom, expectError, history, roomState, upgrade } from './http.ts'
import { Member } from './member.ts'
import { inBothModes } from './modes.ts'
import { handshake, RawSocket } from './raw-socket.ts'

inBothModes(
  'a full room',
  (nodes) => {
    test('contract 1: of ten joins at once exactly as many as fit get 101, the rest 409', async () => {
      const roomId = await createRoom(nodes.a)
      const sockets = Array.from(
        { length: 10 },
        (_, at) => new RawSocket([nodes.a, nodes.b][at % 2]!),
      )
      for (const socket of sockets) socket.send(handshake(`/api/serve/${roomId}`))
      const heads = await Promise.all(sockets.map((socket) => socket.head()))
      const statuses = heads.map(({ status }) => status).filter((status) => status !== 409)
      expect(statuses).toEqual([101, 101])
      expect((await roomState(nodes.b, roomId)).members.length).toBe(2)
      expect((await history(nodes.b, roomId)).messages.map(({ type }) => type)).toEqual([
        'joined',
        'joined',
      ])
    })

    test('contract 1: 409 full on every node, and there is room again after a left', async () => {
      const roomId = await createRoom(nodes.a)
      const [first, second] = await Member.joinInTurn([nodes.a, nodes.b], roomId, 2)
      for (const node of nodes.each) {
        expectError(await upgrade(node, `/api/serve/${roomId}`), 409, 'full')
      }
      expect(await first!.settle()).toMatchObject([{ type: 'joined', memberId: second!.id }])
      await second!.close(1000)
      await first!.untilLeft(second!.id)
      const third = await Member.join(nodes.b, roomId)
      await third.exchange('room for one more')
      await first!.untilChat('room for one more')
    })

    test('contract 1: a full room is no hindrance to another', async () => {
      await Member.joinInTurn([nodes.a], await createRoom(nodes.a), 2)
      await Member.joinInTurn([nodes.a], await createRoom(nodes.a), 2)
    })
  },
  { MAX_ROOM_MEMBERS: '2' },
)
