import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from './deadline.ts'
import { call, createRoom, history, walk } from './http.ts'
import { Member } from './member.ts'
import { clusterSettings, inBothModesAtAnyRate, startCluster, startNodes } from './modes.ts'
import { ServerNode } from './server-node.ts'

const TEXTS = ['The quick fox', 'QUÍCK!', 'nothing here', 'a quick_one 100%', 'quic', "' OR 1=1 --"]

interface Listed {
  readonly roomId: string
  readonly roomName: string
  readonly topic: string
  readonly memberCount: number
}

inBothModesAtAnyRate('finding', (nodes) => {
  test('a search finds chats by all their words, with cursors and links like those of history', async () => {
    const roomId = await createRoom(nodes.a)
    const member = await Member.join(nodes.a, roomId)
    for (const text of [...TEXTS, ...TEXTS]) member.say(text)
    await member.hasChats(2 * TEXTS.length)
    const found = async (query: string) =>
      (await history(nodes.b, roomId, `?search=${query}`)).messages.map(({ message }) => message)
    const once = TEXTS.slice(0, 2).concat(TEXTS[3]!)
    expect(await found('quick')).toEqual([...once, ...once])
    expect(await found('QUI%20fo')).toEqual([TEXTS[0], TEXTS[0]])
    expect(await found('quick%20one%20100%25')).toEqual([TEXTS[3], TEXTS[3]])
    expect(await found("1%3D1%20'%20or")).toEqual([TEXTS[5], TEXTS[5]])
    for (const none of ['uick', 'joined', '%25', '*', '%26%20%7C%20!%20(', 'quick%20nothing'])
      expect(await found(none)).toEqual([])

    const all = (await history(nodes.a, roomId, '?search=quick')).elements
    const whole = (await history(nodes.a, roomId)).elements
    expect(whole).toEqual(expect.arrayContaining([...all]))
    const last = await history(nodes.b, roomId, '?search=quick&limit=4')
    const { back, forth } = await walk(last, [nodes.a, nodes.b])
    expect(back.map((elements) => elements.length)).toEqual([2, 4])
    expect(back.flat()).toEqual(all)
    expect(forth.flat()).toEqual(all)
  })

  test('an export is what a plain member of the room has seen, line by line', async () => {
    const roomId = await createRoom(nodes.a)
    expect((await call(nodes.b, 'GET', `/api/room/${roomId}/export`)).text).toBe('')
    const member = await Member.join(nodes.a, roomId)
    for (let at = 0; at < 1_100; at += 1) member.say(`line\n${at} \u2028`)
    await member.hasChats(1_100)
    for (const node of nodes.each) {
      const answer = await call(node, 'GET', `/api/room/${roomId}/export`)
      expect(answer.headers['content-type']).toMatch(/^application\/x-ndjson\b/)
      expect(answer.text).toBe(member.frames.map(({ text }) => text).join(''))
    }
  })

  test('the directory lists public rooms page by page, and no others', async () => {
    const secret = await createRoom(nodes.a)
    const made: Listed[] = []
    for (let at = 0; at < 5; at += 1) {
      const topic = `topic ${at}`
      const body = JSON.stringify({ public: true, topic })
      const { text } = await call(nodes.a, 'POST', '/api/room', { body })
      made.push({ ...(JSON.parse(text) as Listed), topic, memberCount: at === 0 ? 1 : 0 })
    }
    await Member.join(nodes.a, made[0]!.roomId)
    await Member.join(nodes.a, secret)
    const expected = made.toSorted((a, b) => (a.roomId < b.roomId ? -1 : 1))
    for (const limit of [2, 5, 100]) {
      const rooms: Listed[] = []
      let path: string | undefined = `/api/rooms?limit=${limit}`
      while (path !== undefined) {
        const answer = await call(nodes.b, 'GET', path)
        const some = JSON.parse(answer.text) as Listed[]
        expect(some.length).toBeLessThanOrEqual(limit)
        rooms.push(...some)
        path = /<([^>]*)>; rel="next"/.exec(String(answer.headers['link'] ?? ''))?.[1]
      }
      expect(rooms).toEqual(expected)
    }
  })
})

