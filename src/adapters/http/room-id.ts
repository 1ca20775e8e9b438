import type { FastifyRequest } from 'fastify'
import { RoomError } from '../../ports/errors.ts'
import { isRoomId, type RoomId } from '../../ports/model.ts'

/** Of one room; what belongs to it has its path below. */
export const ROOM_PATH = '/api/room/:roomId'

/**
 * The room that a request's path names.
 * @throws RoomError `not_found` for what cannot be a room's id, as for a room that is not there
 */
export const roomIdOf = (request: FastifyRequest): RoomId => {
  const { roomId } = request.params as { readonly roomId: string }
  if (!isRoomId(roomId)) throw new RoomError('not_found', 'There is no such room.')
  return roomId
}

/** As a preValidation hook: a malformed id is 404 whatever else is wrong with the request. */
export const checkRoomId = async (request: FastifyRequest): Promise<void> => {
  roomIdOf(request)
}
