import type { FastifyInstance } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Invitations } from '../../domain/invitations.ts'
import { RoomError } from '../../ports/errors.ts'
import { networkKey } from './addresses.ts'
import { type Admission, keyOf } from './admission.ts'
import { refusals } from './errors.ts'
import { isoTime } from './frames.ts'
import { RoomIdText } from './id-schemas.ts'
import { takeJsonBodies } from './json-bodies.ts'
import { allowOnly } from './methods.ts'
import { checkRoomId, ROOM_PATH, roomIdOf } from './room-id.ts'

const CODES_PATH = `${ROOM_PATH}/codes`
export const CODE_PATH = '/api/codes/:code'

const LONGEST_TTL_S = 86_400
const MOST_USES = 10_000

const Body = Type.Object(
  {
    ttl: Type.Optional(Type.Integer({ minimum: 1, maximum: LONGEST_TTL_S })),
    uses: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_USES })),
  },
  { additionalProperties: false },
)

const SENTENCES = {
  ttl: `ttl is a whole number of seconds from 1 to ${LONGEST_TTL_S}.`,
  uses: `uses is a whole number from 1 to ${MOST_USES}.`,
}

const Created = Type.Object(
  { code: Type.String({ examples: ['493027'] }), expiresAt: Type.String({ format: 'date-time' }) },
  { description: 'The code.' },
)
const Found = Type.Object(
  { roomId: RoomIdText, roomName: Type.String() },
  { description: 'The room.' },
)

export interface CodesParts {
  readonly invitations: Pick<Invitations, 'create' | 'take'>
  readonly admission: Admission
}

/** Codes of six digits that bring people into a room. */
export const codeRoutes = async (
  app: FastifyInstance,
  { invitations, admission }: CodesParts,
): Promise<void> => {
  takeJsonBodies(app, SENTENCES)

  app.post(
    CODES_PATH,
    {
      schema: {
        operationId: 'createCode',
        summary: 'Make a code that leads to a room',
        description: '`ttl` is in seconds, 600 unless given; `uses` how often it can be taken.',
        tags: ['Rooms'],
        body: Body,
        response: {
          200: Created,
          ...refusals(
            ...(['invalid', 'forbidden', 'not_found', 'full', 'too_large'] as const),
            ...(['rate_limited', 'internal', 'overloaded', 'unavailable', 'unknown'] as const),
          ),
        },
      },
      onRequest: checkRoomId,
      preHandler: async (request, reply) => admission.createRoom(request, reply),
    },
    async (request): Promise<Static<typeof Created>> => {
      const { ttl, uses } = request.body as Static<typeof Body>
      const { code, expires } = await invitations.create(roomIdOf(request), {
        ...(ttl === undefined ? {} : { ttlMs: ttl * 1000 }),
        ...(uses === undefined ? {} : { uses }),
      })
      return { code, expiresAt: isoTime(expires) }
    },
  )

  app.get(
    CODE_PATH,
    // A HEAD would use the code and not say for what.
    {
      schema: {
        operationId: 'takeCode',
        summary: 'The room that a code leads to; uses the code',
        tags: ['Rooms'],
        response: {
          200: Found,
          ...refusals(
            ...(['invalid', 'forbidden', 'not_found', 'rate_limited', 'internal'] as const),
            ...(['overloaded', 'unavailable', 'unknown'] as const),
          ),
        },
      },
      exposeHeadRoute: false,
    },
    async (request, reply): Promise<Static<typeof Found>> => {
      const { code } = request.params as { readonly code: string }
      const address = keyOf(request)
      const room = await invitations.take(code, { address, network: networkKey(address) })
      if ('waitMs' in room) {
        reply.header('retry-after', String(Math.ceil(room.waitMs / 1000)))
        throw new RoomError(
          'rate_limited',
          'Too many wrong codes were tried: wait, or ask for the link.',
        )
      }
      return { roomId: room.id, roomName: room.name }
    },
  )

  allowOnly(app, CODES_PATH, ['POST'])
  allowOnly(app, CODE_PATH, ['GET'])
}
