import postgres from 'postgres'
import { RoomError } from '../../ports/errors.ts'
import { DeadlineMissed, sqlCode, translate } from './errors.ts'

export type Sql = postgres.Sql<{ bigint: number }>

/** A live server has answered by then: its own statement_timeout is shorter. */
export const DEADLINE_MS = 2_500
const STATEMENT_TIMEOUT_MS = 2_000
/** Less than the statement's, so that the error tells which of the two it was. */
const LOCK_TIMEOUT_MS = 1_500
const WAIT_MS = 1_000
const MAX_WAITING = 500
const END_SECONDS = 2

/**
 * Where a URL leads: as for Postgres' own programs, `?host=/folder` is the folder of a Unix socket.
 * The library knows such a folder as an option only.
 */
const addressOf = (text: string): { readonly url: string; readonly path?: string } => {
  const url = new URL(text)
  const folder = url.searchParams.get('host')
  if (!folder?.startsWith('/')) return { url: text }
  url.searchParams.delete('host')
  return { url: url.href, path: `${folder}/.s.PGSQL.${url.port || 5432}` }
}

/**
 * A lazy pool of the library's, which bounds nothing but the making of a connection: see Pool.
 * @param max connections
 * @param statementMs after which the server cancels a statement
 */
export const connect = (address: string, max: number, statementMs: number): Sql => {
  const { url, ...socket } = addressOf(address)
  return postgres(url, {
    ...socket,
    max,
    // Shorter than the deadline: a connection that cannot be made means that nothing was sent.
    connect_timeout: 2,
    keep_alive: 10,
    // The default waits many seconds after an outage. Seconds, with jitter.
    backoff: (retries) => Math.min(0.05 * 2 ** retries, 0.75) * (0.75 + Math.random() / 2),
    // Array types are not looked up; arrays go out as literals (see arrays.ts).
    fetch_types: false,
    onnotice: () => {},
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    connection: {
      application_name: 'sharechat',
      statement_timeout: statementMs,
      lock_timeout: Math.min(LOCK_TIMEOUT_MS, statementMs),
      default_transaction_isolation: 'read committed',
    },
  })
}

/**
 * Settles like `reply`, or rejects with DeadlineMissed after `ms` milliseconds. The library itself
 * waits for ever: for a reply, and for a connection to something that accepts and closes at once.
 */
export const bounded = <T>(reply: PromiseLike<T>, ms: number): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      // Timers come before sockets: if this process stalled, the reply may be there, unread.
      setImmediate(() => reject(new DeadlineMissed('no reply in time')))
    }, ms)
    reply.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })

interface Waiter {
  readonly go: () => void
  readonly refuse: () => void
}

/**
 * A bounded pool: at most `max` statements are with the library, at most 500 wait, for at most a
 * second, and each is answered within 2.5 s of being sent. Nothing is pipelined, so a statement
 * behind a lock delays no other.
 */
export class Pool {
  readonly #url: string
  readonly #max: number
  readonly #onSilent: () => void
  #sql: Sql
  #active = 0
  #stopped = false
  readonly #waiting = new Set<Waiter>()
  readonly #retired = new Set<Promise<void>>()

  /** @param onSilent called when the server was found silent, and the connections were left */
  constructor(url: string, max: number, onSilent: () => void) {
    this.#url = url
    this.#max = max
    this.#onSilent = onSilent
    this.#sql = connect(url, max, STATEMENT_TIMEOUT_MS)
  }

  /** Runs one statement that stores nothing. Rejects with `unavailable` or `internal`. */
  read<T>(query: (sql: Sql) => PromiseLike<T>): Promise<T> {
    return this.#run(query, 'read')
  }

  /** Runs one statement. Rejects with `unavailable`, `unknown` or `internal`. */
  write<T>(query: (sql: Sql) => PromiseLike<T>): Promise<T> {
    return this.#run(query, 'write')
  }

  /** Takes new connections from now on; what runs on the old ones has two seconds. */
  renew(): void {
    this.#replace(this.#sql)
  }

  /** Refuses what waits and comes later, gives what runs two seconds. Never rejects; idempotent. */
  async stop(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true
      for (const waiter of this.#waiting) waiter.refuse()
      this.#retire(this.#sql)
    }
    await Promise.all(this.#retired)
  }

  async #run<T>(query: (sql: Sql) => PromiseLike<T>, kind: 'read' | 'write'): Promise<T> {
    if (this.#stopped) throw new RoomError('unavailable', 'The repository is closed.')
    if (this.#active >= this.#max) await this.#wait()
    else this.#active += 1
    const sql = this.#sql
    try {
      return await bounded(query(sql), DEADLINE_MS)
    } catch (error) {
      // A server that answers has answered by now: it is frozen, or the link is dead. Connections
      // on a dead link would be used again and again, and the library can get stuck connecting.
      const silent = error instanceof DeadlineMissed || sqlCode(error) === 'CONNECT_TIMEOUT'
      if (silent && this.#replace(sql)) this.#onSilent()
      throw translate(error, kind)
    } finally {
      this.#leave()
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.size >= MAX_WAITING) throw new RoomError('unavailable', 'Too many wait.')
    return new Promise((resolve, reject) => {
      const waiter = {
        go: () => {
          clearTimeout(timer)
          this.#waiting.delete(waiter)
          resolve()
        },
        refuse: () => {
          clearTimeout(timer)
          this.#waiting.delete(waiter)
          reject(new RoomError('unavailable', 'The repository is too slow.'))
        },
      }
      const timer = setTimeout(waiter.refuse, WAIT_MS)
      this.#waiting.add(waiter)
    })
  }

  /** Hands this place to who waits longest, so that nobody overtakes. */
  #leave(): void {
    for (const waiter of this.#waiting) {
      waiter.go()
      return
    }
    this.#active -= 1
  }

  /** @returns whether these were still the connections in use */
  #replace(sql: Sql): boolean {
    if (sql !== this.#sql || this.#stopped) return false
    this.#sql = connect(this.#url, this.#max, STATEMENT_TIMEOUT_MS)
    this.#retire(sql)
    return true
  }

  /** Lets what is under way end, then cuts. A bare `end()` can hang for ever after a lost server. */
  #retire(sql: Sql): void {
    const ended = sql.end({ timeout: END_SECONDS }).catch(() => {})
    this.#retired.add(ended)
    void ended.then(() => this.#retired.delete(ended))
  }
}
