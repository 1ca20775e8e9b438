import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { History } from '../../domain/history.ts'
import type { Log } from '../../ports/log.ts'
import type { Meter } from '../../ports/meter.ts'
import type { LoggedMessage } from '../../ports/model.ts'
import { refusals } from './errors.ts'
import { historyDialectOf } from './history-dialects.ts'
import { streamLog } from './log-stream.ts'
import { allowOnly } from './methods.ts'
import { checkRoomId, ROOM_PATH, roomIdOf } from './room-id.ts'

const EXPORT_PATH = `${ROOM_PATH}/export`

const LINES = {
  description: 'A message per line, oldest first, each as its live frame was.',
  content: { 'application/x-ndjson': { schema: Type.String() } },
}

export interface ExportParts {
  readonly history: History
  readonly log: Log
  readonly meter: Meter
}

/** A room's whole history to keep: a message per line, each as its live frame was. */
export const exportRoute = async (
  app: FastifyInstance,
  { history, log, meter }: ExportParts,
): Promise<void> => {
  app.get(
    EXPORT_PATH,
    {
      schema: {
        operationId: 'exportRoom',
        summary: 'All messages of a room as lines of JSON',
        tags: ['Rooms'],
        response: {
          200: LINES,
          ...refusals('invalid', 'not_found', 'internal', 'overloaded', 'unavailable'),
        },
      },
      preValidation: checkRoomId,
    },
    async (request, reply) => {
      const pages = await history.all(roomIdOf(request))
      reply
        .type('application/x-ndjson; charset=utf-8')
        .header('content-disposition', 'attachment; filename="room.ndjson"')
      if (request.method === 'HEAD') return reply.send()
      const { element } = historyDialectOf(request.headers.accept)
      const line = (message: LoggedMessage): string => `${element(message)}\n`
      await streamLog(
        reply,
        pages,
        { begin: '', element: line, between: '', end: '' },
        { log, meter },
      )
      return reply
    },
  )
  allowOnly(app, EXPORT_PATH, ['GET', 'HEAD'])
}
