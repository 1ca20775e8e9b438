import type { FastifyInstance } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Directory } from '../../domain/directory.ts'
import { RoomError } from '../../ports/errors.ts'
import { isRoomId } from '../../ports/model.ts'
import { refusals } from './errors.ts'
import { RoomIdText } from './id-schemas.ts'
import { allowOnly } from './methods.ts'
import { LIMIT_PATTERN, PAGE_LENGTH } from './paging.ts'

const DIRECTORY_PATH = '/api/rooms'

const Query = Type.Object(
  {
    limit: Type.Optional(
      Type.String({
        pattern: LIMIT_PATTERN,
        description: 'How many, 1 to 1000; 100 unless given.',
      }),
    ),
    after: Type.Optional(Type.String({ description: 'Those behind the room with this id.' })),
  },
  { additionalProperties: false },
)

const Rooms = Type.Array(
  Type.Object({
    roomId: RoomIdText,
    roomName: Type.String(),
    topic: Type.String(),
    memberCount: Type.Integer(),
  }),
  { description: 'Public rooms, by their ids. A `Link` header leads to the next page.' },
)

export interface DirectoryRouteParts {
  readonly directory: Pick<Directory, 'page'>
}

/** The rooms that asked to be listed. */
export const directoryRoute = async (
  app: FastifyInstance,
  { directory }: DirectoryRouteParts,
): Promise<void> => {
  app.get(
    DIRECTORY_PATH,
    {
      schema: {
        operationId: 'listRooms',
        summary: 'The public rooms',
        tags: ['Rooms'],
        querystring: Query,
        response: { 200: Rooms, ...refusals('invalid', 'internal', 'unavailable') },
      },
    },
    async (request, reply): Promise<Static<typeof Rooms>> => {
      const { limit = PAGE_LENGTH, after } = request.query as Static<typeof Query>
      if (after !== undefined && !isRoomId(after)) {
        throw new RoomError('invalid', 'A cursor is the id of a room.')
      }
      const { rooms, more } = await directory.page(after, Number(limit))
      const last = rooms.at(-1)
      if (more && last) {
        reply.header('link', `<${DIRECTORY_PATH}?limit=${limit}&after=${last.id}>; rel="next"`)
      }
      return rooms.map(({ id, name, topic, memberCount }) => ({
        roomId: id,
        roomName: name,
        topic,
        memberCount,
      }))
    },
  )
  allowOnly(app, DIRECTORY_PATH, ['GET', 'HEAD'])
}
