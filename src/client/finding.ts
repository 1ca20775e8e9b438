import type { LoggedMessage } from '../protocol/events.ts'
import { call, pieces } from './call.ts'

export { ShareChatError } from './error.ts'

export interface Code {
  /** Six digits. */
  readonly code: string
  /** ISO 8601, UTC. */
  readonly expiresAt: string
}

/** How a code is to be; what is left out is ten minutes, and as often as wanted. */
export interface CodeWish {
  /** Seconds. */
  readonly ttl?: number
  readonly uses?: number
}

export interface FoundRoom {
  readonly roomId: string
  readonly roomName: string
}

export interface PublicRoom extends FoundRoom {
  /** Empty: none. */
  readonly topic: string
  readonly memberCount: number
}

export interface SearchRange {
  /** Those just before this seq. Not together with `after`. */
  readonly before?: number
  /** Those just after this seq; 0: the first. */
  readonly after?: number
  /** 1 to 1000; 100 unless given. */
  readonly limit?: number
}

/**
 * What leads to rooms and messages, over HTTP. Every function throws ShareChatError, and tries nothing
 * again.
 * @param url of the server, or the link of a room
 */
export const createCode = (url: string | URL, roomId: string, wish: CodeWish = {}): Promise<Code> =>
  call(url, 'POST', `room/${roomId}/codes`, undefined, wish)

/** The room that a code leads to; uses the code once. @param code six digits */
export const takeCode = (url: string | URL, code: string): Promise<FoundRoom> =>
  call(url, 'GET', `codes/${encodeURIComponent(code)}`)

/**
 * Messages of a room with all of these words, oldest first: the newest unless told otherwise. Those that
 * were deleted are not found.
 * @param words at most 200 characters
 */
export const searchMessages = (
  url: string | URL,
  roomId: string,
  words: string,
  range: SearchRange = {},
): Promise<readonly LoggedMessage[]> => {
  const query = queryOf({ search: words, limit: 100, ...range })
  return call(url, 'GET', `room/${roomId}/messages?${query}`)
}

/** The rooms that are listed, by their ids. @param range `after`: a room's id; `limit` 1 to 1000 */
export const publicRooms = (
  url: string | URL,
  range: { readonly after?: string; readonly limit?: number } = {},
): Promise<readonly PublicRoom[]> => call(url, 'GET', `rooms?${queryOf(range)}`)

/** All messages of a room, each a line of JSON: the text in pieces, as they come. */
export const exportRoom = (url: string | URL, roomId: string): AsyncGenerator<string, void> =>
  pieces(url, `room/${roomId}/export`)

const queryOf = (parameters: object): URLSearchParams => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) query.set(name, String(value))
  return query
}
