import type { FastifyInstance } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Controller } from '../../domain/controller.ts'
import type { Admission } from './admission.ts'
import { refusals } from './errors.ts'
import { MemberIdText, RoomIdText } from './id-schemas.ts'
import { takeJsonBodies } from './json-bodies.ts'
import { allowOnly } from './methods.ts'
import { newRoomBody, type RoomLimits, sentencesOf } from './room-bodies.ts'
import { checkRoomId, ROOM_PATH, roomIdOf } from './room-id.ts'
import { Info, infoBody } from './room-info.ts'

export const ROOMS_PATH = '/api/room'
const INFO_PATH = `${ROOM_PATH}/info`

const Room = Type.Object(
  {
    roomId: RoomIdText,
    roomName: Type.String({ examples: ['Imperfect Seat'] }),
    ownerToken: Type.Optional(
      Type.String({ description: 'Told once, to who asked for it: the key to change and end it.' }),
    ),
  },
  { description: 'The room. Whoever has its id can join it.' },
)

const RoomWithMembers = Type.Object(
  {
    roomId: RoomIdText,
    roomName: Type.String({ examples: ['Imperfect Seat'] }),
    members: Type.Array(Type.Object({ id: MemberIdText, name: Type.String() })),
  },
  { description: 'The room and who is in it now.' },
)

export interface RoomsParts {
  readonly controller: Pick<Controller, 'createRoom' | 'findRoom' | 'roomInfo'>
  readonly admission: Admission
  readonly settings: RoomLimits
}

/** Creating a room and looking at one. */
export const roomRoutes = async (
  app: FastifyInstance,
  { controller, admission, settings }: RoomsParts,
): Promise<void> => {
  const body = newRoomBody(settings)
  takeJsonBodies(app, sentencesOf(settings))

  app.post(
    ROOMS_PATH,
    {
      schema: {
        operationId: 'createRoom',
        summary: 'Create a room',
        description: 'With an empty body, `{}` or options, of any or no content type.',
        tags: ['Rooms'],
        body,
        response: {
          200: Room,
          ...refusals(
            ...(['invalid', 'forbidden', 'too_large', 'rate_limited', 'internal'] as const),
            ...(['overloaded', 'unavailable', 'draining', 'unknown'] as const),
          ),
        },
      },
      preHandler: async (request, reply) => admission.createRoom(request, reply),
    },
    async (request): Promise<Static<typeof Room>> => {
      const { ttl, owner = false, ...wish } = request.body as Static<typeof body>
      const { id, name, ownerToken } = await controller.createRoom({
        ...wish,
        ...(ttl === undefined ? {} : { ttlMs: ttl * 1000 }),
        owned: owner,
      })
      return { roomId: id, roomName: name, ...(ownerToken === undefined ? {} : { ownerToken }) }
    },
  )

  app.get(
    ROOM_PATH,
    {
      schema: {
        operationId: 'findRoom',
        summary: 'A room and who is in it',
        tags: ['Rooms'],
        response: {
          200: RoomWithMembers,
          ...refusals('invalid', 'not_found', 'internal', 'unavailable'),
        },
      },
      preValidation: checkRoomId,
    },
    async (request): Promise<Static<typeof RoomWithMembers>> => {
      const { id, name, members } = await controller.findRoom(roomIdOf(request))
      return { roomId: id, roomName: name, members: [...members] }
    },
  )

  app.get(
    INFO_PATH,
    {
      schema: {
        operationId: 'roomInfo',
        summary: 'What is known of a room',
        tags: ['Rooms'],
        response: { 200: Info, ...refusals('invalid', 'not_found', 'internal', 'unavailable') },
      },
      preValidation: checkRoomId,
    },
    async (request) => infoBody(await controller.roomInfo(roomIdOf(request))),
  )

  allowOnly(app, ROOMS_PATH, ['POST'])
  allowOnly(app, INFO_PATH, ['GET', 'HEAD'])
}
