import { describe, expect, test } from 'vitest'
import postgres from 'postgres'
import { createRoom, history, roomState } from './http.ts'
import { JsonConnection } from './json-connection.ts'
import { Member } from './member.ts'
import { startNodes } from './modes.ts'

const SHORT = { LEASE_MS: '2000', RESUME_MS: '2000', RATE_LIMIT: 'off' }

describe('JSON members under faults', () => {
  test('kill -9: who resumes on the other node stays, without a left or joined; who does not has one left', async () => {
    const { a, b } = await startNodes('cluster', SHORT)
    const roomId = await createRoom(a)
    const watching = await Member.join(b, roomId)
    const json = await JsonConnection.join(a, roomId)
    const away = await JsonConnection.join(a, roomId)
    const plain = await Member.join(a, roomId)
    const { you, seq, resume } = json.room
    json.send(roomId, 'before', 'said before')
    await json.next('ack')
    json.send(roomId, 'lost', 'perhaps said')
    a.kill('SIGKILL')
    await json.closed()
    await watching.exchange('while it was gone')
    const last = json.messagesOf(roomId).at(-1)?.seq ?? seq
    const again = await JsonConnection.join(b, roomId, { after: last, resume })
    expect(again.room.you).toEqual(you)
    again.send(roomId, 'lost', 'perhaps said')
    const ack = await again.next('ack')
    await again.has('its message', () => again.messagesOf(roomId).some(({ id }) => id === ack.id))

    const plainLeft = await watching.untilLeft(plain.id)
    const awayLeft = await watching.untilLeft(away.room.you.id)
    expect(awayLeft.at - plainLeft.at).toBeGreaterThan(1_500)
    await watching.settle()
    const { messages } = await history(b, roomId)
    const told = (id: string) =>
      messages
        .filter(({ memberId }) => memberId === id)
        .map(({ type, message }) => (type === 'chat' ? message : type))
    expect(told(you.id)).toEqual(['joined', 'said before', 'perhaps said'])
    expect(told(away.room.you.id)).toEqual(['joined', 'left'])
    const got = [...json.messagesOf(roomId), ...again.messagesOf(roomId)]
    expect(got.map((message) => message.seq)).toEqual(got.map((_, at) => seq + at))
    expect(again.isOpen).toBe(true)
    const wish = { after: 0, resume: away.room.resume }
    const late = await JsonConnection.join(b, roomId, wish)
    expect(late.room.you.id).not.toBe(away.room.you.id)
    expect((await roomState(b, roomId)).members).toHaveLength(3)
  })

  test('SIGTERM: goaway, 1012, and a resume elsewhere; a connection without a room is told too', async () => {
    const { a, b } = await startNodes('cluster', SHORT)
    const roomId = await createRoom(a)
    const watching = await Member.join(b, roomId)
    const json = await JsonConnection.join(a, roomId)
    const empty = await JsonConnection.open(a)
    json.send(roomId, 'r', 'last words')
    await json.next('ack')
    a.kill('SIGTERM')
    for (const connection of [json, empty]) {
      expect((await connection.closed()).code).toBe(1012)
      const [goaway] = connection.all('goaway')
      expect(goaway?.reconnectAfterMs).toBeGreaterThanOrEqual(1_000)
      expect(goaway?.reconnectAfterMs).toBeLessThanOrEqual(5_000)
    }
    expect((await a.exit()).code).toBe(0)
    const { you, resume } = json.room
    const after = json.messagesOf(roomId).at(-1)!.seq
    const again = await JsonConnection.join(b, roomId, { after, resume })
    expect(again.room.you).toEqual(you)
    await watching.exchange('the end')
    expect(watching.frames.map(({ message }) => message.type)).toEqual([
      'joined',
      'joined',
      'chat',
      'chat',
    ])
  })
})

describe('a long replay', () => {
  const LONG = 60_000

  test('to a reader that stops and reads on neither trips the bound nor holds up anyone', async () => {
    const { a, b } = await startNodes('cluster', { RATE_LIMIT: 'off' })
    const roomId = await createRoom(a)
    const sql = postgres(a.settings['DATABASE_URL'] ?? '', { max: 1 })
    await sql`
      insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent)
      select ${roomId}, n, gen_random_uuid(), gen_random_uuid(), 'Old Hand', 'chat',
        'text ' || n || repeat(' x', 60), 1700000000000 + n
      from generate_series(1, ${LONG}) n`
    await sql`
      update rooms set last_seq = ${LONG}, last_sent = 1700000000000 + ${LONG}
      where room_id = ${roomId}`
    await sql.end({ timeout: 2 })
    const [near, far] = [await Member.join(a, roomId), await Member.join(b, roomId)]
    const slow = await JsonConnection.join(a, roomId, { after: 0 })
    slow.pause()
    const begun = performance.now()
    for (let at = 0; at < 200; at += 1) {
      const text = `live ${at}`
      await near.exchange(text)
      await far.untilChat(text)
      if (at % 20 === 10) slow.resume()
      if (at % 20 === 12) slow.pause()
    }
    const took = performance.now() - begun
    slow.resume()
    const end = LONG + 3 + 200
    // `welcome` and `room` besides.
    await slow.has('all of it', () => slow.events.length === end + 2, 30_000)
    expect(slow.messagesOf(roomId).map(({ seq }) => seq)).toEqual(
      Array.from({ length: end }, (_, at) => at + 1),
    )
    expect(took / 200).toBeLessThan(60)
  })
})
