import { expect, test } from 'vitest'
import { HISTORY_TYPE } from '../../src/protocol/dialect.ts'
import type { LoggedMessage } from '../../src/protocol/events.ts'
import { eventually } from './deadline.ts'
import { call, createRoom, expectError, history, type Listening, withSecret } from './http.ts'
import { JsonConnection } from './json-connection.ts'
import { viewOf } from './json-view.ts'
import { Member } from './member.ts'
import { inBothModesAtAnyRate } from './modes.ts'

const SEQS = { headers: { accept: HISTORY_TYPE } }

/** A room's messages with their seqs, those that were deleted too. */
const messagesOf = async (node: Listening, roomId: string): Promise<readonly LoggedMessage[]> =>
  JSON.parse(
    (await call(node, 'GET', `/api/room/${roomId}/messages`, SEQS)).text,
  ) as LoggedMessage[]

inBothModesAtAnyRate('changes of messages', (nodes) => {
  const scene = async () => {
    const roomId = await createRoom(nodes.a)
    const plain = await Member.join(nodes.b, roomId)
    const writer = await JsonConnection.join(nodes.a, roomId)
    const reader = await JsonConnection.join(nodes.b, roomId, { after: 0 })
    writer.send(roomId, 'r-1', 'a private remark')
    const { id } = await writer.next('ack')
    await plain.untilChat('a private remark')
    await reader.untilChat('a private remark')
    return { roomId, plain, writer, reader, id }
  }

  test('an edit reaches JSON members of every node in its place, once; plain ones see it in history', async () => {
    const { roomId, plain, writer, reader, id } = await scene()
    const edit = { command: 'edit', roomId, ref: 'r-2', id, message: 'mended "é😀"' } as const
    writer.say(edit)
    expect(await writer.next('ack')).toEqual({ event: 'ack', roomId, ref: 'r-2', id, seq: 5 })
    writer.say(edit)
    expect((await writer.next('ack')).seq).toBe(5)
    await plain.exchange('after it')
    await reader.untilChat('after it')
    for (const json of [writer, reader]) {
      await json.has('the last', () => viewOf(json, roomId).at(-1)?.seq === 6)
      expect(json.all('edited')).toEqual([
        {
          ...{ event: 'edited', seq: 5, roomId, id, target: 4, message: edit.message },
          edited: expect.any(String),
        },
      ])
    }
    expect(plain.frames.map(({ message }) => message.message)).not.toContain(edit.message)
    const { elements, messages } = await history(nodes.b, roomId)
    expect(messages.map(({ message }) => message).slice(3)).toEqual([edit.message, 'after it'])
    expect(elements.every((element) => Object.keys(JSON.parse(element)).length === 7)).toBe(true)
    const log = await messagesOf(nodes.b, roomId)
    expect(log.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 6])
    expect(log[3]).toMatchObject({ message: edit.message, edited: expect.any(String) })
    expect(viewOf(reader, roomId)).toEqual(log)
  })

  test('what is deleted is read nowhere any more, by nobody who comes or asks', async () => {
    const { roomId, plain, writer, reader, id } = await scene()
    writer.say({ command: 'edit', roomId, ref: 'r-2', id, message: 'a private remark still' })
    writer.say({ command: 'delete', roomId, ref: 'r-3', id })
    await writer.next('ack', ({ ref }) => ref === 'r-3')
    writer.say({ command: 'delete', roomId, ref: 'r-4', id })
    expect(await writer.next('ack')).toMatchObject({ ref: 'r-4', id, seq: 6 })
    writer.say({ command: 'edit', roomId, ref: 'r-5', id, message: 'again' })
    expect(await writer.next('failed')).toMatchObject({ ref: 'r-5', code: 'not_found' })
    // The same send again: it is stored, but there is no text any more.
    writer.send(roomId, 'r-1', 'a private remark')
    expect(await writer.next('ack')).toMatchObject({ ref: 'r-1', id, seq: 4 })
    await plain.exchange('the end')
    await reader.untilChat('the end')
    const log = await messagesOf(nodes.b, roomId)
    expect(log[3]).toMatchObject({ seq: 4, message: '', deleted: expect.any(String) })
    expect(viewOf(reader, roomId)).toEqual(log)
    const { elements, prev } = await history(nodes.a, roomId, '?limit=2')
    expect(elements.map((element) => JSON.parse(element) as LoggedMessage)).toMatchObject([
      { type: 'joined', memberId: reader.room.you.id },
      { message: 'the end' },
    ])
    expect(prev).toBeDefined()
    const late = await JsonConnection.join(nodes.b, roomId, { after: 0 })
    await late.next('message', ({ memberId }) => memberId === late.room.you.id)
    expect(viewOf(late, roomId)).toEqual(await messagesOf(nodes.a, roomId))
    expect(late.texts.join()).not.toContain('private')
    for (const node of [nodes.a, nodes.b]) {
      for (const path of ['', '?limit=1000', '?limit=9&before=6', '/4']) {
        for (const extras of [{}, SEQS]) {
          const answer = await call(node, 'GET', `/api/room/${roomId}/messages${path}`, extras)
          expect(answer.text).not.toContain('private')
        }
      }
    }
  })

  test('over HTTP the resume secret of its writer changes a message, on any node, attached or not', async () => {
    const { roomId, writer, reader, id } = await scene()
    const path = `/api/room/${roomId}/messages/${id}`
    const { resume } = writer.room
    const put = await withSecret(nodes.b, 'PUT', path, resume, { message: 'one' })
    expect(put.status).toBe(200)
    expect(JSON.parse(put.text)).toEqual({ id, seq: 5 })
    expect(await reader.next('edited')).toMatchObject({ message: 'one', target: 4 })
    writer.terminate()
    expect((await withSecret(nodes.b, 'PUT', path, resume, { message: 'two' })).status).toBe(200)
    const refused = await withSecret(nodes.a, 'PUT', path, reader.room.resume, { message: 'x' })
    expectError(refused, 403, 'forbidden')
    expectError(await withSecret(nodes.a, 'DELETE', path, reader.room.resume), 403, 'forbidden')
    for (const message of ['', 'a\0b', '\ud800']) {
      expectError(await withSecret(nodes.a, 'PUT', path, resume, { message }), 400, 'invalid')
    }
    const long = await withSecret(nodes.a, 'PUT', path, resume, { message: 'x'.repeat(16_385) })
    expectError(long, 413, 'too_large')
    const none = `/api/room/${roomId}/messages/${reader.room.you.id}`
    expectError(await withSecret(nodes.a, 'DELETE', none, resume), 404, 'not_found')
    expect((await withSecret(nodes.a, 'DELETE', path, resume)).status).toBe(204)
    expect((await withSecret(nodes.b, 'DELETE', path, resume)).status).toBe(204)
    const again = await JsonConnection.join(nodes.a, roomId, { resume, after: 4 })
    again.say({ command: 'leave', roomId })
    await reader.next('message', ({ type }) => type === 'left')
    expectError(await withSecret(nodes.b, 'DELETE', path, resume), 403, 'forbidden')
  })

  test('a message by its seq: as it is now, and only if it is one', async () => {
    const { roomId, writer, id } = await scene()
    const get = (seq: number | string, extras = {}) =>
      call(nodes.b, 'GET', `/api/room/${roomId}/messages/${seq}`, extras)
    const { elements } = await history(nodes.a, roomId)
    expect((await get(4)).text).toBe(elements[3])
    expect(JSON.parse((await get(4, SEQS)).text)).toMatchObject({ seq: 4, id })
    writer.say({ command: 'delete', roomId, ref: 'r', id })
    await writer.next('ack', ({ ref }) => ref === 'r')
    for (const none of [0, 4, 5, 6, '04', '-1', '1.5', id, 'x']) expectError(await get(none), 404)
    expect(JSON.parse((await get(4, SEQS)).text)).toMatchObject({ seq: 4, message: '' })
    expectError(await get(5, SEQS), 404, 'not_found')
  })

  test('edits and deletions from both nodes at once: every view is that of the repository', async () => {
    const { roomId, writer, reader, plain } = await scene()
    const other = await JsonConnection.join(nodes.b, roomId, { after: 0 })
    const writers = [writer, other]
    const ids: string[] = []
    for (const [at, json] of writers.entries()) {
      for (let n = 0; n < 20; n += 1) json.send(roomId, `${at}-${n}`, `text ${at} ${n}`)
    }
    for (const json of writers) {
      for (let n = 0; n < 20; n += 1) ids.push((await json.next('ack')).id)
    }
    for (const [at, json] of writers.entries()) {
      for (let n = 0; n < 60; n += 1) {
        const id = ids[at * 20 + (n % 20)]!
        const ref = `c-${at}-${n}`
        if (n % 7 === 3) json.say({ command: 'delete', roomId, ref, id })
        else json.say({ command: 'edit', roomId, ref, id, message: `changed ${n}` })
      }
    }
    for (let n = 0; n < 5; n += 1) plain.say(`plain ${n}`)
    const end = await JsonConnection.join(nodes.a, roomId)
    end.send(roomId, 'end', 'the end')
    const answered = (json: JsonConnection) => json.all('ack').length + json.all('failed').length
    await eventually(
      'all answers',
      async () => answered(writer) + answered(other),
      (n) => n === 161,
    )
    // Plain texts have no answer, so what was said last is looked for where it is stored.
    const log = await eventually(
      'all texts stored',
      () => messagesOf(nodes.a, roomId),
      (messages) =>
        ['plain 4', 'the end'].every((text) => messages.some(({ message }) => message === text)),
    )
    const acked = [...writer.all('ack'), ...other.all('ack')].map(({ seq }) => seq)
    const last = Math.max(...acked, ...log.map(({ seq }) => seq))
    for (const json of [writer, reader, other]) {
      const seqs = () =>
        json.events.flatMap((event) =>
          'seq' in event && event.event !== 'ack' && event.event !== 'room' ? [event.seq] : [],
        )
      await json.has('the last row', () => seqs().includes(last))
      expect(viewOf(json, roomId)).toEqual(log.slice(log.length - viewOf(json, roomId).length))
    }
    expect(viewOf(reader, roomId)).toEqual(log)
  })
})
