import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { bounded, connect, DEADLINE_MS } from './connect.ts'
import { translate } from './errors.ts'

const MIGRATIONS = new URL('migrations/', import.meta.url)
/** Long enough for an index on a large log, and for waiting while another node makes it. */
const STATEMENT_MS = 60_000
/** Any number, the same in every version: it names the lock. */
const LOCK = 7_421_035

export interface Migration {
  readonly name: string
  readonly body: string
}

/** The files of the migrations directory, in the order in which they are applied. */
export const readMigrations = async (): Promise<readonly Migration[]> => {
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).toSorted()
  return Promise.all(
    names.map(async (name) => ({ name, body: await readFile(new URL(name, MIGRATIONS), 'utf8') })),
  )
}

/**
 * Applies what is missing, each migration in a transaction of its own. Any number of nodes may do
 * this at once. Migrations that this version does not know are left alone: a newer version runs.
 * Rejects with `unavailable` when the server cannot be reached (call again), with `internal` when
 * an applied migration has changed since or one fails; that one leaves no trace.
 */
export const migrate = async (url: string, migrations: readonly Migration[]): Promise<void> => {
  const sql = connect(url, 1, STATEMENT_MS)
  try {
    await bounded(sql`select 1`, DEADLINE_MS)
    for (const migration of migrations) {
      await bounded(sql.unsafe(statement(migration)), STATEMENT_MS + DEADLINE_MS)
    }
  } catch (error) {
    // Whatever was under way, doing it again is safe: nothing to tell apart as for a write.
    throw translate(error, 'read')
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** What tells whether a migration is still the one that was applied. */
export const checksumOf = (body: string): string => createHash('sha256').update(body).digest('hex')

/**
 * One statement does it all, because a lost connection between statements would be replaced
 * silently, without the lock and outside the transaction. The lock ends with the transaction.
 */
const statement = ({ name, body }: Migration): string => {
  const checksum = checksumOf(body)
  return `do $run$
declare
  v_checksum text;
begin
  set local lock_timeout = 0;
  perform pg_advisory_xact_lock(${LOCK});
  create table if not exists migrations (
    name text primary key,
    checksum text not null,
    applied timestamptz not null default clock_timestamp()
  );
  select checksum into v_checksum from migrations where name = '${name}';
  if v_checksum is null then
    execute $migration$${body}$migration$;
    insert into migrations (name, checksum) values ('${name}', '${checksum}');
  elsif v_checksum <> '${checksum}' then
    raise exception 'migration ${name} was changed after it was applied';
  end if;
end $run$`
}
