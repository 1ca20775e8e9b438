import type { FastifyInstance } from 'fastify'
import type { History } from '../../domain/history.ts'
import type { Log } from '../../ports/log.ts'
import type { LoggedMessage } from '../../ports/model.ts'
import { REFUSALS } from './errors.ts'
import { historyDialectOf } from './history-dialects.ts'
import { streamLog } from './log-stream.ts'
import { allowOnly } from './methods.ts'
import { checkRoomId, roomIdOf } from './room-id.ts'

const EXPORT_PATH = '/api/room/:roomId/export'

export interface ExportParts {
  readonly history: History
  readonly log: Log
}

/** A room's whole history to keep: a message per line, each as its live frame was. */
export const exportRoute = async (
  app: FastifyInstance,
  { history, log }: ExportParts,
): Promise<void> => {
  app.get(
    EXPORT_PATH,
    { schema: { response: REFUSALS }, preValidation: checkRoomId },
    async (request, reply) => {
      const pages = await history.all(roomIdOf(request))
      reply
        .type('application/x-ndjson; charset=utf-8')
        .header('content-disposition', 'attachment; filename="room.ndjson"')
      if (request.method === 'HEAD') return reply.send()
      const { element } = historyDialectOf(request.headers.accept)
      const line = (message: LoggedMessage): string => `${element(message)}\n`
      await streamLog(reply, pages, { begin: '', element: line, between: '', end: '' }, log)
      return reply
    },
  )
  allowOnly(app, EXPORT_PATH, ['GET', 'HEAD'])
}
