import { join } from 'node:path'
import { debianProgram, type Program } from './debian-program.ts'
import { folderOnPath } from './programs.ts'

/**
 * The Redis of this machine, or else Debian's, fetched into a private folder.
 * @throws Error when there is neither
 */
export const redisProgram = async (): Promise<Program> => {
  const found = machineRedis() ?? (await aptRedis())
  if (found === undefined) throw new Error('there is no Redis on PATH')
  return found
}

export const machineRedis = (): Program | undefined => {
  for (const name of ['redis-server', 'valkey-server']) {
    const folder = folderOnPath(name)
    if (folder !== undefined) return { file: join(folder, name), env: {}, from: 'PATH' }
  }
  return undefined
}

/** Debian's Redis; undefined on a machine without apt. */
export const aptRedis = (): Promise<Program | undefined> =>
  debianProgram({
    package: 'redis-server',
    file: 'usr/bin/redis-server',
    trial: ['--version'],
  })
