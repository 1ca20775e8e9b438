import { expect, onTestFinished, test } from 'vitest'
import type { ShareChatError } from '../../../src/client/error.ts'
import { joined, message, openClient, room, ROOM_ID } from './scripted-node.ts'

const OTHER_ROOM_ID = '0e6a2b7c-52d4-4bb0-9c1f-3a7d5f3b9c11'

/** How long it takes until the next connection is made, up to 100 s. */
const pauseOf = async ({ clock, sockets }: ReturnType<typeof openClient>): Promise<number> => {
  const [begun, count] = [clock.now(), sockets.length]
  while (sockets.length === count && clock.now() - begun < 100_000) await clock.advance(100)
  return clock.now() - begun
}

test.each([0, 0.25, 0.999])(
  'after a lost connection it comes back at once, then within a second, then ever later, random %f',
  async (random) => {
    const opened = openClient({ random: () => random })
    const { clock, last, join, sockets } = opened
    await join()
    await clock.advance(10_000)
    last().end()
    expect(sockets.length).toBe(2)
    for (let failure = 0; failure < 40; failure += 1) {
      const count = sockets.length
      const pause = (1 + random) * 500 * Math.min(30, Math.max(1, failure - 3))
      last().end()
      await clock.advance(pause - 1)
      expect(sockets.length).toBe(count)
      await clock.advance(1)
      expect(sockets.length).toBe(count + 1)
    }
    last().welcome()
    last().tell(room())
    await clock.advance(10_000)
    last().end()
    expect(sockets.length, 'that one was good again').toBe(43)
  },
)

test('who lets in and throws out at once is not asked without end', async () => {
  const opened = openClient()
  const { last, join, client } = opened
  await join()
  const states: string[] = []
  client.on('state', (state) => states.push(state))
  last().end()
  last().welcome()
  for (let round = 0; round < 10; round += 1) {
    last().end()
    expect(client.state).toBe('offline')
    expect(await pauseOf(opened)).toBe(800)
    last().welcome()
  }
  expect(states.slice(0, 5)).toEqual(['connecting', 'live', 'offline', 'connecting', 'live'])
})

test('goaway says when to come back, to the millisecond, whatever the close code; until then it is told', async () => {
  const { last, join, sockets, clock, client } = openClient()
  await join()
  await clock.advance(20_000)
  expect(client.isRestarting).toBe(false)
  last().tell({ event: 'goaway', reconnectAfterMs: 2_817 })
  await clock.advance(17)
  last().end(1012)
  await clock.advance(2_799)
  expect([sockets.length, client.isRestarting]).toEqual([1, true])
  await clock.advance(1)
  expect([sockets.length, client.isRestarting]).toEqual([2, false])
})

test.each([0, 0.25, 0.5, 0.75, 0.999])(
  'another node that takes over within 2.5 s has whoever lost its own within another one, random %f',
  async (random) => {
    for (let takenOverMs = 0; takenOverMs <= 2_500; takenOverMs += 100) {
      const { clock, last, join, sockets, at } = openClient({ random: () => random })
      await join()
      await clock.advance(10_000)
      const lostAt = clock.now()
      last().end()
      while (at.at(-1)! - lostAt < takenOverMs) {
        const count = sockets.length
        last().end()
        while (sockets.length === count) await clock.advance(10)
      }
      // A turn of the loop above more.
      expect(at.at(-1)! - lostAt - takenOverMs).toBeLessThanOrEqual(1_010)
    }
  },
)

test.each([
  [1008, 33_000],
  [1011, 3_000],
  [1012, 3_000],
  [1013, 3_000],
  [1006, 0],
  [1001, 0],
])('closed with %i it comes back in %i ms, if half of the chance is half', async (code, pause) => {
  const opened = openClient()
  const { last, join, clock } = opened
  await join()
  await clock.advance(10_000)
  last().end(code)
  expect(await (opened.sockets.length === 2 ? 0 : pauseOf(opened))).toBe(pause)
})

