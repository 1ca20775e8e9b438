import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { totalmem } from 'node:os'
import { promisify } from 'node:util'
import { getHeapStatistics } from 'node:v8'
import { type Finding, good, problem, warning } from '../../ports/finding.ts'

/** Files, pools, listeners and pipes: what a process opens beside its members' connections. */
const OWN_FILES = 100
const FEW_MEMBERS = 4_000
const ANSWER_MS = 1_000
const MIB = 1 << 20

/** How many members this process could have, each with a connection. */
export const examineFiles = async (): Promise<Finding> => {
  // A shell has the limits of its parent, and is on every system that has limits.
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', 'ulimit -n'])
  const soft = Number(stdout)
  if (!Number.isInteger(soft)) return good('Open files are not limited (ulimit -n).')
  const members = Math.max(soft - OWN_FILES, 0)
  const sentence = `This process may open ${soft} files: about ${members} members at most`
  return members < FEW_MEMBERS
    ? warning(`${sentence}. Raise the limit: ulimit -n, or LimitNOFILE= in a systemd unit.`)
    : good(`${sentence}.`)
}

/**
 * Whether what an embedded server keeps fits into this machine and into Node's heap.
 * @param limitBytes of the memory repository's estimate
 */
export const examineMemory = (limitBytes: number): Finding => {
  const constrained = process.constrainedMemory()
  const machine = Math.min(totalmem(), constrained > 0 ? constrained : Number.POSITIVE_INFINITY)
  const heap = getHeapStatistics().heap_size_limit
  const mib = (bytes: number): string => `${Math.floor(bytes / MIB)} MiB`
  if (limitBytes > heap) {
    return problem(
      `MEMORY_LIMIT_BYTES is ${mib(limitBytes)} and Node's heap ends at ${mib(heap)}: set NODE_OPTIONS=--max-old-space-size, in MiB, above it.`,
    )
  }
  return 2 * limitBytes > machine
    ? warning(
        `MEMORY_LIMIT_BYTES is ${mib(limitBytes)}, the process takes up to twice that, and there are ${mib(machine)}: lower it.`,
      )
    : good('What MEMORY_LIMIT_BYTES allows fits into the memory.')
}

/** An address to listen on, with the names of its settings, and a path that a server of ours answers there. */
export interface ExaminedPort {
  readonly host: string
  readonly port: number
  readonly settings: readonly [host: string, port: string]
  readonly path: string
}

/** Whether a server could listen there, or one of ours does. */
export const examinePort = async ({ host, port, ...its }: ExaminedPort): Promise<Finding> => {
  const [HOST, PORT] = its.settings
  const listener = createServer()
  try {
    listener.listen(port, host)
    await once(listener, 'listening')
    return good(`${PORT} is free.`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EACCES')
      return problem(`Port ${port} may not be used: set ${PORT} to another one.`)
    if (code === 'EADDRNOTAVAIL')
      return problem(`This machine does not have the address in ${HOST}.`)
    if (code !== 'EADDRINUSE') return problem(`Nothing can listen on ${HOST} and ${PORT}.`)
    return (await isAlive(host, port, its.path))
      ? good(`A server of ours is alive on ${PORT}.`)
      : problem(`Port ${port} is in use by another program: set ${PORT} to another one.`)
  } finally {
    listener.close()
  }
}

const isAlive = async (host: string, port: number, path: string): Promise<boolean> => {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  const address = name.includes(':') ? `[${name}]` : name
  try {
    const signal = AbortSignal.timeout(ANSWER_MS)
    return (await fetch(`http://${address}:${port}${path}`, { signal })).ok
  } catch {
    return false
  }
}
