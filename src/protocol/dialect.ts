/** What both ends of the JSON dialect have to agree on: docs/protocol.md, "JSON dialect". */

/** The WebSocket subprotocol, and the path that speaks it. */
export const SUBPROTOCOL = 'sharechat.v1'
export const CONNECT_PATH = '/api/connect'

/** The `Accept` under which history has a seq in every message and seqs as cursors. */
export const HISTORY_TYPE = 'application/vnd.sharechat.v1+json'

/** The close codes after which nobody comes back, at least not by itself, and what they mean. */
export const CLOSED_FOR_GOOD: Readonly<
  Record<number, 'replaced' | 'removed' | 'not_found' | undefined>
> = {
  /** Another connection has resumed a member of this one. */
  4001: 'replaced',
  /** The owner of its only room has removed its member. */
  4003: 'removed',
  /** The only room of this connection is no more. */
  4004: 'not_found',
}

const ROOM_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const MESSAGE_ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
const REF = /^[A-Za-z0-9_-]{1,64}$/

/** Whether a text can be a room's id: a version 4 UUID in lower case. */
export const isRoomId = (text: unknown): text is string =>
  typeof text === 'string' && ROOM_ID.test(text)

/** Whether a text can be a message's id: a UUID in lower case. */
export const isMessageId = (text: unknown): text is string =>
  typeof text === 'string' && MESSAGE_ID.test(text)

/** Whether a text can be a `ref`, or a `resume`. */
export const isRef = (text: unknown): text is string => typeof text === 'string' && REF.test(text)

/** Whether a value can be a place in a log; 0 is before the first message. */
export const isSeq = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
