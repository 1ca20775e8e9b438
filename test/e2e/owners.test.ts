import { expect, test } from 'vitest'
import {
  call,
  createOwnedRoom,
  createRoom,
  expectError,
  history,
  type Listening,
  roomState,
  UPGRADE_HEADERS,
  upgrade,
  withSecret,
} from './http.ts'
import { JsonConnection } from './json-connection.ts'
import { Member } from './member.ts'
import { inBothModesAtAnyRate } from './modes.ts'

const infoOf = async (node: Listening, roomId: string): Promise<Record<string, unknown>> => {
  const { text } = await call(node, 'GET', `/api/room/${roomId}/info`)
  return JSON.parse(text) as Record<string, unknown>
}

inBothModesAtAnyRate('owners', (nodes) => {
  test('the owner alone changes a room, on any node; JSON members hear of it, plain ones do not', async () => {
    const { roomId, ownerToken } = await createOwnedRoom(nodes.a, { topic: 'Seats' })
    const path = `/api/room/${roomId}`
    const plain = await Member.join(nodes.b, roomId)
    const json = await JsonConnection.join(nodes.b, roomId)
    expect(json.room).toMatchObject({ topic: 'Seats', seq: 2 })
    const settings = { capacity: 5, slowMode: 0, public: true, locked: false }
    const changes = { name: 'Other Seat', ...settings }
    const changed = await withSecret(nodes.a, 'PATCH', path, ownerToken, changes)
    expect(JSON.parse(changed.text)).toMatchObject({ roomName: 'Other Seat', ...settings })
    expect(await json.next('settings')).toEqual({
      ...{ event: 'settings', seq: 3, roomId, roomName: 'Other Seat', topic: 'Seats' },
      ...settings,
    })
    expect(await infoOf(nodes.b, roomId)).toMatchObject({ messageCount: 2, memberCount: 2 })
    await plain.exchange('nothing came')
    expect(plain.frames.map(({ message }) => message.type)).toEqual(['joined', 'joined', 'chat'])

    const refusals = [
      await call(nodes.b, 'PATCH', path, { body: '{"name":"Bad Seat"}' }),
      await withSecret(nodes.b, 'PATCH', path, 'x'.repeat(32), { name: 'Bad Seat' }),
      await withSecret(nodes.b, 'PATCH', path, json.room.resume, { name: 'Bad Seat' }),
      await withSecret(nodes.b, 'DELETE', path, `${ownerToken}0`),
      await withSecret(nodes.b, 'DELETE', `${path}/members/${plain.id}`, ownerToken.slice(1)),
      await withSecret(nodes.b, 'DELETE', `${path}/messages/${plain.joined.id}`, 'wrong'),
      await withSecret(nodes.b, 'PUT', `${path}/messages/${plain.joined.id}`, ownerToken, {
        message: 'x',
      }),
    ]
    for (const refusal of refusals) {
      expectError(refusal, 403, 'forbidden')
      expect(refusal.text).toBe(refusals[0]!.text)
    }
    const orphan = await createRoom(nodes.a)
    expectError(
      await withSecret(nodes.a, 'DELETE', `/api/room/${orphan}`, ownerToken),
      403,
      'forbidden',
    )
    expect((await roomState(nodes.b, roomId)).roomName).toBe('Other Seat')
  })

  test('a room with a capacity takes so many of any number at once, on both nodes; a leave frees a place', async () => {
    const { roomId } = await createOwnedRoom(nodes.a, { capacity: 2 })
    const tries = Array.from({ length: 50 }, async (_, at) => {
      const node = at % 2 ? nodes.a : nodes.b
      return at % 5 ? plainTry(node, roomId) : jsonTry(node, roomId)
    })
    const inside = (await Promise.all(tries)).filter((one) => one !== 'full')
    expect(inside).toHaveLength(2)
    expect((await roomState(nodes.b, roomId)).members).toHaveLength(2)
    expectError(await upgrade(nodes.b, `/api/serve/${roomId}`), 409, 'full')
    await inside[0]!.close(1000)
    await Member.join(nodes.b, roomId)
    expectError(await upgrade(nodes.a, `/api/serve/${roomId}`), 409, 'full')
  })

  test('a locked room takes nobody in, in either dialect; who is there stays and comes back', async () => {
    const { roomId, ownerToken } = await createOwnedRoom(nodes.a)
    const json = await JsonConnection.join(nodes.a, roomId)
    await withSecret(nodes.b, 'PATCH', `/api/room/${roomId}`, ownerToken, { locked: true })
    await json.next('settings')
    expectError(await upgrade(nodes.a, `/api/serve/${roomId}`), 403, 'forbidden')
    const late = await JsonConnection.open(nodes.b)
    late.say({ command: 'join', roomId })
    expect(await late.next('failed')).toMatchObject({ roomId, code: 'forbidden' })
    json.terminate()
    const wish = { after: 2, resume: json.room.resume }
    const again = await JsonConnection.join(nodes.b, roomId, wish)
    expect(again.room).toMatchObject({ you: json.room.you, locked: true })
    again.send(roomId, 'r', 'still here')
    await again.next('ack')
  })

  test('with slow mode a member waits between two texts, and is told for how long', async () => {
    const { roomId, ownerToken } = await createOwnedRoom(nodes.a)
    const plain = await Member.join(nodes.b, roomId)
    const json = await JsonConnection.join(nodes.a, roomId)
    await withSecret(nodes.b, 'PATCH', `/api/room/${roomId}`, ownerToken, { slowMode: 60 })
    await json.next('settings')
    await plain.exchange('one')
    plain.say('two')
    const { message } = await plain.until('a refusal', ({ type }) => type === 'failed')
    expect(message.message).toMatch(/^Not sent: you are sending too fast, wait a little\. "two"$/)
    json.send(roomId, 'r-1', 'three')
    await json.next('ack')
    json.send(roomId, 'r-2', 'four')
    const failed = await json.next('failed')
    expect(failed).toMatchObject({ ref: 'r-2', code: 'rate_limited' })
    expect(failed.retryAfterMs).toBeGreaterThan(50_000)
    json.send(roomId, 'r-1', 'three')
    await json.next('ack')
  })

  test('a removed member is closed with 4003 on whatever node, and its address is kept out of this room', async () => {
    const { roomId, ownerToken } = await createOwnedRoom(nodes.a)
    const watching = await JsonConnection.join(nodes.a, roomId)
    const other = await createRoom(nodes.a)
    const bad = await JsonConnection.open(nodes.b, '127.0.0.9')
    const you = (await bad.join(roomId)).you
    const plain = await Member.join(nodes.b, roomId)
    const member = (id: string) => `/api/room/${roomId}/members/${id}`
    const removed = await withSecret(nodes.a, 'DELETE', member(you.id), ownerToken)
    expect(removed).toMatchObject({ status: 204, text: '' })
    expect((await bad.closed()).code).toBe(4003)
    await watching.next('message', ({ type, memberId }) => type === 'left' && memberId === you.id)
    expectError(await withSecret(nodes.b, 'DELETE', member(you.id), ownerToken), 404, 'not_found')
    for (const node of [nodes.a, nodes.b]) {
      const again = await JsonConnection.open(node, '127.0.0.9')
      again.say({ command: 'join', roomId, resume: watching.room.resume.slice(1) })
      expect(await again.next('failed')).toMatchObject({ roomId, code: 'forbidden' })
      expect((await again.join(other)).roomId).toBe(other)
      const from = '127.0.0.9'
      const refused = await call(node, 'GET', `/api/serve/${roomId}`, {
        headers: UPGRADE_HEADERS,
        from,
      })
      expectError(refused, 403, 'forbidden')
    }
    await Member.join(nodes.b, roomId)
    // Of several rooms on a connection only this one is over.
    const two = await JsonConnection.join(nodes.b, roomId)
    await two.join(other)
    await withSecret(nodes.a, 'DELETE', member(two.room.you.id), ownerToken)
    expect(await two.next('failed')).toMatchObject({ roomId, code: 'forbidden' })
    two.send(other, 'r', 'still here')
    await two.next('ack')
    await withSecret(nodes.a, 'DELETE', member(plain.id), ownerToken)
    expect((await plain.closed()).code).toBe(4003)
    const { members } = await roomState(nodes.b, roomId)
    expect(members.map(({ id }) => id)).not.toContain(plain.id)
  })

  test('a dismissed room closes everyone with 4004, and nothing of it is read again', async () => {
    const { roomId, ownerToken } = await createOwnedRoom(nodes.a)
    const members = await Member.joinInTurn([nodes.a, nodes.b], roomId, 4)
    const json = await JsonConnection.join(nodes.b, roomId)
    await members[0]!.exchange('a private remark')
    const { id } = (await members[1]!.untilChat('a private remark')).message
    const gone = await withSecret(nodes.b, 'DELETE', `/api/room/${roomId}`, ownerToken)
    expect(gone).toMatchObject({ status: 204, text: '' })
    for (const node of [nodes.a, nodes.b]) {
      for (const path of ['', '/info', '/messages', '/messages?limit=1', '/messages/3']) {
        const answer = await call(node, 'GET', `/api/room/${roomId}${path}`)
        expectError(answer, 404, 'not_found')
      }
      expectError(await upgrade(node, `/api/serve/${roomId}`), 404, 'not_found')
      const path = `/api/room/${roomId}`
      expectError(await withSecret(node, 'DELETE', path, ownerToken), 404, 'not_found')
      expectError(
        await withSecret(node, 'DELETE', `${path}/messages/${id}`, ownerToken),
        404,
        'not_found',
      )
      const back = await JsonConnection.open(node)
      back.say({ command: 'join', roomId, resume: json.room.resume })
      expect(await back.next('failed')).toMatchObject({ roomId, code: 'not_found' })
    }
    for (const member of [...members, json]) expect((await member.closed()).code).toBe(4004)
  })

  test('the owner deletes any message; its text is nowhere then', async () => {
    const { roomId, ownerToken } = await createOwnedRoom(nodes.a)
    const plain = await Member.join(nodes.b, roomId)
    const json = await JsonConnection.join(nodes.b, roomId)
    await plain.exchange('a private remark')
    const { id } = await json.untilChat('a private remark')
    const path = `/api/room/${roomId}/messages/${id}`
    expect((await withSecret(nodes.a, 'DELETE', path, ownerToken)).status).toBe(204)
    expect((await withSecret(nodes.b, 'DELETE', path, ownerToken)).status).toBe(204)
    expect(await json.next('deleted')).toMatchObject({ id, target: 3, seq: 4 })
    expect((await history(nodes.b, roomId)).elements.join()).not.toContain('private')
    await plain.exchange('nothing came')
    expect(plain.frames.map(({ message }) => message.type)).toEqual([
      ...['joined', 'joined', 'chat', 'chat'],
    ])
  })
})

const plainTry = async (node: Listening, roomId: string): Promise<Member | 'full'> => {
  const member = new Member(node, roomId)
  const first = await Promise.race([member.next(), member.closed()]).catch(() => 'full' as const)
  return typeof first === 'object' && 'message' in first ? member : 'full'
}

const jsonTry = async (node: Listening, roomId: string): Promise<JsonConnection | 'full'> => {
  const connection = await JsonConnection.open(node)
  connection.say({ command: 'join', roomId })
  const answer = await connection.any()
  if (answer.event === 'failed') expect(answer.code).toBe('full')
  return answer.event === 'room' ? connection : 'full'
}
