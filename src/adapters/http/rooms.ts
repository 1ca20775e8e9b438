import type { FastifyInstance } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Controller } from '../../domain/controller.ts'
import { RoomError } from '../../ports/errors.ts'
import type { Admission } from './admission.ts'
import { refusals } from './errors.ts'
import { MemberIdText, RoomIdText } from './id-schemas.ts'
import { allowOnly } from './methods.ts'
import { checkRoomId, roomIdOf } from './room-id.ts'

export const ROOM_PATH = '/api/room'

const Room = Type.Object(
  { roomId: RoomIdText, roomName: Type.String({ examples: ['Imperfect Seat'] }) },
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

/** What may stand in the body of a POST: nothing, or an empty JSON object. */
const EMPTY = /^(?:[ \t\r\n]*|[ \t\r\n]*\{[ \t\r\n]*\}[ \t\r\n]*)$/

export interface RoomsParts {
  readonly controller: Pick<Controller, 'createRoom' | 'findRoom'>
  readonly admission: Admission
}

/** Creating a room and looking at one. */
export const roomRoutes = async (
  app: FastifyInstance,
  { controller, admission }: RoomsParts,
): Promise<void> => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    const empty = EMPTY.test(body.toString())
    done(empty ? null : new RoomError('invalid', 'The body must be empty or {}.'))
  })

  app.post(
    ROOM_PATH,
    {
      schema: {
        operationId: 'createRoom',
        summary: 'Create a room',
        description: 'With an empty body or `{}`, of any or no content type.',
        tags: ['Rooms'],
        response: {
          200: Room,
          ...refusals(
            ...(['invalid', 'forbidden', 'too_large', 'rate_limited', 'internal'] as const),
            ...(['overloaded', 'unavailable', 'draining', 'unknown'] as const),
          ),
        },
      },
      // The content type means nothing here, and one that Fastify cannot parse would be a 415.
      onRequest: async (request) => {
        delete request.raw.headers['content-type']
      },
      preHandler: async (request, reply) => admission.createRoom(request, reply),
    },
    async (): Promise<Static<typeof Room>> => {
      const { id, name } = await controller.createRoom()
      return { roomId: id, roomName: name }
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

  allowOnly(app, ROOM_PATH, ['POST'])
  allowOnly(app, '/api/room/:roomId', ['GET', 'HEAD'])
}
