import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { debianProgram, type Program } from './debian-program.ts'
import { folderOnPath } from './programs.ts'
import { privateFolder, startServer, type Server } from './server-process.ts'

const SHIPPED = new URL('../../deploy/nginx/nginx.conf', import.meta.url)

/**
 * Starts nginx on this machine with the configuration that we ship, in front of these ports of
 * 127.0.0.1. Only addresses and the folder that it writes to are others.
 * @throws Error when no nginx can be found, fetched or started
 */
export const startNginx = async (nodes: readonly [number, number]): Promise<Server> => {
  const { file, env } = await nginxProgram()
  return startServer(
    {
      name: 'nginx',
      url: (port) => `http://127.0.0.1:${port}`,
      command: (folder, port) => {
        const configuration = join(folder, 'nginx.conf')
        writeFileSync(configuration, adapted(folder, port, nodes))
        const args = ['-p', folder, '-e', 'stderr', '-c', configuration, '-g', 'daemon off;']
        return { file, args, env }
      },
      ping: async (port) => {
        const socket = connect({ host: '127.0.0.1', port })
        try {
          await once(socket, 'connect', { signal: AbortSignal.timeout(2_000) })
        } finally {
          socket.destroy()
        }
      },
    },
    await privateFolder('nginx'),
  )
}

const nginxProgram = async (): Promise<Program> => {
  const folder = folderOnPath('nginx')
  if (folder !== undefined) return { file: join(folder, 'nginx'), env: {}, from: 'PATH' }
  const fetched = await debianProgram({
    package: 'nginx',
    file: 'usr/sbin/nginx',
    trial: ['-v'],
  })
  if (fetched === undefined) throw new Error('There is no nginx: install it (brew install nginx).')
  return fetched
}

const adapted = (folder: string, port: number, nodes: readonly [number, number]): string => {
  let text = readFileSync(SHIPPED, 'utf8')
  const replace = (from: string, to: string): void => {
    if (!text.includes(from)) throw new Error(`nginx.conf has no ${from}`)
    text = text.replaceAll(from, to)
  }
  replace('listen 8080;', `listen 127.0.0.1:${port};`)
  replace('server node-1:8080', `server 127.0.0.1:${nodes[0]}`)
  replace('server node-2:8080', `server 127.0.0.1:${nodes[1]}`)
  replace(' /tmp/', ` ${folder}/`)
  return text
}
