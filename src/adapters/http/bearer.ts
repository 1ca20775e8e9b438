import type { FastifyRequest } from 'fastify'
import { RoomError } from '../../ports/errors.ts'

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
