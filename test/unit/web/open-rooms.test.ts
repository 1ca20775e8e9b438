import { expect, test } from 'vitest'
import type { Client, Room } from '../../../src/client/client.ts'
import { OpenRooms } from '../../../web/src/open-rooms.ts'
import { eventually } from '../../eventually.ts'
import { INFO, ScriptedRoom } from './scripted-room.ts'

const ONE = 'd4d211a2-d09f-4e19-8822-8aeddcb0fdd8'
const OTHER = '0e6a2b7c-52d4-4bb0-9c1f-3a7d5f3b9c11'
const linkOf = (id: string): string => `http://chat.example/#${id}`

const opened = () => {
  const scripted = new Map<string, ScriptedRoom>()
  const told = { connects: 0, unread: [] as string[], heard: 0, tokens: [] as string[][] }
  const client: Client = {
    state: 'live',
    isRestarting: false,
    createRoom: () => Promise.reject(new Error('not asked')),
    join: async (id): Promise<Room> => {
      const room = new ScriptedRoom(id)
      scripted.set(id, room)
      return room
    },
    on: () => () => {},
    close: async () => {},
  }
  const rooms = new OpenRooms({
    connect: () => {
      told.connects += 1
      return client
    },
    requests: {
      createRoom: async ({ owner }) => ({ roomId: ONE, ...(owner && { ownerToken: 'secret' }) }),
      takeCode: async () => ({ roomId: OTHER }),
      edit: async () => ({ seq: 1 }),
      delete: async () => undefined,
      createCode: async () => ({ code: '493027', expiresAt: '2026-01-01T00:00:00.000Z' }),
      search: async () => ({ items: [], hasMore: false }),
      listRooms: async () => ({ items: [], hasMore: false }),
      roomInfo: async () => INFO,
      changeRoom: async () => INFO,
      endRoom: async () => undefined,
      removeMember: async () => undefined,
    },
    tokens: {
      keep: (...kept) => void told.tokens.push(kept),
      of: () => undefined,
      forget: () => {},
    },
    changed: () => {},
    onUnread: ({ id }) => told.unread.push(id),
    onHeard: () => (told.heard += 1),
    onChanged: () => {},
  })
  const joined = async (): Promise<unknown> =>
    eventually('all are joined', () => rooms.all.every(({ hasJoined }) => hasJoined))
  return { rooms, scripted, told, joined }
}

test('nothing is connected before there is a room, and then once for all of them', async () => {
  const { rooms, told } = opened()
  rooms.show('http://chat.example/')
  expect([told.connects, rooms.shown]).toEqual([0, undefined])
  expect(await rooms.create()).toBe(ONE)
  rooms.show(linkOf(ONE))
  rooms.show(linkOf(OTHER))
  rooms.show(linkOf(ONE))
  expect([told.connects, rooms.shown?.id]).toEqual([1, ONE])
  expect(rooms.all.map(({ id }) => id)).toEqual([ONE, OTHER])
})

test('only who wants to be the owner of a room gets and keeps its token; a code leads to a room', async () => {
  const { rooms, told } = opened()
  await rooms.create({ topic: 'Tea' })
  expect(told.tokens).toEqual([])
  await rooms.create({ owner: true })
  expect(told.tokens).toEqual([[ONE, 'secret']])
  expect(await rooms.takeCode('493027')).toBe(OTHER)
})

test('what is said in the room on the screen is read, elsewhere unread, and so is all while nobody sees the page', async () => {
  const { rooms, scripted, told, joined } = opened()
  rooms.show(linkOf(ONE))
  rooms.open(OTHER)
  await joined()
  scripted.get(ONE)?.says('someone')
  scripted.get(OTHER)?.says('someone')
  expect([rooms.unread, told.unread, told.heard]).toEqual([1, [OTHER], 1])
  rooms.look(false)
  scripted.get(ONE)?.says('someone')
  expect([rooms.unread, told.unread, told.heard]).toEqual([2, [OTHER, ONE], 1])
  rooms.look(true)
  expect(rooms.unread).toBe(1)
  rooms.show(linkOf(OTHER))
  expect(rooms.unread).toBe(0)
})

test('a room that is closed is left, and is not shown any more', async () => {
  const { rooms, scripted, joined } = opened()
  rooms.show(linkOf(ONE))
  await joined()
  rooms.close(rooms.open(ONE))
  expect([rooms.all, rooms.shown, scripted.get(ONE)?.hasLeft]).toEqual([[], undefined, true])
})
