import { chown } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { notRoot } from '../../src/adapters/local-postgres/not-root.ts'
import { postgresPrograms, type PostgresPrograms } from './postgres-programs.ts'
import { run } from './programs.ts'
import { privateFolder, startServer, type Command, type Server } from './server-process.ts'

/** The user `nobody`, who must be able to read the programs' folder. */
const NOBODY = 65_534

/**
 * Starts a Postgres of its own on this machine: its first superuser is `postgres`, without a
 * password, and databases may be created.
 * @param disk `unsynced` is for tests: data outlive a killed process, not a killed machine
 * @throws Error when no Postgres program can be found or started
 */
export const startPostgres = async (
  programs: PostgresPrograms = postgresPrograms(),
  disk: 'synced' | 'unsynced' = 'unsynced',
): Promise<Server> => {
  const folder = await privateFolder('postgres')
  const data = join(folder, 'data')
  const asNonRoot = await nonRoot(folder)
  const initdb = asNonRoot(join(programs.folder, 'initdb'), [
    '--no-sync',
    '--auth=trust',
    '--username=postgres',
    '--encoding=UTF8',
    '--locale=C',
    `--pgdata=${data}`,
  ])
  await run(initdb.file, initdb.args, initdb)
  const url = (port: number): string => `postgres://postgres@127.0.0.1:${port}/postgres`
  return startServer(
    {
      name: 'Postgres',
      url,
      command: (_folder, port) =>
        asNonRoot(join(programs.folder, 'postgres'), ['-D', data, ...settings(port, disk)]),
      ping: (port) => pingPostgres(url(port)),
    },
    folder,
  )
}

/** Resolves when a Postgres answers a query. */
export const pingPostgres = async (url: string): Promise<void> => {
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} })
  try {
    await sql`select 1`
  } finally {
    await sql.end({ timeout: 1 })
  }
}

const settings = (port: number, disk: 'synced' | 'unsynced'): readonly string[] =>
  [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=200',
    ...(disk === 'synced' ? [] : ['fsync=off', 'full_page_writes=off']),
  ].flatMap((setting) => ['-c', setting])

/** As the server does it; where root may not make namespaces, it becomes `nobody`. */
const nonRoot = async (
  folder: string,
): Promise<(file: string, args: readonly string[]) => Command> => {
  const { prefix, owner } = await notRoot(folder).catch(async () => {
    await chown(folder, NOBODY, NOBODY)
    return notRoot(folder)
  })
  return (program, args) => {
    const [file = program, ...rest] = [...prefix, program, ...args]
    return { file, args: rest, ...(owner && { runAs: owner.uid }) }
  }
}