test.each([
  [4001, 'replaced'],
  [4003, 'removed'],
  [4004, 'not_found'],
])('closed with %i it does not come back, and the room ends as %s', async (code, why) => {
  const { last, join, clock, sockets, client } = openClient()
  const there = await join()
  const reader = there[Symbol.asyncIterator]()
  await reader.next()
  const ended = reader.next()
  const sent = there.send('perhaps')
  last().end(code)
  expect(client.state).toBe('offline')
  expect(there.state).toBe('over')
  await expect(ended).rejects.toMatchObject({ name: 'ShareChatError', code: why })
  await expect(sent).rejects.toMatchObject({ code: 'unknown' })
  await expect(there.send('late')).rejects.toMatchObject({ code: 'not_joined' })
  await clock.advance(100_000)
  expect(sockets.length).toBe(1)
  expect(clock.pending).toBe(0)
})

test('4004 is not the end of a room whose join is under way', async () => {
  const { last, join, client, sockets } = openClient()
  const gone = await join()
  const other = client.join(OTHER_ROOM_ID)
  last().end(4004)
  expect(gone.state).toBe('over')
  expect(sockets.length).toBe(2)
  last().welcome()
  expect(last().take('join')).toEqual([{ command: 'join', roomId: OTHER_ROOM_ID }])
  last().tell(room({ roomId: OTHER_ROOM_ID }))
  expect((await other).id).toBe(OTHER_ROOM_ID)
})

test('4001 does not stop a member that its own lost connection has replaced, but once', async () => {
  const { last, join, clock, sockets } = openClient()
  const there = await join()
  await clock.advance(10_000)
  last().end()
  last().welcome()
  expect(last().take('join')).toEqual([
    { command: 'join', roomId: ROOM_ID, after: 1, resume: 'secret-1' },
  ])
  // Lost before the answer: this resume may still be carried out, after the next one.
  last().end()
  await clock.advance(1_000)
  last().welcome()
  last().tell(room())
  expect(there.state).toBe('live')
  last().end(4001)
  expect(there.state).not.toBe('over')
  await clock.advance(1_000)
  expect(sockets.length).toBe(4)
  last().welcome()
  last().tell(room())
  last().end(4001)
  expect(there.state).toBe('over')
})

test('two with the same resume do not fight: the older one ends', async () => {
  const [old, young] = [openClient(), openClient()]
  const first = await old.join()
  const second = await young.join({ after: 1, resume: first.resume })
  old.last().end(4001)
  await old.clock.advance(200_000)
  expect(old.sockets.length).toBe(1)
  expect([first.state, second.state]).toEqual(['over', 'live'])
})

test('without a room nobody comes back, until somebody joins', async () => {
  const { last, client, clock, sockets } = openClient()
  last().welcome()
  last().end()
  await clock.advance(200_000)
  expect([sockets.length, client.state, clock.pending]).toEqual([1, 'offline', 0])
  const joining = client.join(ROOM_ID)
  expect([sockets.length, client.state]).toEqual([2, 'connecting'])
  last().welcome()
  last().tell(room())
  expect((await joining).state).toBe('catching up')
})

test('a join waits through failures, and gets its room', async () => {
  const opened = openClient()
  const { last, client } = opened
  const joining = client.join(ROOM_ID, { after: 7, resume: 'old-secret' })
  for (let failure = 0; failure < 5; failure += 1) {
    last().end()
    await pauseOf(opened)
  }
  last().welcome()
  const join = { command: 'join', roomId: ROOM_ID, after: 7, resume: 'old-secret' }
  expect(last().take('join')).toEqual([join])
  last().tell(room({ seq: 7, resume: 'old-secret' }))
  expect((await joining).state).toBe('live')
})

test('a node that says nothing is asked after 20 s, and is lost when it does not answer within 10', async () => {
  const { last, join, clock, sockets } = openClient()
  const there = await join()
  await clock.advance(19_999)
  expect(last().probes).toBe(0)
  await clock.advance(1)
  expect(last().probes).toBe(1)
  await clock.advance(9_999)
  last().tell({ event: 'failed', code: 'not_found', message: 'There is no such room.' })
  await clock.advance(20_000)
  expect([sockets.length, last().probes, there.state]).toEqual([1, 2, 'live'])
  const [dead] = sockets
  await clock.advance(10_000)
  expect([sockets.length, there.state]).toEqual([2, 'connecting'])
  // In a browser it could be ended by a close frame only, and that would be a `left`.
  expect(dead?.closedWith).toBeUndefined()
  last().welcome()
  last().tell(room())
  expect(dead?.closedWith).toBe(1000)
  dead?.tell(message(2))
  expect(there.seq).toBe(1)
})

