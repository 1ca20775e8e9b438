import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { Controller } from '../../domain/controller.ts'
import type { Owners } from '../../domain/owners.ts'
import { RoomError } from '../../ports/errors.ts'
import { isMemberId, type MemberId } from '../../ports/model.ts'
import type { Admission } from './admission.ts'
import { bearerOf, CHANGE_REFUSALS, DONE, SECURITY } from './bearer.ts'
import { takeJsonBodies } from './json-bodies.ts'
import { allowOnly } from './methods.ts'
import { changedRoomBody, type RoomLimits, sentencesOf } from './room-bodies.ts'
import { checkRoomId, ROOM_PATH, roomIdOf } from './room-id.ts'
import { Info, infoBody } from './room-info.ts'

const MEMBER_PATH = `${ROOM_PATH}/members/:memberId`

export interface OwnerParts {
  readonly controller: Pick<Controller, 'roomInfo'>
  readonly owners: Pick<Owners, 'change' | 'dismiss' | 'remove'>
  readonly admission: Admission
  readonly settings: RoomLimits
}

/** What the owner of a room may do, with the token that its creation gave. */
export const ownerRoutes = async (
  app: FastifyInstance,
  { controller, owners, admission, settings }: OwnerParts,
): Promise<void> => {
  const body = changedRoomBody(settings)
  takeJsonBodies(app, sentencesOf(settings))
  // Before the body: a malformed id is 404 whatever else is wrong.
  app.addHook('onRequest', checkRoomId)

  app.patch(
    ROOM_PATH,
    {
      schema: {
        operationId: 'changeRoom',
        summary: 'Change a room',
        description: 'With the token of the owner.',
        tags: ['Rooms'],
        security: SECURITY,
        body,
        response: { 200: Info, ...CHANGE_REFUSALS },
      },
      preHandler: async (request, reply) => admission.change(request, reply),
    },
    async (request) => {
      const roomId = roomIdOf(request)
      const { capacity, slowMode, ...changes } = request.body as Static<typeof body>
      await owners.change(roomId, bearerOf(request), {
        ...changes,
        ...(capacity === undefined ? {} : { capacity: capacity ?? undefined }),
        ...(slowMode === undefined ? {} : { slowMs: slowMode * 1000 }),
      })
      return infoBody(await controller.roomInfo(roomId))
    },
  )

  app.delete(
    ROOM_PATH,
    {
      schema: {
        operationId: 'endRoom',
        summary: 'End a room and remove what is stored of it',
        description: 'With the token of the owner.',
        tags: ['Rooms'],
        security: SECURITY,
        response: { 204: DONE, ...CHANGE_REFUSALS },
      },
      preHandler: async (request, reply) => admission.change(request, reply),
    },
    async (request, reply) => {
      await owners.dismiss(roomIdOf(request), bearerOf(request))
      return reply.code(204).send()
    },
  )

  app.delete(
    MEMBER_PATH,
    {
      schema: {
        operationId: 'removeMember',
        summary: 'Remove a member from a room',
        description: 'With the token of the owner.',
        tags: ['Rooms'],
        security: SECURITY,
        response: { 204: DONE, ...CHANGE_REFUSALS },
      },
      preHandler: async (request, reply) => admission.change(request, reply),
    },
    async (request, reply) => {
      const token = bearerOf(request)
      await owners.remove({ roomId: roomIdOf(request), memberId: memberIdOf(request) }, token)
      return reply.code(204).send()
    },
  )

  allowOnly(app, ROOM_PATH, ['GET', 'HEAD', 'PATCH', 'DELETE'])
  allowOnly(app, MEMBER_PATH, ['DELETE'])
}

const memberIdOf = (request: FastifyRequest): MemberId => {
  const { memberId } = request.params as { readonly memberId: string }
  if (!isMemberId(memberId)) throw new RoomError('not_found', 'There is no such member.')
  return memberId
}
