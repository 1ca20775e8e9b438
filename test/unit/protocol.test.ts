import { describe, expect, test } from 'vitest'
import { parseCommand } from '../../src/protocol/commands.ts'

const roomId = 'd4d211a2-d09f-4e19-8822-8aeddcb0fdd8'
const parse = (value: unknown) => parseCommand(JSON.stringify(value))

describe('a command', () => {
  test.each([
    { command: 'join', roomId },
    { command: 'join', roomId, after: 0 },
    { command: 'join', roomId, after: Number.MAX_SAFE_INTEGER, resume: 'A-Za-z0_9' },
    { command: 'leave', roomId },
    { command: 'typing', roomId },
    { command: 'send', roomId, ref: 'r', message: 'hello' },
    { command: 'send', roomId, ref: 'R_-9'.repeat(16), message: '' },
    { command: 'send', roomId, ref: 'r', message: '{"a":"\\":",:"}\\' },
  ])('is read as it is: %j', (command) => {
    expect(parse(command)).toEqual(command)
    expect(parseCommand(` ${JSON.stringify(command, null, 2)}\n`)).toEqual(command)
  })

  test.each([
    '',
    'hello',
    'null',
    '1',
    '"join"',
    '[]',
    '{}',
    '[{"command":"leave"}]',
    `{"command":"leave","roomId":"${roomId}"`,
    `{"command":"leave","roomId":"${roomId}"}{}`,
    `{'command':'leave','roomId':'${roomId}'}`,
    '{"command":["leave"]}',
    '{"command":"toString"}',
    '{"command":"__proto__"}',
    '{"__proto__":{"command":"leave"}}',
    '['.repeat(60_000),
  ])('that is none is `invalid`: %s', (text) => {
    expect(parseCommand(text)).toEqual({ code: 'invalid', message: expect.any(String) })
  })

  test.each([
    ['command', `{"command":"leave","command":"typing","roomId":"${roomId}"}`],
    ['roomId', `{"command":"leave","roomId":"x","roomId":"${roomId}"}`],
    ['an escaped name', `{"command":"leave","roomId":"${roomId}","room\\u0049d":"${roomId}"}`],
  ])('with a field twice is `invalid`, not one of the two: %s', (_name, text) => {
    expect(parseCommand(text)).toMatchObject({ code: 'invalid' })
  })

  test.each([
    [{ command: 'join', roomId, after: -1 }],
    [{ command: 'join', roomId, after: 1.5 }],
    [{ command: 'join', roomId, after: '1' }],
    [{ command: 'join', roomId, after: null }],
    [{ command: 'join', roomId, after: 2 ** 53 }],
    [{ command: 'join', roomId, resume: '' }],
    [{ command: 'join', roomId, resume: 'x'.repeat(65) }],
    [{ command: 'join', roomId, resume: 7 }],
    [{ command: 'join', roomId, ref: 'r' }],
    [{ command: 'leave', roomId, after: 1 }],
    [{ command: 'typing', roomId, event: 'typing' }],
    [{ command: 'send', roomId, message: 'no ref' }],
    [{ command: 'send', roomId, ref: 'a b', message: '' }],
    [{ command: 'send', roomId, ref: 'é', message: '' }],
    [{ command: 'send', roomId, ref: ['r'], message: '' }],
    [{ command: 'send', roomId, ref: 'r\n', message: '' }],
  ])('with a wrong field is `invalid`, and says for which room: %j', (command) => {
    expect(parse(command)).toEqual({ code: 'invalid', message: expect.any(String), roomId })
  })

  test.each([undefined, null, 7, ['x'], true])('without a text as room is `invalid`: %j', (id) => {
    expect(parse({ command: 'leave', roomId: id })).toEqual({
      code: 'invalid',
      message: expect.any(String),
    })
  })

  test.each(['', 'x', roomId.toUpperCase(), ` ${roomId}`, roomId.replace('-4', '-1')])(
    'for what cannot be a room is `not_found`, and does not repeat it: %j',
    (id) => {
      const answer = parse({ command: 'send', roomId: id, ref: 'r', message: 'hello' })
      expect(answer).toEqual({ code: 'not_found', message: 'There is no such room.', ref: 'r' })
    },
  )

  test('that is refused keeps its ref, so that the sender knows which one it was', () => {
    const answer = parse({ command: 'send', roomId, ref: 'r-1', message: 7 })
    expect(answer).toMatchObject({ code: 'invalid', roomId, ref: 'r-1' })
  })
})