test('a send that nothing answers shows a dead connection within 10 s', async () => {
  const { join, clock, sockets } = openClient()
  const there = await join()
  await clock.advance(5_000)
  void there.send('hello').catch(() => {})
  await clock.advance(9_999)
  expect(sockets.length).toBe(1)
  await clock.advance(1)
  expect(sockets.length).toBe(2)
})

test('what is heard of the node is enough, whoever it is for', async () => {
  const { join, clock, sockets, last } = openClient()
  await join()
  for (let seq = 2; seq < 40; seq += 1) {
    await clock.advance(9_000)
    last().tell(message(seq))
  }
  expect([sockets.length, last().probes]).toEqual([1, 0])
})

test('a handshake that takes 15 s has failed', async () => {
  const { clock, sockets, last, client } = openClient()
  void client.join(ROOM_ID).catch(() => {})
  await clock.advance(15_000)
  expect(sockets[0]?.closedWith).toBeDefined()
  await clock.advance(500)
  expect(sockets.length).toBe(2)
  // Open, but no node behind it.
  last().readyState = 1
  await clock.advance(15_000 + 1_000)
  expect(sockets.length).toBe(3)
})

test('after a sleep of this machine the node is asked before it is given up', async () => {
  const { join, clock, last, sockets } = openClient()
  const there = await join()
  await clock.advance(20_000)
  expect(last().probes).toBe(1)
  clock.pass(3_600_000)
  await clock.advance(0)
  expect([last().probes, sockets.length]).toEqual([2, 1])
  last().tell(message(2))
  expect(there.seq).toBe(2)
  clock.pass(3_600_000)
  await clock.advance(0)
  expect(last().probes).toBe(3)
  await clock.advance(3_000)
  expect(sockets.length).toBe(2)
})

test('a join that is never answered, while others are, gets another connection', async () => {
  const { join, client, clock, last, sockets } = openClient()
  await join()
  void client.join(OTHER_ROOM_ID).catch(() => {})
  for (let seq = 2; seq < 8; seq += 1) {
    await clock.advance(9_000)
    last().tell(message(seq))
  }
  expect(sockets.length).toBe(1)
  await clock.advance(6_000)
  expect(sockets.length).toBe(2)
})

test('what speaks no JSON is no node', async () => {
  const { join, last, sockets, clock } = openClient()
  await join()
  await clock.advance(10_000)
  ;(last().onmessage as (event: { data: unknown }) => void)({ data: '<html>' })
  expect(sockets.length).toBe(2)
})

test('events and fields that are not known are ignored', async () => {
  const { join, last, sockets } = openClient()
  const there = await join()
  last().tell({ event: 'weather', roomId: ROOM_ID } as never, { event: 'weather' } as never)
  last().tell({ ...message(2), colour: 'red' } as never)
  expect([there.seq, sockets.length]).toEqual([2, 1])
})

/** A page, as far as it is looked at. */
const openPage = () => {
  const [page, document] = [new EventTarget(), new EventTarget()]
  const whole = {
    addEventListener: page.addEventListener.bind(page),
    document: Object.assign(document, { visibilityState: 'visible' }),
  }
  Object.assign(globalThis, whole)
  onTestFinished(() => {
    for (const name of Object.keys(whole)) Reflect.deleteProperty(globalThis, name)
  })
  return { page, document: whole.document }
}

test('back online or looked at again, it does not wait for its time', async () => {
  const { page, document } = openPage()
  const { join, last, sockets, clock } = openClient()
  await join()
  await clock.advance(10_000)
  last().end()
  last().end()
  for (let failure = 0; failure < 6; failure += 1) {
    await clock.advance(30_000)
    if (last().readyState !== 2) last().end()
  }
  await clock.advance(1_000)
  const count = sockets.length
  document.visibilityState = 'hidden'
  document.dispatchEvent(new Event('visibilitychange'))
  expect(sockets.length).toBe(count)
  document.visibilityState = 'visible'
  document.dispatchEvent(new Event('visibilitychange'))
  expect(sockets.length).toBe(count + 1)
  // But not more often than once a second.
  last().end()
  for (let flap = 0; flap < 20; flap += 1) page.dispatchEvent(new Event('online'))
  expect(sockets.length).toBe(count + 1)
})

