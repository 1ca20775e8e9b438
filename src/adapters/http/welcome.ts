import type { FastifyInstance } from 'fastify'
import { allowOnly } from './methods.ts'

const WELCOME = `Chat rooms without accounts. Whoever knows a room's id can join it and gets a random name.

Create a room; the answer has its roomId:
  curl -X POST <this server>/api/room

Join it, and talk; every line is a message:
  websocat ws://<this host>/api/serve/<roomId>

Who is there, and what was said:
  GET /api/room/<roomId>
  GET /api/room/<roomId>/messages
`

/** What someone sees who opens the server's address in a browser or with curl. */
export const welcomeRoute = async (app: FastifyInstance): Promise<void> => {
  app.get('/', async (_request, reply) => reply.type('text/plain; charset=utf-8').send(WELCOME))
  allowOnly(app, '/', ['GET', 'HEAD'])
}
