import { RoomError } from '../../ports/errors.ts'

/** The reply did not come in time. */
export class DeadlineMissed extends Error {
  override readonly name = 'DeadlineMissed'
}

export const UNIQUE_VIOLATION = '23505'

// The server refused or rolled back for certain: cancelled or timed out (57014), no lock (55P03),
// deadlock or serialisation (40P01, 40001), read only (25006), starting or stopping (57P03),
// a dropped database (57P04), and class 53, no resources: disk, memory, connections. 58030: an I/O
// error before the commit record.
const ROLLED_BACK = new Set([
  '57014',
  '55P03',
  '40P01',
  '40001',
  '25006',
  '57P03',
  '57P04',
  '58030',
])

// The connection ended while the work was under way. 57P01 and 57P02 can come after a commit.
const ENDED = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  '57P01',
  '57P02',
  '40003',
])

/** The SQLSTATE or the library's code of anything thrown. */
export const sqlCode = (error: unknown): string | undefined => {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

/** Whether no connection was made, so that nothing was sent. */
const neverSent = (error: unknown, code: string): boolean =>
  code === 'CONNECT_TIMEOUT' ||
  code === 'ECONNREFUSED' ||
  code === 'ENOENT' ||
  (error instanceof Error &&
    'syscall' in error &&
    (error.syscall === 'connect' || error.syscall === 'getaddrinfo'))

/**
 * What crosses the port for what the library threw.
 * @param kind a `read` stored nothing whatever became of it, so it never ends `unknown`
 */
export const translate = (error: unknown, kind: 'read' | 'write'): RoomError => {
  if (error instanceof RoomError) return error
  const code = sqlCode(error) ?? ''
  const cause = withoutData(error, code)
  if (neverSent(error, code) || ROLLED_BACK.has(code) || code.startsWith('53')) {
    return new RoomError('unavailable', 'The repository is not available.', cause)
  }
  if (error instanceof DeadlineMissed || ENDED.has(code) || code.startsWith('08')) {
    return kind === 'read'
      ? new RoomError('unavailable', 'The repository is not available.', cause)
      : new RoomError('unknown', 'The repository did not confirm.', cause)
  }
  return new RoomError('internal', 'The repository failed.', cause)
}

/** The library's errors carry statements with all their parameters, rows and addresses. */
const withoutData = (error: unknown, code: string): unknown => {
  if (code === '' || !(error instanceof Error)) return error
  // In class 22, bad data, the message quotes the data.
  const quotable =
    /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('22') && error.name === 'PostgresError'
  return Object.assign(new Error(quotable ? error.message : code), { name: error.name, code })
}
