import { expect, test } from 'vitest'
import type { RoomState } from '../../../src/client/api.ts'
import {
  joined,
  left,
  message,
  openClient,
  OTTER,
  room,
  ROOM_ID,
  WASP,
  without,
} from './scripted-node.ts'

const FOX = { id: '5b0cfe57-1f33-4c1f-8f29-2b1d3f4a5c6d', name: 'Ok Fox' }

test('a join says what is wanted, and gives what was told', async () => {
  const { client, last } = openClient()
  last().welcome()
  const joining = client.join(ROOM_ID, { after: 0 })
  expect(last().take('join')).toEqual([{ command: 'join', roomId: ROOM_ID, after: 0 }])
  last().tell(room({ members: [OTTER, WASP], memberCount: 2, seq: 5 }))
  const { id, name, you, members, memberCount, seq, resume, state } = await joining
  expect({ id, name, you, members, memberCount, seq, resume, state }).toEqual({
    id: ROOM_ID,
    name: 'Imperfect Seat',
    you: OTTER,
    members: [OTTER, WASP],
    memberCount: 2,
    seq: 0,
    resume: 'secret-1',
    state: 'catching up',
  })
})

test.each(['not_found', 'full', 'invalid', 'forbidden', 'internal'] as const)(
  'a join that is refused as %s is not tried again',
  async (code) => {
    const { client, last, clock } = openClient()
    last().welcome()
    const joining = client.join(ROOM_ID)
    last().tell({ event: 'failed', roomId: ROOM_ID, code, message: 'No.' })
    await expect(joining).rejects.toMatchObject({ name: 'ShareChatError', code, message: 'No.' })
    last().take('join')
    await clock.advance(15_000)
    expect(last().take('join')).toEqual([])
    void client.join(ROOM_ID).catch(() => {})
    expect(last().take('join')).toHaveLength(1)
  },
)

test.each(['rate_limited', 'overloaded', 'unavailable', 'draining', 'unknown'] as const)(
  'a join that is refused as %s is tried again after the time that was told, and something',
  async (code) => {
    const { client, last, clock } = openClient()
    last().welcome()
    const joining = client.join(ROOM_ID)
    for (let round = 0; round < 5; round += 1) {
      expect(last().take('join')).toHaveLength(1)
      last().tell({
        event: 'failed',
        roomId: ROOM_ID,
        code,
        message: 'Later.',
        retryAfterMs: 2_000,
      })
      await clock.advance(2_999)
      expect(last().take('join')).toEqual([])
      await clock.advance(1)
    }
    last().tell(room())
    expect((await joining).you).toEqual(OTTER)
  },
)

test('a join of no room, or of one that it is in, asks nobody', async () => {
  const { client, join, last } = openClient()
  await join()
  for (const id of ['', 'x', ROOM_ID.toUpperCase()]) {
    await expect(client.join(id)).rejects.toMatchObject({ code: 'not_found' })
  }
  await expect(client.join(ROOM_ID)).rejects.toMatchObject({ code: 'invalid' })
  expect(last().commands).toEqual([])
})

test('states tell what is known: connecting, catching up, live, offline, over', async () => {
  const { client, last, clock } = openClient()
  last().welcome()
  const joining = client.join(ROOM_ID, { after: 0 })
  last().tell(room({ seq: 3 }))
  const there = await joining
  await clock.advance(0)
  const states: RoomState[] = [there.state]
  there.on('state', (state) => {
    expect(there.state).toBe(state)
    states.push(state)
  })
  last().tell(message(1), message(2))
  expect(there.state).toBe('catching up')
  last().tell(joined(3), message(4))
  await clock.advance(10_000)
  last().end()
  last().end()
  await clock.advance(1_000)
  last().welcome()
  last().tell(room({ seq: 6 }), message(5), message(6))
  last().end(1012)
  await clock.advance(3_000)
  last().welcome()
  last().tell(room({ seq: 6 }))
  await there.leave()
  expect(states.join(', ')).toBe(
    'catching up, live, connecting, offline, connecting, catching up, live, offline, connecting, live, over',
  )
})

