import { createRequire } from 'node:module'
import { join } from 'node:path'
import { plainProtocol } from '../src/stress/plain-protocol.ts'
import type { Protocol } from '../src/stress/load.ts'
import { privateFolder, startServer, type Server } from '../test/services/server-process.ts'
import { createDatabase, type Services } from './services.ts'
import { socketIoProtocol } from './socket-io-protocol.ts'

export type ContenderName =
  | 'embedded'
  | 'cluster'
  | 'ws'
  | 'ws + insert'
  | 'fastify'
  | 'fastify + joins'
  | 'socket.io'
  | 'socket.io + redis'
  | 'bun'

/** Running servers that serve the same rooms; the peers are one server each. */
export interface Contender {
  readonly name: ContenderName
  readonly urls: readonly URL[]
  readonly pids: readonly number[]
  readonly protocol: Protocol
  /** Of its database, if it has one. */
  readonly databaseUrl?: string
  stop(): Promise<void>
}

const DATABASE_USERS = new Set<ContenderName>(['cluster', 'ws + insert', 'fastify + joins'])

/** `make` runs everything at the top of the repository. */
const top = process.cwd()

interface Program {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const ours = (databaseUrl: string, redisUrl: string): Program => ({
  file: process.execPath,
  args: [join(top, 'dist/main.js')],
  env: { HOST: '127.0.0.1', RATE_LIMIT: 'off', DATABASE_URL: databaseUrl, REDIS_URL: redisUrl },
})

const peer = (name: string, env: Readonly<Record<string, string>> = {}): Program => ({
  file: process.execPath,
  args: [peerFile(name)],
  env: { DATABASE_URL: '', REDIS_URL: '', ...env },
})

const peerFile = (name: string): string => join(top, 'bench/peers', `${name}.mjs`)

/** @throws Error when npm has no Bun for this platform */
const bun = (): Program => {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch
  const here = createRequire(join(top, 'bench/package.json'))
  const file = here.resolve(`@oven/bun-${process.platform}-${arch}/bin/bun`)
  return { file, args: [peerFile('bun')], env: {} }
}

/**
 * @param nodes how many of them, over the same Postgres and Redis; more than one in a cluster only
 * @throws Error when it does not start
 */
export const startContender = async (
  name: ContenderName,
  services: Services,
  nodes = 1,
): Promise<Contender> => {
  const usesDatabase = DATABASE_USERS.has(name)
  const database = usesDatabase ? await createDatabase(services.postgres.url) : undefined
  const program = programOf(name, database?.url ?? '', services.redis.url)
  const servers: Server[] = []
  const stop = async (): Promise<void> => {
    // Not by its own drain: nobody is left to whom the members' leaving would matter.
    await Promise.all(servers.map((server) => server.kill('SIGKILL').then(() => server.stop())))
    await database?.drop()
  }
  try {
    for (let node = 0; node < nodes; node++) servers.push(await start(name, program))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    name,
    urls: servers.map((server) => new URL(server.url)),
    pids: servers.map((server) => server.pid),
    protocol: name.startsWith('socket.io') ? socketIoProtocol : plainProtocol,
    ...(database === undefined ? {} : { databaseUrl: database.url }),
    stop,
  }
}

const programOf = (name: ContenderName, databaseUrl: string, redisUrl: string): Program => {
  switch (name) {
    case 'embedded':
      return ours('', '')
    case 'cluster':
      return ours(databaseUrl, redisUrl)
    case 'ws + insert':
      return peer('ws-insert', { DATABASE_URL: databaseUrl })
    case 'fastify + joins':
      return peer('fastify-joins', { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl })
    case 'socket.io':
      return peer('socket-io')
    case 'socket.io + redis':
      return peer('socket-io', { REDIS_URL: redisUrl })
    case 'bun':
      return bun()
    case 'ws':
    case 'fastify':
      return peer(name)
  }
}

const start = async (name: string, { file, args, env }: Program): Promise<Server> =>
  startServer(
    {
      name,
      url: (port) => `http://127.0.0.1:${port}`,
      command: (_folder, port) => ({
        file,
        args: [...args, String(port)],
        env: { ...env, PORT: String(port) },
      }),
      ping: async (port) => {
        await createRoom(new URL(`http://127.0.0.1:${port}`))
      },
    },
    await privateFolder('bench'),
  )

/** Makes a room and answers with its id. */
export const createRoom = async (url: URL): Promise<string> => {
  const answer = await fetch(new URL('/api/room', url), {
    method: 'POST',
    signal: AbortSignal.timeout(5_000),
  })
  const { roomId } = (await answer.json()) as { readonly roomId?: string }
  if (roomId === undefined) throw new Error(`POST /api/room: ${answer.status}`)
  return roomId
}

/** Makes so many rooms, twenty at a time. */
export const createRooms = async (url: URL, count: number): Promise<readonly string[]> => {
  const roomIds: string[] = []
  while (roomIds.length < count) {
    const next = Math.min(20, count - roomIds.length)
    roomIds.push(...(await Promise.all(Array.from({ length: next }, () => createRoom(url)))))
  }
  return roomIds
}
