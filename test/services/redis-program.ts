import { join } from 'node:path'
import { folderOnPath } from './programs.ts'
import { aptRedis } from './redis-from-apt.ts'

/** A program that is a Redis server, and in words where it comes from. */
export interface RedisProgram {
  readonly file: string
  readonly env: Readonly<Record<string, string>>
  readonly from: string
}

/**
 * The Redis of this machine, or else Debian's, fetched into a private folder.
 * @throws Error when there is neither
 */
export const redisProgram = async (): Promise<RedisProgram> => {
  const found = machineRedis() ?? (await aptRedis())
  if (found === undefined) throw new Error('there is no Redis on PATH')
  return found
}

export const machineRedis = (): RedisProgram | undefined => {
  for (const name of ['redis-server', 'valkey-server']) {
    const folder = folderOnPath(name)
    if (folder !== undefined) return { file: join(folder, name), env: {}, from: 'PATH' }
  }
  return undefined
}
