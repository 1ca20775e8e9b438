import { type Finding, good, problem, warning } from '../../ports/finding.ts'
import { bounded, connect, DEADLINE_MS, type Sql } from './connect.ts'
import { sqlCode } from './errors.ts'
import { checksumOf, readMigrations } from './migrate.ts'

/** The first with the SQL that the migrations are written in. */
const OLDEST_MAJOR = 14
/** A node's pools, and the connection that migrates. */
const CONNECTIONS = 12
const SLOW_MS = 20
const LARGEST_SKEW_MS = 1_000
const ROUNDS = 5

/**
 * Looks at the database that nodes are to share, and changes nothing in it. Never rejects; ends within
 * some seconds whatever the server does.
 */
export const examinePostgres = async (url: string): Promise<readonly Finding[]> => {
  const sql = connect(url, 1, DEADLINE_MS)
  try {
    const state = await stateOf(sql)
    return [
      ...aboutServer(state),
      await aboutSpeed(sql),
      ...(await aboutMigrations(sql, state.mayCreate)),
    ]
  } catch (error) {
    return [problem(whyNot(error))]
  } finally {
    await sql.end({ timeout: 0 }).catch(() => {})
  }
}

interface State {
  readonly version: number
  readonly encoding: string
  readonly commit: string
  readonly fsync: string
  readonly fullPages: string
  readonly readOnly: boolean
  readonly connections: number
  readonly used: number
  readonly mayCreate: boolean
  /** How far the server's clock is ahead of this machine's, in milliseconds. */
  readonly skewMs: number
}

const stateOf = async (sql: Sql): Promise<State> => {
  // Also makes the connection, so that the next one measures the way and the clocks only.
  const [row] = await bounded(
    sql<Omit<State, 'skewMs'>[]>`
      select current_setting('server_version_num')::int / 10000 as version,
        current_setting('server_encoding') as encoding,
        current_setting('synchronous_commit') as commit,
        current_setting('fsync') as fsync,
        current_setting('full_page_writes') as "fullPages",
        pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as "readOnly",
        current_setting('max_connections')::int
          - current_setting('superuser_reserved_connections')::int as connections,
        (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used,
        coalesce(has_schema_privilege(current_schema(), 'create'), false) as "mayCreate"`,
    DEADLINE_MS,
  )
  const before = Date.now()
  const [clock] = await bounded(
    sql<{ now: number }[]>`select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`,
    DEADLINE_MS,
  )
  if (!row || !clock) throw new Error('no row')
  return { ...row, skewMs: clock.now - (before + Date.now()) / 2 }
}

const aboutServer = (state: State): readonly Finding[] => [
  state.version < OLDEST_MAJOR
    ? problem(`It is Postgres ${state.version}; ${OLDEST_MAJOR} is the oldest that will do.`)
    : good(`It answers; Postgres ${state.version}.`),
  ...when(state.encoding !== 'UTF8', [
    problem(`Its encoding is ${state.encoding}: make a database with the encoding UTF8.`),
  ]),
  ...when(state.readOnly, [
    problem('It can only be read: DATABASE_URL must lead to the primary, not to a standby.'),
  ]),
  ...when(state.commit === 'off', [
    problem('synchronous_commit is off: a crash loses acknowledged messages. Set it to on.'),
  ]),
  ...when(state.fsync !== 'on' || state.fullPages !== 'on', [
    problem('fsync or full_page_writes is off: a crash can destroy the database. Set both to on.'),
  ]),
  ...when(state.connections - state.used < CONNECTIONS, [
    warning(
      `Of ${state.connections} connections ${state.used} are in use, and a node takes up to ${CONNECTIONS}: raise max_connections.`,
    ),
  ]),
  ...when(Math.abs(state.skewMs) > LARGEST_SKEW_MS, [
    warning(
      `Its clock is ${(Math.abs(state.skewMs) / 1000).toFixed(1)} s ${state.skewMs > 0 ? 'ahead of' : 'behind'} this machine's: let both follow a time server.`,
    ),
  ]),
]

const when = (isSo: boolean, findings: readonly Finding[]): readonly Finding[] =>
  isSo ? findings : []

const aboutSpeed = async (sql: Sql): Promise<Finding> => {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = performance.now()
    await bounded(sql`select 1`, DEADLINE_MS)
    times.push(performance.now() - begun)
  }
  const ms = Math.min(...times)
  return ms > SLOW_MS
    ? warning(`It takes ${ms.toFixed(0)} ms to answer, as every message will: bring it nearer.`)
    : good(`It takes ${ms.toFixed(1)} ms to answer.`)
}

const aboutMigrations = async (sql: Sql, mayCreate: boolean): Promise<readonly Finding[]> => {
  const ours = await readMigrations()
  const [found] = await bounded(
    sql<{ there: boolean; usable: boolean }[]>`
      select count(*) filter (where relname = 'migrations') > 0 as there,
        coalesce(bool_and(has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert')
          and has_table_privilege(oid, 'update') and has_table_privilege(oid, 'delete')), true) as usable
      from pg_class
      where relnamespace = current_schema()::regnamespace and relkind = 'r'
        and relname in ('migrations', 'rooms', 'log', 'members', 'nodes')`,
    DEADLINE_MS,
  )
  if (found && !found.usable) {
    return [problem('Its tables belong to another user: use that one, or grant all on them.')]
  }
  const rows = found?.there
    ? await bounded(
        sql<{ name: string; checksum: string }[]>`select name, checksum from migrations`,
        DEADLINE_MS,
      )
    : []
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]))
  const pending = ours.filter(({ name }) => !applied.has(name)).length
  const changed = ours.filter(
    ({ name, body }) => applied.has(name) && applied.get(name) !== checksumOf(body),
  )
  const newer = rows.filter(({ name }) => ours.every((one) => one.name !== name)).length
  return [
    ...changed.map(({ name }) =>
      problem(
        `The migration ${name} was changed after it was applied: this is not a release's file.`,
      ),
    ),
    ...when(newer > 0, [
      warning('A newer release has migrated it: nodes of this one run beside it only until then.'),
    ]),
    pending === 0
      ? good('Its tables are those of this release.')
      : mayCreate
        ? good(`Migrations to apply: ${pending}. The next start of a node does it.`)
        : problem(
            `Migrations to apply: ${pending}, and its user may not make tables: grant create on the schema.`,
          ),
  ]
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'The host in DATABASE_URL has no address: is the name right?',
  EAI_AGAIN: 'The host in DATABASE_URL has no address: does name resolution work here?',
  ECONNREFUSED: 'Nobody listens at the host and port in DATABASE_URL: is Postgres running?',
  ENOENT: 'There is no socket in the folder that DATABASE_URL names: is Postgres running?',
  EHOSTUNREACH: 'There is no way to the host in DATABASE_URL.',
  ENETUNREACH: 'There is no way to the host in DATABASE_URL.',
  CONNECT_TIMEOUT: 'The host in DATABASE_URL does not answer: does a firewall drop the packets?',
  '28P01': 'Postgres refuses the password in DATABASE_URL.',
  '28000': 'Postgres refuses the user in DATABASE_URL, or asks for TLS: see its pg_hba.conf.',
  '3D000': 'The database in DATABASE_URL does not exist: make it with `create database`.',
  '42501': 'The user in DATABASE_URL may not read what it has to.',
  '53300': 'Postgres has no connection left: raise max_connections.',
  '57P03': 'Postgres is starting or stopping: try again.',
}

const whyNot = (error: unknown): string => {
  const code = sqlCode(error) ?? ''
  return REASONS[code] ?? `Postgres does not answer as it should${code && ` (${code})`}.`
}