test('members are those of the room, and who joined and left since; replays change nothing', async () => {
  const { client, last, clock } = openClient()
  last().welcome()
  const joining = client.join(ROOM_ID, { after: 0 })
  last().tell(room({ members: [OTTER, WASP], memberCount: 250, seq: 4 }))
  const there = await joining
  await clock.advance(0)
  const told: number[] = []
  there.on('members', (members) => {
    expect(members).toEqual(there.members)
    told.push(there.memberCount)
  })
  last().tell(joined(1, FOX), left(2, FOX), joined(3, WASP), joined(4))
  expect([there.members, told]).toEqual([[OTTER, WASP], []])
  last().tell(joined(5, FOX), left(6, WASP), message(7))
  expect([there.members, told]).toEqual([
    [OTTER, FOX],
    [251, 250],
  ])
  // One that was not among the 200 listed.
  last().tell(left(8, { id: '00000000-0000-4000-8000-000000000000', name: 'Ada' }))
  expect([there.members, there.memberCount]).toEqual([[OTTER, FOX], 249])
  last().end()
  await clock.advance(1_000)
  last().welcome()
  last().tell(room({ members: [OTTER], memberCount: 1, seq: 9 }))
  expect([there.members, there.memberCount, told.at(-1)]).toEqual([[OTTER], 1, 1])
  last().tell(left(9, FOX))
  expect(there.memberCount).toBe(1)
})

test('who comes back too late is told whom it is now', async () => {
  const { join, last } = openClient()
  const there = await join()
  const names: string[] = []
  there.on('you', ({ name }) => names.push(name))
  last().end()
  last().welcome()
  last().tell(room({ seq: 3, you: FOX, resume: 'secret-2' }), left(2, OTTER), joined(3, FOX))
  expect([names, there.you, there.resume, there.state]).toEqual([
    ['Ok Fox'],
    FOX,
    'secret-2',
    'live',
  ])
})

test('a reset tells that what is held is void, and the log begins anew', async () => {
  const { join, last, clock } = openClient()
  const there = await join()
  const told: unknown[] = []
  there.on('reset', (from) => told.push(`reset ${from}`))
  there.on('message', ({ seq }) => told.push(seq))
  last().tell(message(2), message(3), message(4))
  last().end()
  last().welcome()
  last().take('join')
  last().tell(room({ seq: 2, you: FOX }))
  expect(there.state).toBe('catching up')
  last().tell({ event: 'reset', roomId: ROOM_ID, from: 1 }, message(1), joined(2, FOX))
  expect([told, there.seq, there.state]).toEqual([[2, 3, 4, 'reset 1', 1, 2], 2, 'live'])
  last().end()
  await clock.advance(1_000)
  last().welcome()
  expect(last().take('join')).toMatchObject([{ after: 2 }])
})

test('a hole in the log is never passed over: what is missing is asked for again', async () => {
  const { join, last, sockets, clock } = openClient()
  const there = await join()
  const heard: number[] = []
  there.on('message', ({ seq }) => heard.push(seq))
  last().tell(message(2), message(4), message(5))
  expect(sockets.length).toBe(2)
  last().welcome()
  expect(last().take('join')).toMatchObject([{ after: 2 }])
  last().tell(room({ seq: 5 }), message(3), message(3), message(4), message(5))
  await clock.advance(0)
  expect(heard).toEqual([2, 3, 4, 5])
})

test('leave is told once, and what comes of the old membership after it is ignored', async () => {
  const { join, last, client, clock } = openClient()
  const there = await join()
  const heard: number[] = []
  there.on('message', ({ seq }) => heard.push(seq))
  await there.leave()
  await there.leave()
  expect(last().take('leave')).toEqual([{ command: 'leave', roomId: ROOM_ID }])
  const again = client.join(ROOM_ID, { after: 1 })
  last().tell(message(2))
  last().tell(room({ seq: 4, you: FOX, resume: 'secret-2' }), message(2))
  expect([(await again).you, there.you]).toEqual([FOX, OTTER])
  await clock.advance(0)
  expect([heard, (await again).seq, there.seq, there.state]).toEqual([[], 2, 1, 'over'])
})

test('who leaves without a connection does not come back', async () => {
  const { join, last, sockets, clock } = openClient()
  const there = await join()
  last().end()
  await there.leave()
  last().welcome()
  expect(last().commands).toEqual([])
  last().end()
  await clock.advance(100_000)
  expect(sockets.length).toBe(2)
})

