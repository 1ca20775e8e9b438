import { chown, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CannotStart } from './cannot-start.ts'
import { Guarded } from './guarded.ts'
import { LOCK_NAME_BYTES } from './lock.ts'
import { notRoot, type NotRoot } from './not-root.ts'

const PORT = 5432
const SOCKET = `.s.PGSQL.${PORT}`
const UNFINISHED = 'initdb-'
const MAX_LOG_BYTES = 1 << 20
/** What an address of a Unix socket has room for. */
const SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103

/** What is where in DATA_DIR. */
export interface DataFolder {
  readonly top: string
  /** Postgres' own. */
  readonly data: string
  /** Sockets: Postgres', and the claims of servers. Only for its owner: who can enter is let in. */
  readonly run: string
  readonly log: string
  /** Of the database, for the postgres adapter. */
  readonly url: string
}

export const dataFolder = (dataDir: string): DataFolder => {
  const top = resolve(dataDir)
  const run = join(top, 'run')
  return {
    top,
    data: join(top, 'postgres'),
    run,
    log: join(top, 'postgres.log'),
    url: `postgres://postgres@localhost:${PORT}/postgres?host=${encodeURIComponent(run)}`,
  }
}

/** @throws CannotStart when a socket in it would have a longer path than sockets can have */
export const checkLength = ({ top }: Pick<DataFolder, 'top'>): void => {
  const room = SOCKET_PATH_BYTES - Math.max(LOCK_NAME_BYTES, SOCKET.length) - '/run/'.length
  if (Buffer.byteLength(top) > room) {
    throw new CannotStart(`the path of the folder in DATA_DIR is too long: ${room} bytes at most.`)
  }
}

/**
 * Makes the folder if it is not there.
 * @returns who Postgres runs as in it
 * @throws CannotStart when it cannot be used
 */
export const openFolder = async ({ top, run, log }: DataFolder): Promise<NotRoot> => {
  checkLength({ top })
  try {
    await mkdir(run, { recursive: true, mode: 0o700 })
    const postgres = await notRoot(top)
    if (postgres.owner) await chown(run, postgres.owner.uid, postgres.owner.gid)
    // What a log grew to is kept once.
    const { size } = await stat(log).catch(() => ({ size: 0 }))
    if (size > MAX_LOG_BYTES) await rename(log, `${log}.1`)
    return postgres
  } catch (error) {
    throw inWords(error)
  }
}

/**
 * @returns whether there is a database cluster
 * @throws CannotStart when another major version of Postgres made it
 */
export const checkVersion = async (data: string, major: string): Promise<boolean> => {
  const found = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (found === undefined || found.trim() === major) return found !== undefined
  throw new CannotStart(
    `the folder in DATA_DIR was made by Postgres ${found.trim()}, and this is ${major}: start the ` +
      'release of sharechat that made it, or see docs/upgrading.md.',
  )
}

/**
 * Makes a database cluster in the folder unless it has one. Needs the folder's lock.
 * @param major of the programs
 * @throws CannotStart when it fails, or another major version of Postgres made the one that is there
 */
export const makeCluster = async (
  { top, data, log }: DataFolder,
  postgres: NotRoot,
  { folder, major }: { readonly folder: string; readonly major: string },
  signal: AbortSignal,
): Promise<void> => {
  if (await checkVersion(data, major)) return
  try {
    for (const name of await readdir(top)) {
      if (name.startsWith(UNFINISHED)) await rm(join(top, name), { recursive: true, force: true })
    }
    // Under another name until it is whole, so that a crash leaves nothing half made.
    const unfinished = await mkdtemp(join(top, UNFINISHED))
    if (postgres.owner) await chown(unfinished, postgres.owner.uid, postgres.owner.gid)
    const code = await withLog(log, async (fd) => {
      const command = [join(folder, 'initdb'), ...INITDB, `--pgdata=${unfinished}`]
      return new Guarded(command, postgres, { cwd: top, log: fd, signal }).exited
    })
    signal.throwIfAborted()
    if (code !== 0) {
      throw new CannotStart(`Postgres could not make its files. ${await lastWords(log)}`)
    }
    await rename(unfinished, data)
  } catch (error) {
    throw inWords(error)
  }
}

/** Nobody but the owner of the folder comes to the socket, so whoever does needs no password. */
const INITDB = [
  '--auth=trust',
  '--username=postgres',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
]

/**
 * The command that runs Postgres on the folder: on a Unix socket only, keeping what it acknowledged, and
 * with a log that has no rows, values or statements in it. What is set here counts more than the
 * folder's own configuration.
 */
export const postgresCommand = ({ data }: DataFolder, programs: string): readonly string[] => [
  join(programs, 'postgres'),
  '-D',
  data,
  ...[
    'listen_addresses=',
    // As Postgres sees it from its folder: a path with a comma or a quote would need escapes.
    'unix_socket_directories=../run',
    'unix_socket_permissions=0700',
    `port=${PORT}`,
    'fsync=on',
    'synchronous_commit=on',
    'full_page_writes=on',
    'log_destination=stderr',
    'logging_collector=off',
    'log_checkpoints=off',
    'log_error_verbosity=terse',
    'log_min_error_statement=panic',
  ].flatMap((setting) => ['-c', setting]),
]

/** Lends an open file to append to. */
export const withLog = async <T>(log: string, use: (fd: number) => T): Promise<Awaited<T>> => {
  const file = await open(log, 'a', 0o600)
  try {
    return await use(file.fd)
  } finally {
    await file.close()
  }
}

/** What Postgres said last, for the one who started the server. */
export const lastWords = async (log: string): Promise<string> => {
  const text = await readFile(log, 'utf8').catch(() => '')
  const lines = text.trim().split('\n')
  const words = lines.findLast((line) => FAILURE.test(line)) ?? lines.at(-1) ?? ''
  return `It says: ${words.replace(FAILURE, '')}.`
}

const FAILURE = /^.*(?:FATAL|PANIC|error): +/i

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'the server may not write to the folder in DATA_DIR: make its user the owner.',
  EPERM: 'the server may not write to the folder in DATA_DIR: make its user the owner.',
  EROFS: 'the folder in DATA_DIR is on a disk that can only be read: choose another one.',
  ENOSPC: 'the disk of the folder in DATA_DIR is full.',
  EDQUOT: 'the disk of the folder in DATA_DIR is full.',
  ENOENT: 'the folder in DATA_DIR cannot be made there: choose another place.',
  ENOTDIR: 'DATA_DIR must be a folder, and a part of its path is a file.',
  EEXIST: 'DATA_DIR must be a folder, and there is a file of this name.',
}

/** @returns CannotStart for what the file system refused, anything else as it was */
export const inWords = (error: unknown): unknown => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = REASONS[code]
  return reason === undefined ? error : new CannotStart(reason, { cause: error })
}
