import type { FailedEvent, RoomSettings } from '../protocol/events.ts'
import { ShareChatError } from './error.ts'
import { serverUrl } from './link.ts'

export { ShareChatError } from './error.ts'

/** What a new room is to be. What is left out is random, empty, none or no. */
export interface RoomWish {
  readonly name?: string
  readonly topic?: string
  readonly capacity?: number
  readonly public?: boolean
  /** Seconds that it stays when nobody is in it. */
  readonly ttl?: number
  /** The answer has an `ownerToken`. */
  readonly owner?: boolean
}

export interface NewRoom {
  readonly roomId: string
  readonly roomName: string
  /** Told this once. */
  readonly ownerToken?: string
}

export interface RoomInfo extends RoomSettings {
  readonly roomId: string
  readonly messageCount: number
  readonly memberCount: number
  /** ISO 8601, UTC. */
  readonly created: string
  /** As `created`; null while it has members. */
  readonly expires: string | null
}

export interface RoomChanges extends Partial<Omit<RoomSettings, 'roomName'>> {
  readonly name?: string
}

const PATIENCE_MS = 30_000

/**
 * What is done over HTTP with a secret: the token of a room's owner, or the `resume` of a member. Every
 * function throws ShareChatError, and tries nothing again.
 * @param url of the server, or the link of a room
 */
export const createRoom = (url: string | URL, wish: RoomWish): Promise<NewRoom> =>
  call(url, 'POST', '', undefined, wish)

/** What anybody who has a room's id may know of it. */
export const roomInfo = (url: string | URL, roomId: string): Promise<RoomInfo> =>
  call(url, 'GET', `/${roomId}/info`)

/** @returns how the room is then */
export const changeRoom = (
  url: string | URL,
  roomId: string,
  ownerToken: string,
  changes: RoomChanges,
): Promise<RoomInfo> => call(url, 'PATCH', `/${roomId}`, ownerToken, changes)

/** Ends a room and removes what is stored of it. */
export const endRoom = (url: string | URL, roomId: string, ownerToken: string): Promise<void> =>
  call(url, 'DELETE', `/${roomId}`, ownerToken)

/** Closes a member's connection, and keeps its address out for an hour. */
export const removeMember = (
  url: string | URL,
  roomId: string,
  ownerToken: string,
  memberId: string,
): Promise<void> => call(url, 'DELETE', `/${roomId}/members/${memberId}`, ownerToken)

/** Gives a message another text. @param resume that of the member that wrote it */
export const editMessage = (
  url: string | URL,
  roomId: string,
  resume: string,
  id: string,
  message: string,
): Promise<{ readonly id: string; readonly seq: number }> =>
  call(url, 'PUT', `/${roomId}/messages/${id}`, resume, { message })

/** @param secret the `resume` of the member that wrote it, or the token of the room's owner */
export const deleteMessage = (
  url: string | URL,
  roomId: string,
  secret: string,
  id: string,
): Promise<void> => call(url, 'DELETE', `/${roomId}/messages/${id}`, secret)

const call = async <Answer>(
  url: string | URL,
  method: string,
  path: string,
  secret?: string,
  body?: object,
): Promise<Answer> => {
  const answer = await fetch(`${serverUrl(url)}/api/room${path}`, {
    method,
    headers: secret === undefined ? {} : { authorization: `Bearer ${secret}` },
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(body && { body: JSON.stringify(body) }),
  }).catch(() => undefined)
  const text = await answer?.text().catch(() => undefined)
  if (!answer || text === undefined) throw new ShareChatError('unavailable', 'No answer.')
  if (answer.ok) return (text === '' ? undefined : JSON.parse(text)) as Answer
  const { code, message } = errorOf(text)
  const retryAfterMs = Number(answer.headers.get('retry-after')) * 1000 || undefined
  throw new ShareChatError(code ?? 'unavailable', message ?? 'No answer.', retryAfterMs)
}

/** A proxy in between may answer something else. */
const errorOf = (text: string): Partial<FailedEvent> => {
  try {
    return (JSON.parse(text) as { readonly error?: Partial<FailedEvent> }).error ?? {}
  } catch {
    return {}
  }
}
