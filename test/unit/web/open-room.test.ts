import { expect, test } from 'vitest'
import { ShareChatError, type JoinWish, type Room } from '../../../src/client/client.ts'
import { OpenRoom } from '../../../web/src/open-room.ts'
import { eventually } from '../../eventually.ts'
import { INFO, ScriptedRoom } from './scripted-room.ts'

/** A server that stores every change as the next row of a room's log. */
const storing = (scripted: ScriptedRoom) => ({
  edit: async () => ({ seq: scripted.seq + 1 }),
  delete: async () => undefined,
  createCode: async () => ({ code: '493027', expiresAt: '2026-01-01T00:00:00.000Z' }),
  search: async () => ({ items: [], hasMore: false }),
  roomInfo: async () => INFO,
  changeRoom: async () => INFO,
  endRoom: async () => undefined,
  removeMember: async () => undefined,
})

const opened = async (
  join: (id: string, wish?: JoinWish) => Promise<Room> = async () => scripted,
  scripted = new ScriptedRoom(),
  token?: string,
) => {
  const unread: number[] = []
  const heard: number[] = []
  const changedIds: string[] = []
  const client = { join, isRestarting: false }
  const room = new OpenRoom({
    id: 'room',
    client,
    requests: storing(scripted),
    tokens: { of: () => token, forget: () => {} },
    changed: () => {},
    onUnread: (_room, { seq }) => unread.push(seq),
    onHeard: ({ seq }) => heard.push(seq),
    onChanged: (id) => changedIds.push(id),
  })
  await eventually('it is joined or over', () => room.hasJoined || room.end !== undefined)
  return { room, scripted, client, unread, heard, changedIds }
}

test('only chat messages of others that nobody looks at are unread, and a marker is before them', async () => {
  const { room, scripted, unread, heard } = await opened()
  scripted.says('me')
  scripted.says('you', 'joined')
  expect(room.unread).toBe(0)
  scripted.says('you')
  scripted.says('you')
  expect([room.unread, room.marker, unread]).toEqual([2, 3, [3, 4]])
  room.watch(true)
  expect([room.unread, room.marker]).toEqual([0, 3])
  scripted.says('you')
  expect([room.unread, heard]).toEqual([0, [5]])
  room.lookAtEnd(false)
  scripted.says('you')
  expect([room.unread, room.marker]).toEqual([1, 6])
  room.lookAtEnd(true)
  room.watch(false)
  expect([room.unread, room.marker]).toEqual([0, undefined])
})

test('a message that is deleted is not unread any more, and the marker is before what is left', async () => {
  const { room, scripted, changedIds } = await opened()
  scripted.says('you')
  scripted.says('you')
  scripted.says('me')
  scripted.deletes(1)
  expect([room.unread, room.log.firstFrom(room.marker)]).toEqual([1, 2])
  scripted.deletes(3)
  expect(room.unread).toBe(1)
  scripted.deletes(2)
  expect([room.unread, room.marker]).toEqual([0, undefined])
  expect([room.log.messages, changedIds]).toEqual([[], ['id 1', 'id 3', 'id 2']])
  scripted.says('you')
  expect([room.unread, room.log.firstFrom(room.marker), room.log.atEnd]).toEqual([1, 7, true])
})

test('only what was said as the member that we are now can be edited and deleted', async () => {
  const { room, scripted } = await opened()
  scripted.says('me')
  scripted.says('me', 'joined')
  scripted.says('you')
  const may = (): readonly boolean[] =>
    room.log.messages.flatMap((message) => [room.mayEdit(message), room.mayDelete(message)])
  expect(may()).toEqual([true, true, false, false, false, false])
  scripted.you = { id: 'me too', name: 'Me Too' }
  expect(may()).toEqual([false, false, false, false, false, false])
})

test('the owner may delete what others said, and edit only what it said itself', async () => {
  const { room, scripted } = await opened(undefined, undefined, 'secret')
  scripted.says('you')
  scripted.says('you', 'left')
  expect(room.log.messages.map((message) => room.mayEdit(message))).toEqual([false, false])
  expect(room.log.messages.map((message) => room.mayDelete(message))).toEqual([true, false])
})

test('an edit is on its way until the log has it', async () => {
  const { room, scripted } = await opened()
  scripted.says('me')
  const [message] = room.log.messages
  room.change.begin('edit', message!)
  room.change.write('better')
  await room.change.save()
  expect(room.change.current).toMatchObject({ text: 'better', state: 'saving' })
  const place = { seq: 2, roomId: 'room', id: 'id 1', target: 1, edited: message!.sent }
  scripted.tell('change', { event: 'edited', message: 'better', ...place })
  expect([room.change.current, room.log.messages[0]?.message]).toEqual([undefined, 'better'])
})

