import { once } from 'node:events'
import { connect } from 'node:net'
import type { Program } from './debian-program.ts'
import { redisProgram } from './redis-program.ts'
import { privateFolder, startServer, type Server } from './server-process.ts'

/**
 * Starts a Redis of its own on this machine, which keeps nothing over a restart.
 * @throws Error when no Redis program can be found, fetched or started
 */
export const startRedis = async (program?: Program): Promise<Server> => {
  const { file, env } = program ?? (await redisProgram())
  return startServer(
    {
      name: 'Redis',
      url: (port) => `redis://127.0.0.1:${port}`,
      command: (folder, port) => ({
        file,
        args: ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', ''],
        env,
      }),
      ping: (port) => pingRedis(`redis://127.0.0.1:${port}`),
    },
    await privateFolder('redis'),
  )
}

/** Resolves when a server at this address speaks Redis' protocol; it may still ask for a password. */
export const pingRedis = async (url: string): Promise<void> => {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port || 6379) })
  try {
    const signal = AbortSignal.timeout(2_000)
    await once(socket, 'connect', { signal })
    socket.write('PING\r\n')
    const [answer] = (await once(socket, 'data', { signal })) as [Buffer]
    if (!/^(\+PONG|-NOAUTH)/.test(answer.toString())) throw new Error('this is not a ready Redis')
  } finally {
    socket.destroy()
  }
}
