import type { FastifyInstance } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Directory } from '../../domain/directory.ts'
import { RoomError } from '../../ports/errors.ts'
import { isRoomId } from '../../ports/model.ts'
import { REFUSALS } from './errors.ts'
import { allowOnly } from './methods.ts'
import { LIMIT, PAGE_LENGTH } from './paging.ts'

const DIRECTORY_PATH = '/api/rooms'

const Query = Type.Object(
  { limit: Type.Optional(LIMIT), after: Type.Optional(Type.String()) },
  { additionalProperties: false },
)

const Rooms = Type.Array(
  Type.Object({
    roomId: Type.String(),
    roomName: Type.String(),
    topic: Type.String(),
    memberCount: Type.Integer(),
  }),
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
    { schema: { querystring: Query, response: { 200: Rooms, ...REFUSALS } } },
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
