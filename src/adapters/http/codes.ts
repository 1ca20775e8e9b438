import type { FastifyInstance } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Invitations } from '../../domain/invitations.ts'
import { RoomError } from '../../ports/errors.ts'
import { networkKey } from './addresses.ts'
import { type Admission, keyOf } from './admission.ts'
import { REFUSALS } from './errors.ts'
import { takeJsonBodies } from './json-bodies.ts'
import { allowOnly } from './methods.ts'
import { checkRoomId, roomIdOf } from './room-id.ts'

const CODES_PATH = '/api/room/:roomId/codes'
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

const Created = Type.Object({ code: Type.String(), expiresAt: Type.String() })
const Found = Type.Object({ roomId: Type.String(), roomName: Type.String() })

export interface CodesParts {
  readonly invitations: Invitations
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
      schema: { body: Body, response: { 200: Created, ...REFUSALS } },
      onRequest: checkRoomId,
      preHandler: async (request, reply) => admission.createRoom(request, reply),
    },
    async (request): Promise<Static<typeof Created>> => {
      const { ttl, uses } = request.body as Static<typeof Body>
      const { code, expires } = await invitations.create(roomIdOf(request), {
        ...(ttl === undefined ? {} : { ttlMs: ttl * 1000 }),
        ...(uses === undefined ? {} : { uses }),
      })
      return { code, expiresAt: new Date(expires).toISOString() }
    },
  )

  app.get(
    CODE_PATH,
    // A HEAD would use the code and not say for what.
    { schema: { response: { 200: Found, ...REFUSALS } }, exposeHeadRoute: false },
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