test.each(['embedded', 'cluster'] as const)(
  'nothing of an expired room can be found, %s',
  async (mode) => {
    const nodes = await startNodes(mode, { ROOM_TTL_MS: '1000', RATE_LIMIT: 'off' })
    const { text } = await call(nodes.a, 'POST', '/api/room', { body: '{"public":true}' })
    const { roomId } = JSON.parse(text) as Listed
    const member = await Member.join(nodes.a, roomId)
    await member.exchange('to be forgotten')
    const made = await call(nodes.a, 'POST', `/api/room/${roomId}/codes`)
    const { code } = JSON.parse(made.text) as { code: string }
    await member.close(1000)
    const statuses = async (): Promise<readonly number[]> => {
      const paths = ['info', 'export', 'messages?search=forgotten', 'messages?search=!', 'messages']
      const answers = [call(nodes.b, 'POST', `/api/room/${roomId}/codes`)]
      for (const path of paths) answers.push(call(nodes.b, 'GET', `/api/room/${roomId}/${path}`))
      return (await Promise.all(answers)).map(({ status }) => status)
    }
    await eventually('the end of the room', statuses, (all) =>
      all.every((status) => status === 404),
    )
    expect((await call(nodes.a, 'GET', `/api/codes/${code}`)).status).toBe(404)
    expect((await call(nodes.b, 'GET', '/api/rooms')).text).toBe('[]')
  },
)

test('rooms of a file are there once, over nodes and restarts, unused or not, and a faulty file ends the start with 2', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rooms-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'rooms.json')
  const write = (rooms: unknown): Promise<void> => writeFile(file, JSON.stringify(rooms))
  await write([{ name: 'Lobby', topic: 'Come in' }, { name: 'Hälp desk' }])
  const settings = {
    ...(await clusterSettings()),
    ROOMS_FILE: file,
    ROOM_TTL_MS: '100',
    UNUSED_ROOM_TTL_MS: '100',
  }
  const list = async (node: ServerNode): Promise<readonly Listed[]> =>
    JSON.parse((await call(node, 'GET', '/api/rooms')).text) as Listed[]
  const [a, b] = await startCluster(2, settings)
  const rooms = await list(a!)
  expect(rooms.map(({ roomName, topic }) => `${roomName}: ${topic}`).toSorted()).toEqual([
    'Hälp desk: ',
    'Lobby: Come in',
  ])
  const lobby = rooms.find(({ roomName }) => roomName === 'Lobby')!
  const member = await Member.join(b!, lobby.roomId)
  await member.exchange('said in the lobby')
  await member.close(1000)
  const doomed = await createRoom(a!)
  await eventually(
    'the end of a room of the same age',
    () => call(a!, 'GET', `/api/room/${doomed}`),
    ({ status }) => status === 404,
  )
  expect(await list(b!)).toEqual(rooms)

  await write([{ name: 'Lobby', topic: 'New topic' }])
  const [c] = await startCluster(1, settings)
  // In the same order: by their ids, which are the same.
  expect(await list(c!)).toEqual(
    rooms.map((room) => (room === lobby ? { ...room, topic: 'New topic' } : room)),
  )
  const { messages } = await history(c!, lobby.roomId)
  expect(messages.some(({ message }) => message === 'said in the lobby')).toBe(true)

  await write([{ name: 'Lobby' }, { name: 'Lobby' }, { name: 'a\nb' }, { title: 'x' }, 7])
  const faulty = new ServerNode(settings)
  expect(await faulty.exit()).toMatchObject({ code: 2 })
  expect(faulty.stderr.match(/^- ROOMS_FILE: room [2345] .*\.$/gm)).toHaveLength(4)
  expect(faulty.stderr).not.toContain('Lobby')
})