test('when the network changes the node is asked, and lost when it does not answer within 3 s', async () => {
  const { page } = openPage()
  const { join, last, sockets, clock, client } = openClient()
  await join()
  for (let flap = 0; flap < 20; flap += 1) page.dispatchEvent(new Event('offline'))
  expect(last().probes).toBe(1)
  await clock.advance(3_000)
  expect(sockets.length).toBe(2)
  await Promise.race([client.close(), clock.advance(3_000)])
  page.dispatchEvent(new Event('online'))
  expect([sockets.length, clock.pending]).toEqual([2, 0])
})

test('when the network changes 3 s are enough, also for an answer that is waited for already', async () => {
  const { page } = openPage()
  const { join, sockets, clock } = openClient()
  const there = await join()
  void there.send('hello').catch(() => {})
  await clock.advance(1_000)
  for (let flap = 0; flap < 20; flap += 1) page.dispatchEvent(new Event('offline'))
  await clock.advance(3_000)
  expect(sockets.length).toBe(2)
})

test('after 1008 and goaway the time that was told is kept, whatever happens to the page', async () => {
  const { page } = openPage()
  const { join, last, sockets, clock } = openClient()
  await join()
  await clock.advance(10_000)
  last().end(1008)
  await clock.advance(5_000)
  page.dispatchEvent(new Event('online'))
  expect(sockets.length).toBe(1)
})

test('close leaves nothing behind: no timer, no join, no room', async () => {
  const { client, join, clock, last, sockets } = openClient()
  const there = await join()
  const waiting = client.join(OTHER_ROOM_ID)
  const sent = there.send('hello')
  const refused = [waiting, sent].map((promise) =>
    promise.then(
      () => 'done',
      (error: unknown) => (error as ShareChatError).code,
    ),
  )
  const closing = client.close()
  expect(client.close()).toBe(closing)
  expect(last().closedWith).toBe(1000)
  last().end(1000)
  await closing
  expect(await Promise.all(refused)).toEqual(['not_joined', 'unknown'])
  expect([there.state, client.state, clock.pending]).toEqual(['over', 'offline', 0])
  await expect(client.join(ROOM_ID)).rejects.toMatchObject({ code: 'not_joined' })
  await clock.advance(100_000)
  expect(sockets.length).toBe(1)
})

test('close resolves after 3 s when the other end is dead', async () => {
  const { client, join, clock } = openClient()
  await join()
  let isClosed = false
  void client.close().then(() => (isClosed = true))
  await clock.advance(2_999)
  expect(isClosed).toBe(false)
  await clock.advance(1)
  expect([isClosed, clock.pending]).toEqual([true, 0])
})

test('close while a pause is on', async () => {
  const { client, join, last, clock } = openClient()
  await join()
  last().end()
  last().end()
  expect(clock.pending).toBe(1)
  await client.close()
  expect(clock.pending).toBe(0)
})

test('after a reconnect it joins where it was, and its iterator and listener see each message once', async () => {
  const { client, join, last, clock } = openClient()
  const there = await join()
  const [heard, read]: [number[], number[]] = [[], []]
  there.on('message', ({ seq }) => heard.push(seq))
  const reading = (async () => {
    for await (const { seq } of there) read.push(seq)
  })()
  last().tell(message(2), message(3))
  await clock.advance(10_000)
  last().end()
  last().welcome()
  expect(last().take('join')).toEqual([
    { command: 'join', roomId: ROOM_ID, after: 3, resume: 'secret-1' },
  ])
  // Left over from the membership before.
  last().tell(message(4))
  last().tell(room({ seq: 5 }), message(4), message(5), message(6))
  await there.leave()
  await reading
  expect(heard).toEqual([2, 3, 4, 5, 6])
  expect(client.state).toBe('live')
  expect(read).toEqual([1, 2, 3])
})

test('the first message of all is not lost to who listens in the turn of the join', async () => {
  const { client, last, clock } = openClient()
  last().welcome()
  const heard: number[] = []
  const wrapped = async () => (async () => client.join(ROOM_ID))()
  const listening = wrapped().then(async (there) => {
    await Promise.resolve()
    there.on('message', ({ seq }) => heard.push(seq))
  })
  last().tell(room(), joined(1), message(2))
  await listening
  await clock.advance(0)
  expect(heard).toEqual([1, 2])
})
