import type { FastifyInstance } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Controller } from '../../domain/controller.ts'
import type { RoomInfo } from '../../ports/repository.ts'
import type { Admission } from './admission.ts'
import { refusals } from './errors.ts'
import { MemberIdText, RoomIdText } from './id-schemas.ts'
import { takeJsonBodies } from './json-bodies.ts'
import { allowOnly } from './methods.ts'
import { newRoomBody, type RoomLimits, sentencesOf } from './room-bodies.ts'
import { checkRoomId, roomIdOf } from './room-id.ts'

export const ROOM_PATH = '/api/room'

const Room = Type.Object(
  {
    roomId: RoomIdText,
    roomName: Type.String({ examples: ['Imperfect Seat'] }),
    ownerToken: Type.Optional(Type.String()),
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

const Info = Type.Object({
  roomId: Type.String(),
  roomName: Type.String(),
  topic: Type.String(),
  messageCount: Type.Integer(),
  memberCount: Type.Integer(),
  /** Of its own. */
  capacity: Type.Union([Type.Integer(), Type.Null()]),
  locked: Type.Boolean(),
  public: Type.Boolean(),
  /** In seconds. */
  slowMode: Type.Number(),
  created: Type.String(),
  expires: Type.Union([Type.String(), Type.Null()]),
})

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
    ROOM_PATH,
    {
      schema: {
        operationId: 'createRoom',
        summary: 'Create a room',
        description: 'The body is JSON of any or no content type, and may be empty.',
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
    '/api/room/:roomId',
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
    '/api/room/:roomId/info',
    {
      schema: {
        operationId: 'roomInfo',
        summary: 'What is known of a room',
        tags: ['Rooms'],
        response: {
          200: Info,
          ...refusals('invalid', 'not_found', 'internal', 'unavailable'),
        },
      },
      preValidation: checkRoomId,
    },
    async (request) => infoBody(await controller.roomInfo(roomIdOf(request))),
  )

  allowOnly(app, ROOM_PATH, ['POST'])
  allowOnly(app, '/api/room/:roomId', ['GET', 'HEAD'])
  allowOnly(app, '/api/room/:roomId/info', ['GET', 'HEAD'])
}

const infoBody = (info: RoomInfo): Static<typeof Info> => ({
  roomId: info.id,
  roomName: info.name,
  topic: info.topic,
  messageCount: info.messageCount,
  memberCount: info.memberCount,
  capacity: info.capacity ?? null,
  locked: info.locked,
  public: info.public,
  slowMode: info.slowMs / 1000,
  created: new Date(info.created).toISOString(),
  expires: info.expires === undefined ? null : new Date(info.expires).toISOString(),
})
