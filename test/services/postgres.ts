import { chown } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { postgresPrograms, type PostgresPrograms } from './postgres-programs.ts'
import { run, runs } from './programs.ts'
import { privateFolder, startServer, type Command, type Server } from './server-process.ts'

/** The user `nobody`, where a root without user namespaces runs Postgres. */
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

/**
 * Postgres refuses to run as root. In a user namespace root can be somebody else without any such
 * user on the machine; where namespaces are forbidden it becomes `nobody`, who must then be able
 * to read the programs' folder.
 */
const nonRoot = async (
  folder: string,
): Promise<(file: string, args: readonly string[]) => Command> => {
  if (process.getuid?.() !== 0) return (file, args) => ({ file, args })
  const namespace = ['--user', '--map-user=1000', '--map-group=1000']
  if (await runs('unshare', [...namespace, 'true'])) {
    return (file, args) => ({ file: 'unshare', args: [...namespace, file, ...args] })
  }
  await chown(folder, NOBODY, NOBODY)
  return (file, args) => ({ file, args, runAs: NOBODY })
}
