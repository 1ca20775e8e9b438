import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import { errorBody } from './errors.ts'
import { roomIdOf } from './room-id.ts'

/** Answers 405 to all methods of a path but these. OPTIONS is answered by CORS, for every path. */
export const allowOnly = (
  app: FastifyInstance,
  url: string,
  allowed: readonly HTTPMethods[],
): void => {
  const refuse = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (url.includes(':roomId')) roomIdOf(request)
    return reply
      .code(405)
      .header('allow', allowed.join(', '))
      .send(errorBody('invalid', 'This cannot be done here.'))
  }
  app.route({
    method: app.supportedMethods.filter(
      (method) => method !== 'OPTIONS' && !allowed.includes(method),
    ),
    url,
    schema: { hide: true },
    // As a hook, so that a body of whatever type is neither read nor judged.
    onRequest: refuse,
    handler: refuse,
  })
}
