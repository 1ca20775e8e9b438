import { RoomError } from '../../ports/errors.ts'

const MAX_CAUSES = 3

/** An error as it goes into the log. */
export interface LoggedError {
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
export const told = (thrown: unknown, depth = 0): LoggedError => {
  if (!(thrown instanceof Error)) return { type: typeof thrown }
  const code = codeIn(thrown)
  const at = placesIn(thrown)
  const nested = depth < MAX_CAUSES
  return {
    type: WORD.test(thrown.constructor.name) ? thrown.constructor.name : 'Error',
    ...(code !== undefined && { code }),
    ...(isOurs(thrown) && { message: thrown.message }),
    ...(at.length > 0 && { at }),
    ...(nested && thrown.cause !== undefined && { cause: told(thrown.cause, depth + 1) }),
    ...(nested &&
      thrown instanceof AggregateError && {
        errors: thrown.errors.map((each: unknown) => told(each, depth + 1)),
      }),
  }
}

/** A name of a class or a code, such as 23505 or ECONNREFUSED; no text, id or address is one. */
const WORD = /^\w{1,40}$/

const codeIn = (thrown: Error): string | undefined =>
  'code' in thrown && typeof thrown.code === 'string' && WORD.test(thrown.code)
    ? thrown.code
    : undefined

/** A stack begins with the message, and a line of a message may look like a place. */
const PLACE = /^ {4}at (?:.* \()?(?:file:\/\/|node:|\/|[A-Za-z]:\\)[^()]*:\d+:\d+\)?$/

const placesIn = ({ stack = '', message }: Error): string[] => {
  const start = stack.indexOf(message)
  // A message that was changed afterwards: the stack begins with the old one, however long.
  if (start < 0 || stack.slice(0, start).includes('\n')) return []
  return stack
    .slice(start + message.length)
    .split('\n')
    .filter((line) => PLACE.test(line))
    .map((line) => line.trim())
}

/**
 * Messages that are fixed sentences of this project or name code, not data. A bug's type with a
 * code is Node refusing an argument, and its message shows the argument.
 */
const isOurs = (thrown: Error): boolean =>
  thrown instanceof RoomError ||
  (!('code' in thrown) &&
    (thrown instanceof TypeError ||
      thrown instanceof RangeError ||
      thrown instanceof ReferenceError))
