import type { FastifyInstance } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Excerpt, History } from '../../domain/history.ts'
import type { Search } from '../../domain/search.ts'
import { RoomError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { Meter } from '../../ports/meter.ts'
import type { StoredType } from '../../ports/model.ts'
import type { Range } from '../../ports/repository.ts'
import { HISTORY_TYPE } from '../../protocol/dialect.ts'
import { refusals } from './errors.ts'
import { type HistoryDialect, historyDialectOf, seqOf } from './history-dialects.ts'
import { MemberIdText, MessageIdText, RoomIdText } from './id-schemas.ts'
import { cutWhenStalled, streamLog } from './log-stream.ts'
import { allowOnly } from './methods.ts'
import { LIMIT_PATTERN, PAGE_LENGTH } from './paging.ts'
import { checkRoomId, ROOM_PATH, roomIdOf } from './room-id.ts'

const MESSAGES_PATH = `${ROOM_PATH}/messages`
/** By its seq, or its id. */
export const MESSAGE_PATH = `${MESSAGES_PATH}/:message`
const MAX_SEARCH = 200

/** Answers are written as text; this is only their description. */
const PlainMessage = Type.Object(
  {
    id: MessageIdText,
    roomId: RoomIdText,
    memberId: MemberIdText,
    memberName: Type.String({ examples: ['Silver Otter'] }),
    type: Type.Unsafe<StoredType>({ type: 'string', enum: ['chat', 'joined', 'left'] }),
    message: Type.String(),
    sent: Type.String({ format: 'date-time', examples: ['2026-11-21T09:30:00.123Z'] }),
  },
  { additionalProperties: false },
)

const SeqMessage = Type.Object(
  {
    seq: Type.Integer({ minimum: 1 }),
    ...PlainMessage.properties,
    edited: Type.Optional(Type.String({ format: 'date-time' })),
    deleted: Type.Optional(Type.String({ format: 'date-time' })),
  },
  { additionalProperties: false },
)

const MESSAGES = {
  description: 'Messages, oldest first.',
  headers: Type.Object({
    Link: Type.Optional(
      Type.String({
        description:
          'Of a page: `rel="prev"` leads to older messages, `rel="next"` to newer ones, each only if there are such.',
      }),
    ),
  }).properties,
  content: {
    'application/json': { schema: Type.Array(PlainMessage) },
    [HISTORY_TYPE]: { schema: Type.Array(SeqMessage) },
  },
}

const MESSAGE = {
  description: 'The message as it is now.',
  content: {
    'application/json': { schema: PlainMessage },
    [HISTORY_TYPE]: { schema: SeqMessage },
  },
}

const Query = Type.Object(
  {
    limit: Type.Optional(
      Type.String({
        pattern: LIMIT_PATTERN,
        description: 'How many, 1 to 1000; with a cursor or a search 100 unless given.',
      }),
    ),
    before: Type.Optional(
      Type.String({ description: 'Those just before this cursor. Not together with `after`.' }),
    ),
    after: Type.Optional(Type.String({ description: 'Those just after this cursor.' })),
    search: Type.Optional(
      Type.String({
        maxLength: MAX_SEARCH,
        pattern: '\\S',
        description: 'Only texts that have all these words, or words that begin so.',
      }),
    ),
  },
  { additionalProperties: false },
)

export interface MessagesParts {
  readonly history: History
  readonly search: Pick<Search, 'excerpt'>
  readonly log: Log
  readonly meter: Meter
}

/** A room's messages: all of them, or a page, of all or of what was searched for, with links to its neighbours. */
export const messageRoutes = async (
  app: FastifyInstance,
  { history, search, log, meter }: MessagesParts,
): Promise<void> => {
  app.get(
    MESSAGES_PATH,
    {
      schema: {
        operationId: 'readMessages',
        summary: 'The messages of a room',
        description:
          'Without a query all of them, streamed. A cursor is the id of a message; with ' +
          `\`Accept: ${HISTORY_TYPE}\` messages have their \`seq\`, and cursors are seqs.`,
        tags: ['Rooms'],
        querystring: Query,
        response: {
          200: MESSAGES,
          ...refusals('invalid', 'not_found', 'internal', 'overloaded', 'unavailable'),
        },
      },
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
        cutWhenStalled(reply.raw, meter)
        return reply.send(`[${excerpt.messages.map(dialect.element).join(',')}]`)
      }
      const pages = await history.all(roomId, dialect.deleted)
      if (request.method === 'HEAD') return reply.send()
      const form = { begin: '[', between: ',', end: ']', ...dialect }
      await streamLog(reply, pages, form, { log, meter })
      return reply
    },
  )
  app.get(
    MESSAGE_PATH,
    {
      schema: {
        operationId: 'readMessage',
        summary: 'A message by its seq',
        tags: ['Rooms'],
        response: {
          200: MESSAGE,
          ...refusals('invalid', 'not_found', 'internal', 'overloaded', 'unavailable'),
        },
      },
      preValidation: checkRoomId,
    },
    async (request, reply) => {
      const roomId = roomIdOf(request)
      const dialect = historyDialectOf(request.headers.accept)
      const seq = seqOf((request.params as { readonly message: string }).message)
      const message = seq && (await history.message(roomId, seq, dialect.deleted))
      if (!message) throw new RoomError('not_found', 'There is no such message.')
      return reply.type(dialect.type).send(dialect.element(message))
    },
  )
  allowOnly(app, MESSAGES_PATH, ['GET', 'HEAD'])
}

/** @returns undefined when the whole log is wanted */
const rangeOf = (
  { limit, before, after, search }: Static<typeof Query>,
  { cursor, deleted }: HistoryDialect,
): Range | undefined => {
  const count = { limit: Number(limit ?? PAGE_LENGTH), ...(deleted && { deleted }) }
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
