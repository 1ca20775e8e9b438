import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Changes } from '../../domain/changes.ts'
import { RoomError } from '../../ports/errors.ts'
import { isMessageId, type MessageId } from '../../ports/model.ts'
import type { Admission } from './admission.ts'
import { bearerOf, CHANGE_REFUSALS, DONE, SECURITY } from './bearer.ts'
import { MessageIdText } from './id-schemas.ts'
import { takeJsonBodies } from './json-bodies.ts'
import { allowOnly } from './methods.ts'
import { MESSAGE_PATH } from './messages.ts'
import { checkRoomId, roomIdOf } from './room-id.ts'

/** A byte of a text takes six in JSON at most, as an escape. */
const ESCAPE_BYTES = 6
const AROUND_BYTES = 1024

const Text = Type.Object({ message: Type.String() }, { additionalProperties: false })
const Changed = Type.Object({ id: MessageIdText, seq: Type.Integer({ minimum: 1 }) })

export interface ChangesParts {
  readonly changes: Pick<Changes, 'change'>
  readonly admission: Admission
  readonly settings: { readonly maxMessageBytes: number }
}

/** Changing a message, with the secret of the member that wrote it, or of the room's owner. */
export const changeRoutes = async (
  app: FastifyInstance,
  { changes, admission, settings }: ChangesParts,
): Promise<void> => {
  takeJsonBodies(app, { message: 'message is a text.' })
  // Before the body: a malformed id is 404 whatever else is wrong.
  app.addHook('onRequest', checkRoomId)

  app.put(
    MESSAGE_PATH,
    {
      schema: {
        operationId: 'editMessage',
        summary: 'Give a message another text',
        description: 'With the `resume` secret of the member that wrote it.',
        tags: ['Rooms'],
        security: SECURITY,
        body: Text,
        response: { 200: Changed, ...CHANGE_REFUSALS },
      },
      bodyLimit: settings.maxMessageBytes * ESCAPE_BYTES + AROUND_BYTES,
      preHandler: async (request, reply) => admission.change(request, reply),
    },
    async (request): Promise<Static<typeof Changed>> => {
      const secret = bearerOf(request)
      const { message } = request.body as Static<typeof Text>
      const wish = { target: messageIdOf(request), message }
      const { id, seq } = await changes.change(roomIdOf(request), secret, wish)
      return { id, seq }
    },
  )

  app.delete(
    MESSAGE_PATH,
    {
      schema: {
        operationId: 'deleteMessage',
        summary: 'Delete a message',
        description:
          'With the `resume` secret of the member that wrote it, or the token of the owner.',
        tags: ['Rooms'],
        security: SECURITY,
        response: { 204: DONE, ...CHANGE_REFUSALS },
      },
      preHandler: async (request, reply) => admission.change(request, reply),
    },
    async (request, reply) => {
      const secret = bearerOf(request)
      const wish = { target: messageIdOf(request), message: undefined }
      await changes.change(roomIdOf(request), secret, wish)
      return reply.code(204).send()
    },
  )

  allowOnly(app, MESSAGE_PATH, ['GET', 'HEAD', 'PUT', 'DELETE'])
}

const messageIdOf = (request: FastifyRequest): MessageId => {
  const { message } = request.params as { readonly message: string }
  if (!isMessageId(message)) throw new RoomError('not_found', 'There is no such message.')
  return message
}