test('a room that is joined because of a state is joined once, and one that is left is not', async () => {
  const { client, join, last, clock } = openClient()
  const there = await join()
  last().end()
  last().end()
  const ids = [crypto.randomUUID(), crypto.randomUUID()]
  client.on('state', (state) => {
    if (state === 'live') void client.join(ids[0]!).catch(() => {})
  })
  there.on('state', () => {
    void client.join(ids[1]!).catch(() => {})
  })
  await clock.advance(1_000)
  void client.join(crypto.randomUUID()).catch(() => {})
  const off = there.on('state', () => void there.leave())
  last().welcome()
  off()
  const rooms = last()
    .take('join')
    .map(({ roomId }) => roomId)
  expect(rooms.length).toBe(new Set(rooms).size)
  expect(rooms).toEqual(expect.arrayContaining(ids))
})

test('an answer to a leave of before is none to the join', async () => {
  const { client, join, last } = openClient()
  const there = await join()
  await there.leave()
  const again = client.join(ROOM_ID)
  last().tell({
    event: 'failed',
    roomId: ROOM_ID,
    code: 'not_joined',
    message: 'You are not in it.',
  })
  last().tell(room())
  expect((await again).state).toBe('catching up')
})

test('a room that is gone ends, the others go on', async () => {
  const { join, last, client } = openClient()
  const there = await join()
  const id = '0e6a2b7c-52d4-4bb0-9c1f-3a7d5f3b9c11'
  const joining = client.join(id)
  last().tell(room({ roomId: id }))
  const other = await joining
  last().tell({ event: 'failed', roomId: ROOM_ID, code: 'not_found', message: 'The room is gone.' })
  expect([there.state, other.state]).toEqual(['over', 'catching up'])
})

test('a refusal of what was mentioned is not the end of the room', async () => {
  const { join, last } = openClient()
  const there = await join()
  for (const code of ['rate_limited', 'invalid', 'internal'] as const) {
    last().tell({ event: 'failed', roomId: ROOM_ID, code, message: 'No.' })
  }
  expect(there.state).toBe('live')
})

test('after a reconnect a bug of one node is not the end, a full room is', async () => {
  const { join, last, clock } = openClient()
  const there = await join()
  last().end()
  last().welcome()
  last().take('join')
  last().tell({ event: 'failed', roomId: ROOM_ID, code: 'internal', message: 'A bug.' })
  await clock.advance(3_000)
  expect(last().take('join')).toHaveLength(1)
  last().tell({ event: 'failed', roomId: ROOM_ID, code: 'full', message: 'Full.' })
  expect(there.state).toBe('over')
})

test('typing is told every two seconds at most, and of others at once', async () => {
  const { join, last, clock } = openClient()
  const there = await join()
  const typing: string[] = []
  there.on('typing', ({ name }) => typing.push(name))
  for (let key = 0; key < 50; key += 1) {
    there.typing()
    await clock.advance(100)
  }
  expect(last().take('typing')).toHaveLength(3)
  last().tell({ event: 'typing', roomId: ROOM_ID, memberId: WASP.id, memberName: WASP.name })
  expect(typing).toEqual(['Modest Wasp'])
  last().end()
  there.typing()
})

test('joins keep to the rate of a connection, and typing goes without', async () => {
  const { client, last, clock } = openClient()
  last().welcome({
    maxMessageBytes: 16_384,
    maxRooms: 50,
    resumeMs: 30_000,
    messageRate: { perSecond: 10, burst: 10 },
    messageBytesRate: { perSecond: 1e6, burst: 1e6 },
  })
  const ids = Array.from({ length: 30 }, () => crypto.randomUUID())
  for (const id of ids) void client.join(id).catch(() => {})
  expect(last().take('join')).toHaveLength(9)
  for (let second = 0; second < 3; second += 1) {
    await clock.advance(1_000)
    expect(last().take('join').length).toBeLessThan(10)
  }
})

test('a listener that throws stops neither the others nor the room; off takes it off', async () => {
  const { join, last } = openClient()
  const there = await join()
  const thrown: unknown[] = []
  const heard: number[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', (error) => thrown.push(error))
  const off = there.on('message', () => {
    throw new Error('not mine')
  })
  there.on('message', ({ seq }) => heard.push(seq))
  last().tell(message(2))
  await new Promise((resolve) => setImmediate(resolve))
  for (const listener of listeners) process.on('uncaughtException', listener)
  off()
  last().tell(message(3))
  expect([thrown.map(String), heard]).toEqual([['Error: not mine'], [2, 3]])
})

test('a message has what the log has, and nothing of the wire', async () => {
  const { join, last } = openClient()
  const there = await join()
  const heard: unknown[] = []
  there.on('message', (each) => heard.push(each))
  const event = message(2)
  last().tell(event)
  expect(heard).toEqual([without(event)])
})
