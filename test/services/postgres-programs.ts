import { readdirSync } from 'node:fs'
import { npmPrograms } from '../../src/adapters/local-postgres/programs.ts'
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
  const folder = npmPrograms()
  return folder === undefined ? undefined : { folder, from: 'npm' }
}
