import type { RoomSettings } from '../protocol/events.ts'
import { call } from './call.ts'

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

/**
 * What is done over HTTP with a secret: the token of a room's owner, or the `resume` of a member. Every
 * function throws ShareChatError, and tries nothing again.
 * @param url of the server, or the link of a room
 */
export const createRoom = (url: string | URL, wish: RoomWish): Promise<NewRoom> =>
  call(url, 'POST', 'room', undefined, wish)

/** What anybody who has a room's id may know of it. */
export const roomInfo = (url: string | URL, roomId: string): Promise<RoomInfo> =>
  call(url, 'GET', `room/${roomId}/info`)

/** @returns how the room is then */
export const changeRoom = (
  url: string | URL,
  roomId: string,
  ownerToken: string,
  changes: RoomChanges,
): Promise<RoomInfo> => call(url, 'PATCH', `room/${roomId}`, ownerToken, changes)

/** Ends a room and removes what is stored of it. */
export const endRoom = (url: string | URL, roomId: string, ownerToken: string): Promise<void> =>
  call(url, 'DELETE', `room/${roomId}`, ownerToken)

/** Closes a member's connection, and keeps its address out for an hour. */
export const removeMember = (
  url: string | URL,
  roomId: string,
  ownerToken: string,
  memberId: string,
): Promise<void> => call(url, 'DELETE', `room/${roomId}/members/${memberId}`, ownerToken)

/** Gives a message another text. @param resume that of the member that wrote it */
export const editMessage = (
  url: string | URL,
  roomId: string,
  resume: string,
  id: string,
  message: string,
): Promise<{ readonly id: string; readonly seq: number }> =>
  call(url, 'PUT', `room/${roomId}/messages/${id}`, resume, { message })

/** @param secret the `resume` of the member that wrote it, or the token of the room's owner */
export const deleteMessage = (
  url: string | URL,
  roomId: string,
  secret: string,
  id: string,
): Promise<void> => call(url, 'DELETE', `room/${roomId}/messages/${id}`, secret)
