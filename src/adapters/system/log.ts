import { destination, pino, type DestinationStream, type Level, type Logger } from 'pino'
import { RoomError } from '../../ports/errors.ts'
import type { Log, LogFields } from '../../ports/log.ts'

const STDERR = 2
const MAX_CAUSES = 3

export type LogLevel = Level | 'silent'

/** Lines of JSON on stderr. */
export class PinoLog implements Log {
  readonly #pino: Logger

  /** @param write takes each line; stderr by default */
  constructor(level: LogLevel, write: DestinationStream = destination({ fd: STDERR, sync: true })) {
    this.#pino = pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        serializers: { error: (thrown: unknown) => told(thrown) },
      },
      write,
    )
  }

  debug(event: string, fields: LogFields = {}): void {
    this.#pino.debug(fields, event)
  }

  info(event: string, fields: LogFields = {}): void {
    this.#pino.info(fields, event)
  }

  warn(event: string, fields: LogFields = {}): void {
    this.#pino.warn(fields, event)
  }

  error(event: string, fields: LogFields = {}): void {
    this.#pino.error(fields, event)
  }
}

interface LoggedError {
  readonly type: string
  readonly code?: string
  readonly message?: string
  readonly at?: readonly string[]
  readonly cause?: LoggedError
  readonly errors?: readonly LoggedError[]
}

/**
 * What may be told of an error. Messages and fields of libraries can hold texts, names, ids and
 * addresses (a driver's detail, a parser's excerpt, the peer of a socket), so of their errors only
 * type, code and the places in the code go out.
 */
const told = (thrown: unknown, depth = 0): LoggedError => {
  if (!(thrown instanceof Error)) return { type: typeof thrown }
  const code: unknown = 'code' in thrown ? thrown.code : undefined
  const at = thrown.stack?.split('\n').filter((line) => /^ {4}at /.test(line))
  const nested = depth < MAX_CAUSES
  return {
    type: thrown.constructor.name,
    ...(typeof code === 'string' && { code }),
    ...(isOurs(thrown) && { message: thrown.message }),
    ...(at && at.length > 0 && { at: at.map((line) => line.trim()) }),
    ...(nested && thrown.cause !== undefined && { cause: told(thrown.cause, depth + 1) }),
    ...(nested &&
      thrown instanceof AggregateError && {
        errors: thrown.errors.map((each: unknown) => told(each, depth + 1)),
      }),
  }
}

/** Messages that are fixed sentences of this project or name code, not data. */
const isOurs = (thrown: Error): boolean =>
  thrown instanceof RoomError ||
  thrown instanceof TypeError ||
  thrown instanceof RangeError ||
  thrown instanceof ReferenceError
