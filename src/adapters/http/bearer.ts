import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { RoomError } from '../../ports/errors.ts'
import { refusals } from './errors.ts'

/** The description of what a bearer's secret is asked for, of what is done then, and of what else is answered. */
export const SECURITY = [{ bearer: [] }]
export const DONE = Type.Null({ description: 'It is done.' })
export const CHANGE_REFUSALS = refusals(
  ...(['invalid', 'forbidden', 'not_found', 'too_large', 'rate_limited'] as const),
  ...(['internal', 'overloaded', 'unavailable', 'draining', 'unknown'] as const),
)

const BEARER = /^Bearer +([A-Za-z0-9_-]{1,128})$/i

/**
 * The secret that a request brings (RFC 6750, 2.1).
 * @throws RoomError `forbidden` without one, in the words of a wrong one
 */
export const bearerOf = (request: FastifyRequest): string => {
  const secret = BEARER.exec(request.headers.authorization ?? '')?.[1]
  if (secret === undefined) throw new RoomError('forbidden', 'You may not do this.')
  return secret
}
