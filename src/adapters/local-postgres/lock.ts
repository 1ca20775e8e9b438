import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const PREFIX = 'lock-'
const ATTEMPTS = 4
const LONGEST_PAUSE_MS = 200

/** The longest name of a file that is made here, in bytes. */
export const LOCK_NAME_BYTES = PREFIX.length + 8

export type Release = () => Promise<void>

/**
 * Makes this process the only one that holds the folder; undefined when another one does.
 *
 * A claim is a socket under a name of its own, on which its process listens: the kernel closes it
 * with the process, and no pid is trusted, which may be somebody else's after a crash. A process
 * looks at the claims of others only after it made its own, so of two at the same moment at least one
 * sees the other; should both, they try again after pauses of different lengths.
 */
export const takeLock = async (folder: string): Promise<Release | undefined> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const name = `${PREFIX}${randomBytes(4).toString('hex')}`
    const release = await claim(join(folder, name))
    if (!(await isClaimedByOthers(folder, name))) return release
    await release()
    await pause(Math.random() * LONGEST_PAUSE_MS)
  }
  return undefined
}

/** Whether a process holds the folder, which need not be there. */
export const isHeld = async (folder: string): Promise<boolean> => {
  const names = await readdir(folder).catch((): string[] => [])
  const claims = names.filter((name) => name.startsWith(PREFIX))
  const held = await Promise.all(claims.map((name) => isListening(join(folder, name))))
  return held.includes(true)
}

/** Whether a process listens on the socket, which may be too busy to answer. */
export const isListening = async (file: string): Promise<boolean> => {
  const socket = connect(file)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return code !== 'ECONNREFUSED' && code !== 'ENOENT' && code !== 'ENOTSOCK'
  } finally {
    socket.destroy()
  }
}

const claim = async (file: string): Promise<Release> => {
  const server = createServer((socket) => socket.destroy()).listen(file)
  await once(server, 'listening')
  server.unref()
  return async () => {
    server.close()
    await once(server, 'close')
  }
}

const isClaimedByOthers = async (folder: string, own: string): Promise<boolean> => {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(PREFIX) || name === own) continue
    const file = join(folder, name)
    if (await isListening(file)) return true
    await unlink(file).catch(() => {})
  }
  return false
}
