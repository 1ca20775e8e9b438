import type { FastifyInstance } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Excerpt, History } from '../../domain/history.ts'
import type { Search } from '../../domain/search.ts'
import { RoomError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { Range } from '../../ports/repository.ts'
import { REFUSALS } from './errors.ts'
import { type HistoryDialect, historyDialectOf } from './history-dialects.ts'
import { cutWhenStalled, streamLog } from './log-stream.ts'
import { allowOnly } from './methods.ts'
import { LIMIT, PAGE_LENGTH } from './paging.ts'
import { checkRoomId, roomIdOf } from './room-id.ts'

const MESSAGES_PATH = '/api/room/:roomId/messages'
const MAX_SEARCH = 200

const Message = Type.Object({
  seq: Type.Optional(Type.Integer()),
  id: Type.String(),
  roomId: Type.String(),
  memberId: Type.String(),
  memberName: Type.String(),
  type: Type.String(),
  message: Type.String(),
  sent: Type.String(),
})

const Query = Type.Object(
  {
    limit: Type.Optional(LIMIT),
    before: Type.Optional(Type.String()),
    after: Type.Optional(Type.String()),
    search: Type.Optional(Type.String({ maxLength: MAX_SEARCH, pattern: '\\S' })),
  },
  { additionalProperties: false },
)

export interface MessagesParts {
  readonly history: History
  readonly search: Search
  readonly log: Log
}

/** A room's messages: all of them, or a page, of all or of what was searched for, with links to its neighbours. */
export const messageRoutes = async (
  app: FastifyInstance,
  { history, search, log }: MessagesParts,
): Promise<void> => {
  app.get(
    MESSAGES_PATH,
    {
      schema: { querystring: Query, response: { 200: Type.Array(Message), ...REFUSALS } },
      preValidation: checkRoomId,
    },
    async (request, reply) => {
      const roomId = roomIdOf(request)
      const dialect = historyDialectOf(request.headers.accept)
      const query = request.query as Static<typeof Query>
      const range = rangeOf(query, dialect)
      reply.type(dialect.type)
      if (range) {
        const text = query.search
        const excerpt = await (text === undefined
          ? history.excerpt(roomId, range)
          : search.excerpt(roomId, text, range))
        const words = text === undefined ? '' : `&search=${encodeURIComponent(text)}`
        const url = `/api/room/${roomId}/messages?limit=${range.limit}${words}`
        const links = linksOf(url, excerpt, dialect)
        if (links.length > 0) reply.header('link', links.join(', '))
        cutWhenStalled(reply.raw)
        return reply.send(`[${excerpt.messages.map(dialect.element).join(',')}]`)
      }
      const pages = await history.all(roomId)
      if (request.method === 'HEAD') return reply.send()
      await streamLog(reply, pages, { begin: '[', between: ',', end: ']', ...dialect }, log)
      return reply
    },
  )
  allowOnly(app, MESSAGES_PATH, ['GET', 'HEAD'])
}

/** @returns undefined when the whole log is wanted */
const rangeOf = (
  { limit, before, after, search }: Static<typeof Query>,
  { cursor }: HistoryDialect,
): Range | undefined => {
  const count = { limit: Number(limit ?? PAGE_LENGTH) }
  if (before !== undefined && after !== undefined) {
    throw new RoomError('invalid', 'Use either before or after.')
  }
  if (before !== undefined) return { ...count, before: cursor(before) }
  if (after !== undefined) return { ...count, after: cursor(after) }
  return limit === undefined && search === undefined ? undefined : { ...count, newest: true }
}

const linksOf = (
  url: string,
  { messages, older, newer }: Excerpt,
  { cursorOf }: HistoryDialect,
): string[] => {
  const [first, last] = [messages[0], messages.at(-1)]
  return [
    ...(older && first ? [`<${url}&before=${cursorOf(first)}>; rel="prev"`] : []),
    ...(newer && last ? [`<${url}&after=${cursorOf(last)}>; rel="next"`] : []),
  ]
}
