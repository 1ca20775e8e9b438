import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CannotStart } from './cannot-start.ts'
import { isListening } from './lock.ts'

/** A fast shutdown writes what is only in memory to the disk. */
const FAST_MS = 15_000
const KILLED_MS = 5_000
const REMOVED_MS = 1_000
const LOOK_MS = 20

// The lines of postmaster.pid that Postgres documents in miscadmin.h, from 0.
const PID = 0
const PORT = 3
const SOCKET_FOLDER = 4
const STATUS = 7

const linesIn = async (data: string): Promise<readonly string[] | undefined> => {
  try {
    const text = await readFile(join(data, 'postmaster.pid'), 'utf8')
    return text.split('\n').map((line) => line.trim())
  } catch {
    return undefined
  }
}

/** Whether the Postgres that was started last takes statements. Needs `clearTheWay` before its start. */
export const isReady = async (data: string): Promise<boolean> => {
  const lines = await linesIn(data)
  return lines?.[STATUS] === 'ready' && lines[PID] !== String(process.pid)
}

/**
 * Makes sure that nothing is in the way of a Postgres in this folder: ends one that outlived its
 * server, and takes care of the pid that a killed one left, which may be somebody else's by now.
 * Needs the folder's lock.
 * @param sockets the folder in which a server's Postgres has its socket
 * @throws CannotStart when there is a Postgres that no server of ours started, or that does not end
 */
export const clearTheWay = async (data: string, sockets: string): Promise<void> => {
  const lines = await linesIn(data)
  if (lines === undefined) return
  const pid = Number(lines[PID])
  const folder = lines[SOCKET_FOLDER] ?? ''
  const socket = join(resolve(data, folder), `.s.PGSQL.${lines[PORT] ?? ''}`)
  const file = join(data, 'postmaster.pid')
  if (pid !== process.pid && isThere(pid) && folder !== '' && (await isListening(socket))) {
    if (resolve(data, folder) !== sockets) {
      throw new CannotStart(
        'a Postgres that was started by hand uses the folder in DATA_DIR: stop it.',
      )
    }
    await endOrphan(pid, socket)
    // It removes its file last, unless it was killed; a killed one may be a zombie for ever.
    await until(async () => !isThere(pid) || (await linesIn(data)) === undefined, REMOVED_MS)
    return clearTheWay(data, sockets)
  }
  // Sockets have no such interlock as the data have: what nobody listens on can go.
  for (const name of await readdir(sockets)) {
    if (name.startsWith('.s.PGSQL.')) await rm(join(sockets, name), { force: true })
  }
  // Postgres stops at an empty one. Any other stays: by one of its lines Postgres finds out whether
  // processes of the killed one still write. Only its pid must not count: that of Postgres'
  // grandparent does not.
  if (lines[SOCKET_FOLDER] === undefined) await rm(file, { force: true })
  else await writeFile(file, [process.pid, ...lines.slice(1, STATUS)].join('\n') + '\n')
}

const endOrphan = async (pid: number, socket: string): Promise<void> => {
  const isDeaf = async (): Promise<boolean> => !(await isListening(socket))
  send(pid, 'SIGINT')
  if (await until(isDeaf, FAST_MS)) return
  send(pid, 'SIGKILL')
  if (await until(isDeaf, KILLED_MS)) return
  throw new CannotStart('a Postgres from before uses the folder in DATA_DIR and cannot be ended.')
}

const until = async (isSo: () => Promise<boolean>, ms: number): Promise<boolean> => {
  const end = performance.now() + ms
  while (!(await isSo())) {
    if (performance.now() > end) return false
    await pause(LOOK_MS)
  }
  return true
}

const send = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Also a zombie is. */
const isThere = (pid: number): boolean => Number.isInteger(pid) && pid > 0 && send(pid, 0)
