import type { FastifyInstance } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Controller } from '../../domain/controller.ts'
import { RoomError } from '../../ports/errors.ts'
import type { Admission } from './admission.ts'
import { REFUSALS } from './errors.ts'
import { allowOnly } from './methods.ts'
import { checkRoomId, roomIdOf } from './room-id.ts'

export const ROOM_PATH = '/api/room'

const Room = Type.Object({ roomId: Type.String(), roomName: Type.String() })

const RoomWithMembers = Type.Object({
  roomId: Type.String(),
  roomName: Type.String(),
  members: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })),
})

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
      schema: { response: { 200: Room, ...REFUSALS } },
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
      schema: { response: { 200: RoomWithMembers, ...REFUSALS } },
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