test('a text is on its way until its message is there, whichever comes first', async () => {
  const { room, scripted } = await opened()
  const states = (): readonly string[] => room.outgoing.all.map(({ state }) => state)
  room.send('acked first')
  scripted.sends[0]!.resolve({ id: 'a', seq: 1 })
  await eventually('it is stored', () => states()[0] === 'stored')
  scripted.says('me')
  expect(states()).toEqual([])
  room.send('seen first')
  scripted.says('me')
  expect(states()).toEqual(['sending'])
  scripted.sends[1]!.resolve({ id: 'b', seq: 2 })
  await eventually('it is gone', () => states().length === 0)
})

test('a text that fails stays, and can be sent again or discarded', async () => {
  const { room, scripted } = await opened()
  room.send('too long')
  scripted.sends[0]!.reject(new ShareChatError('too_large', 'no'))
  await eventually('it has failed', () => room.outgoing.all[0]?.state === 'failed')
  expect(room.outgoing.all).toMatchObject([{ text: 'too long', code: 'too_large' }])
  room.sendAgain(room.outgoing.all[0]!.key)
  expect(scripted.sends.map(({ text }) => text)).toEqual(['too long', 'too long'])
  expect(room.outgoing.all).toMatchObject([{ state: 'sending' }])
  room.outgoing.discard(room.outgoing.all[0]!.key)
  expect(room.outgoing.all).toEqual([])
})

test('a room that cannot be joined says why, and can be tried again', async () => {
  const scripted = new ScriptedRoom()
  let isFull = true
  const join = async (): Promise<Room> => {
    if (isFull) throw new ShareChatError('full', 'no')
    return scripted
  }
  const { room } = await opened(join)
  expect([room.end, room.state]).toEqual(['full', 'over'])
  isFull = false
  await room.join()
  expect([room.end, room.state]).toEqual([undefined, 'live'])
})

test('a room that ends says why', async () => {
  const { room, scripted } = await opened()
  scripted.end = new ShareChatError('not_found', 'gone')
  scripted.state = 'over'
  scripted.tell('state', 'over')
  await eventually('the reason is known', () => room.end !== undefined)
  expect(room.end).toBe('not_found')
})

test('no connection is told from a server that restarts', async () => {
  const { room, scripted, client } = await opened()
  client.isRestarting = true
  expect(room.state).toBe('live')
  scripted.state = 'offline'
  expect(room.state).toBe('restarting')
  client.isRestarting = false
  expect(room.state).toBe('offline')
})

test('a page of the log that did not come is asked for again when the room is live', async () => {
  const { room, scripted } = await opened()
  const { history } = scripted
  scripted.history = () => Promise.reject(new ShareChatError('unavailable', 'no'))
  scripted.seq = 10
  scripted.tell('reset', 11)
  await room.log.older()
  expect(room.log.hasFailed).toBe(true)
  scripted.history = history
  scripted.tell('state', 'live')
  await eventually('it has come', () => !room.log.hasFailed)
})

test('who comes back too late is somebody else, and what both said is theirs', async () => {
  const { room, scripted } = await opened()
  scripted.says('me')
  scripted.you = { id: 'me too', name: 'Me Too' }
  scripted.tell('you', scripted.you)
  scripted.says('me too')
  scripted.says('you')
  expect(room.isRenamed).toBe(true)
  expect(room.log.messages.map((message) => room.isMine(message))).toEqual([true, true, false])
})

test('a room that was closed before it was joined is left when it is', async () => {
  let settle = (_room: Room): void => {}
  const scripted = new ScriptedRoom()
  const room = new OpenRoom({
    id: 'room',
    client: { join: () => new Promise((resolve) => (settle = resolve)), isRestarting: false },
    requests: storing(scripted),
    tokens: { of: () => undefined, forget: () => {} },
    changed: () => {},
    onUnread: () => {},
    onHeard: () => {},
    onChanged: () => {},
  })
  await room.leave()
  settle(scripted)
  await eventually('it has left', () => scripted.hasLeft)
})

test('who is led to a message is led anew each time, and not to one that is gone', async () => {
  const { room, scripted } = await opened()
  for (let seq = 1; seq <= 3; seq += 1) scripted.says('you')
  await room.seek(2)
  const first = room.sought
  expect(first).toEqual({ seq: 2 })
  await room.seek(2)
  expect(room.sought).toEqual({ seq: 2 })
  expect(room.sought).not.toBe(first)
  scripted.deletes(3)
  await room.seek(3)
  expect(room.sought).toBe(undefined)
})
