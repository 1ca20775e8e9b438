import { expect, test } from 'vitest'
import { connect } from '../../src/client/client.ts'
import {
  changeRoom,
  createRoom,
  deleteMessage,
  editMessage,
  endRoom,
  removeMember,
  roomInfo,
} from '../../src/client/owner.ts'
import { WebSocket } from 'ws'
import { eventually } from './deadline.ts'
import { startNodes } from './modes.ts'
import { noteSecrets } from './secrets.ts'

test('the library makes a room, changes it and its messages, removes a member, and ends it', async () => {
  const { a, b } = await startNodes('cluster')
  const [near, far] = [a, b].map(({ port }) => `http://127.0.0.1:${port}`) as [string, string]
  const { roomId, ownerToken = '' } = await createRoom(near, { topic: 'Seats', owner: true })
  noteSecrets(roomId, ownerToken)
  const client = connect(far, { WebSocket })
  const room = await client.join(roomId)
  const told: string[] = []
  room.on('change', ({ event }) => told.push(event))
  const { id } = await room.send('hello')
  const info = await changeRoom(near, roomId, ownerToken, { name: 'Own Seat', capacity: 3 })
  expect(info).toMatchObject({ roomName: 'Own Seat', topic: 'Seats', capacity: 3, memberCount: 1 })
  expect(await editMessage(near, roomId, room.resume, id, 'hullo')).toMatchObject({ id })
  await deleteMessage(near, roomId, ownerToken, id)
  await eventually(
    'all changes',
    async () => told.join(),
    (events) => events === 'settings,edited,deleted',
  )
  expect(room.name).toBe('Own Seat')
  expect(await roomInfo(far, roomId)).toMatchObject({ messageCount: 1 })
  const wrong = changeRoom(near, roomId, 'wrong', { locked: true })
  await expect(wrong).rejects.toMatchObject({ name: 'ShareChatError', code: 'forbidden' })
  await removeMember(near, roomId, ownerToken, room.you.id)
  await eventually(
    'the end of the membership',
    async () => room.state,
    (state) => state === 'over',
  )
  await endRoom(far, roomId, ownerToken)
  await expect(roomInfo(near, roomId)).rejects.toMatchObject({ code: 'not_found' })
  await client.close()
})
