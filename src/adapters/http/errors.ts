import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { type ErrorCode, RoomError } from '../../ports/errors.ts'
import type { Ids } from '../../ports/ids.ts'
import type { Log } from '../../ports/log.ts'
import type { Meter } from '../../ports/meter.ts'
import { retryMs } from './retry.ts'
import { STATUS } from './status.ts'

/** The schema of a refusal's body. */
const refusal = (description: string, ...codes: readonly ErrorCode[]) =>
  Type.Object(
    {
      error: Type.Object({
        code: Type.Unsafe<ErrorCode>({ type: 'string', enum: codes }),
        message: Type.String({ description: 'A short sentence for people.' }),
      }),
    },
    { description },
  )

/** What the codes mean, for the description of the API. */
const MEANING: Readonly<Record<ErrorCode, string>> = {
  invalid: 'This request can never work.',
  forbidden: 'This origin may not use this server.',
  not_found: 'There is no such room, or no longer.',
  full: 'The room has as many members as it may.',
  too_large: 'The body is too long.',
  rate_limited: 'Your address asks too often; `Retry-After` says when it may again.',
  internal: 'A bug.',
  overloaded: 'Too busy to take on more; try again after `Retry-After`, here or at another node.',
  unavailable: 'Its services do not answer; try again after `Retry-After`.',
  draining: 'It starts or stops; try again after `Retry-After`, here or at another node.',
  unknown: 'It could not be confirmed; try again after `Retry-After`.',
}

/** The schemas of a route's refusals with these codes, by their statuses. */
export const refusals = (...codes: readonly ErrorCode[]) =>
  Object.fromEntries(
    codes.map((code) => {
      const alike = codes.filter((other) => STATUS[other] === STATUS[code])
      const words = alike.map((other) => `\`${other}\`: ${MEANING[other]}`).join(' ')
      return [STATUS[code], refusal(words, ...alike)]
    }),
  )

/** The schemas of what both WebSocket routes answer besides. */
export const HANDSHAKE_ANSWERS = {
  101: Type.Null({ description: 'The WebSocket is open.' }),
  426: refusal('`invalid`: This was no WebSocket handshake.', 'invalid'),
}

/**
 * On every answer: nothing here is for caches, a room's address is the key to the room, and all of
 * it is text or JSON that no browser has to run, guess at, frame or embed.
 */
export const COMMON_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
}

const JSON_TYPE = 'application/json; charset=utf-8'

interface Refusal {
  readonly status: number
  readonly code: ErrorCode
  readonly message: string
}

const BUG: Refusal = { status: 500, code: 'internal', message: 'Something went wrong here.' }

/** The refusal for anything thrown, by us or by Fastify. Never says what the client sent. */
export const refusalOf = (error: unknown): Refusal => {
  if (error instanceof RoomError) {
    const { code, message } = error
    return code === 'internal' ? BUG : { status: STATUS[code], code, message }
  }
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status === 413) return { status, code: 'too_large', message: 'The body is too long.' }
  if (status < 400 || status > 499 || Number.isNaN(status)) return BUG
  return { status, code: 'invalid', message: 'The request is not valid.' }
}

export const errorBody = (code: ErrorCode, message: string) => ({ error: { code, message } })

const CODE = /^\{"error":\{"code":"(\w+)"/

/** The code in the body of an answer; undefined when the answer is no refusal. */
export const codeInBody = (body: unknown): ErrorCode | undefined =>
  typeof body === 'string' ? (CODE.exec(body)?.[1] as ErrorCode | undefined) : undefined

/** Answers with whatever was thrown, and logs what nobody expected. */
export const errorHandler =
  (ids: Ids, log: Log) =>
  (error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { status, code, message } = refusalOf(error)
    if (status === 500) log.error('request failed', { error })
    if (status === 503)
      reply.header('retry-after', String(Math.ceil(retryMs(() => ids.random()) / 1000)))
    return reply.code(status).send(errorBody(code, message))
  }

/**
 * Answers a path that Fastify cannot take apart (a broken escape, a parameter of great length):
 * there is nothing by that name. No hook has run or will run for such a request.
 */
export const unroutable =
  (meter: Meter) =>
  (_error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    meter.refused('request', 'not_found')
    const upgrade = request.headers.upgrade !== undefined
    // Not `end`: nobody watches this socket any more, and a peer that keeps its side open would keep it.
    if (upgrade) reply.raw.once('finish', () => request.raw.socket.destroySoon())
    reply
      .code(404)
      .headers({ ...COMMON_HEADERS, ...(upgrade ? { connection: 'close' } : {}) })
      .send(errorBody('not_found', 'There is no such resource.'))
  }

/** Answers a request with an `Expect` other than 100-continue, which Node gives to no route. */
export const unmetExpectation =
  (meter: Meter) =>
  (_request: IncomingMessage, response: ServerResponse): void => {
    meter.refused('request', 'invalid')
    const body = errorBody('invalid', 'This server does nothing of what is expected.')
    response.writeHead(417, { ...COMMON_HEADERS, 'content-type': JSON_TYPE, connection: 'close' })
    response.end(JSON.stringify(body))
  }

/** Answers what is no HTTP request, or one that did not arrive in time or in full, and hangs up. */
export const brokenRequest =
  (meter: Meter) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
    const { status, code, message } = BROKEN[error.code ?? ''] ?? {
      status: 400,
      code: 'invalid',
      message: 'This is not a valid HTTP request.',
    }
    meter.refused('request', code)
    const body = JSON.stringify(errorBody(code, message))
    const headers = {
      ...COMMON_HEADERS,
      'content-type': JSON_TYPE,
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    }
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`, () =>
      socket.destroy(),
    )
  }

const BROKEN: Partial<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'invalid',
    message: 'The request took too long.',
  },
  HPE_HEADER_OVERFLOW: { status: 431, code: 'too_large', message: 'The headers are too long.' },
}
