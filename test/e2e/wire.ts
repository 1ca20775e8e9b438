import { expect } from 'vitest'

/** A message as it stands on the wire and in history. */
export interface WireMessage {
  readonly id: string
  readonly roomId: string
  readonly memberId: string
  readonly memberName: string
  readonly type: 'chat' | 'joined' | 'left' | 'failed'
  readonly message: string
  readonly sent: string
}

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
export const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
export const TITLE_CASE = /^[A-Z][a-z]*( [A-Z][a-z]*)+$/
export const SENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
export const MESSAGE_KEYS = ['id', 'roomId', 'memberId', 'memberName', 'type', 'message', 'sent']

/** The rules for every message, whatever its type: exactly the seven keys, in their order. */
export const expectMessage = (text: string): WireMessage => {
  const message = JSON.parse(text) as WireMessage
  expect(Object.keys(message)).toEqual(MESSAGE_KEYS)
  expect(message).toEqual({
    id: expect.stringMatching(UUID),
    roomId: expect.stringMatching(UUID_V4),
    memberId: expect.stringMatching(UUID),
    memberName: expect.stringMatching(/./),
    type: expect.stringMatching(/^(chat|joined|left|failed)$/),
    message: expect.any(String),
    sent: expect.stringMatching(SENT),
  })
  expect(new Date(message.sent).toISOString()).toBe(message.sent)
  return message
}

/** The raw texts of the elements of a JSON array of flat objects; throws on anything else. */
export const elementsOf = (array: string): readonly string[] => {
  expect(JSON.parse(array)).toBeInstanceOf(Array)
  const elements: string[] = []
  let start = -1
  let inString = false
  for (let at = 0; at < array.length; at += 1) {
    const char = array[at]
    if (inString) {
      if (char === '\\') at += 1
      else if (char === '"') inString = false
    } else if (char === '"') {
      inString = true
    } else if (char === '{') {
      start = at
    } else if (char === '}') {
      elements.push(array.slice(start, at + 1))
    }
  }
  return elements
}
