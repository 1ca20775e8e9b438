import type { CloseReason } from '../../ports/connection.ts'
import type { ErrorCode } from '../../ports/errors.ts'

/** The HTTP status of every refusal. */
export const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid: 400,
  forbidden: 403,
  not_found: 404,
  full: 409,
  too_large: 413,
  rate_limited: 429,
  internal: 500,
  overloaded: 503,
  unavailable: 503,
  draining: 503,
  unknown: 503,
}

/** The WebSocket close code of every reason, and the words that go with it. */
export const CLOSE: Readonly<Record<CloseReason, readonly [code: number, words: string]>> = {
  internal: [1011, 'something went wrong here'],
  drain: [1012, 'restarting, reconnect'],
  lease_lost: [1012, 'reconnect'],
  log_reset: [1012, 'the log went back, reconnect'],
  slow: [1013, 'reading too slowly'],
  flood: [1008, 'too much, come back later'],
  room_gone: [4004, 'the room is gone'],
  replaced: [4001, 'resumed by another connection'],
  removed: [4003, 'removed by the owner'],
}

/** What a client sent in a binary frame is no text. */
export const NOT_UTF8 = 1007
