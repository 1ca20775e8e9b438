import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const START_MS = 30_000
const STOP_MS = 10_000

/** A server of this test run, with a folder of its own. */
export interface Server {
  readonly url: string
  /** Of the main process; another one after every restart. */
  readonly pid: number
  /** Sends a signal to the main process; after a SIGKILL it resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Starts it again, with its data and its port, after it was killed; resolves when it answers. */
  restart(): Promise<void>
  /** Ends it, whatever state it is in, and removes its folder. */
  stop(): Promise<void>
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The numeric user and group to run as; without it, those of this process. */
  readonly runAs?: number
}

/** What makes one kind of server different from another. */
export interface ServerKind {
  readonly name: string
  url(port: number): string
  command(folder: string, port: number): Command
  /** Resolves when the server does its work; rejects as long as it does not. */
  ping(port: number): Promise<void>
}

/** A new empty folder that only this test run uses. */
export const privateFolder = (name: string): Promise<string> =>
  mkdtemp(join(tmpdir(), `sharechat-${name}-`))

/**
 * Starts a server on 127.0.0.1. It ends with this process, however this process ends.
 * @param folder where it keeps its data; belongs to the server from now on
 * @throws Error with the end of the server's log when it does not answer within 30 s
 */
export const startServer = async (kind: ServerKind, folder: string): Promise<Server> => {
  for (;;) {
    const server = new ServerProcess(kind, folder, await freePort())
    try {
      await server.start()
      return server
    } catch (error) {
      // Between our look and its start, somebody else may have taken the port.
      if (server.log().includes('Address already in use')) continue
      await server.stop()
      throw error
    }
  }
}

const freePort = async (): Promise<number> => {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  listener.close()
  await once(listener, 'close')
  return port
}

class ServerProcess implements Server {
  readonly url: string
  readonly #kind: ServerKind
  readonly #folder: string
  readonly #port: number
  readonly #logFile: string
  #process: ChildProcess | undefined

  constructor(kind: ServerKind, folder: string, port: number) {
    this.#kind = kind
    this.#folder = folder
    this.#port = port
    this.url = kind.url(port)
    this.#logFile = join(folder, `log-${port}`)
  }

  get pid(): number {
    const pid = this.#process?.pid
    if (pid === undefined) throw new Error(`${this.#kind.name} is not running`)
    return pid
  }

  log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  async start(): Promise<void> {
    const { file, args, env, runAs } = this.#kind.command(this.#folder, this.#port)
    // A file, not a pipe: a server must not die of writing to a test run that is gone.
    const log = openSync(this.#logFile, 'a')
    const child = spawn(file, args, {
      cwd: this.#folder,
      // Out of the terminal's reach: Ctrl-C goes to the runner, and the runner ends its servers.
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, LC_ALL: 'C', ...env },
      ...(runAs === undefined ? {} : { uid: runAs, gid: runAs }),
    })
    closeSync(log)
    const failed = once(child, 'error').then(([error]) => error as Error)
    if (child.pid === undefined) throw await failed
    // Nobody is left to stop it when a test worker has nothing else to wait for.
    child.unref()
    this.#process = child
    endWithThisProcess(child, child.pid, this.#folder)
    await this.#answers(child)
  }

  async #answers(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + START_MS
    for (;;) {
      try {
        await this.#kind.ping(this.#port)
        // Another server may hold the port that ours could not get.
        if (isRunning(child)) return
      } catch {
        // Not yet; the log says why if it never does.
      }
      if (!isRunning(child) || Date.now() > deadline) {
        const end = this.log().trim().split('\n').slice(-5).join(' | ')
        throw new Error(`${this.#kind.name} did not start: ${end}`)
      }
      await pause(20)
    }
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    if (child === undefined || !isRunning(child)) return
    const exit = signal === 'SIGKILL' ? exitOf(child) : undefined
    child.kill(signal)
    await exit
  }

  async restart(): Promise<void> {
    await this.kill('SIGKILL')
    await this.start()
  }

  async stop(): Promise<void> {
    const child = this.#process
    if (child !== undefined && isRunning(child)) {
      const exit = exitOf(child)
      child.kill('SIGCONT')
      child.kill('SIGINT')
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await exit
      clearTimeout(late)
    }
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

const isRunning = (child: ChildProcess): boolean =>
  child.exitCode === null && child.signalCode === null

const exitOf = async (child: ChildProcess): Promise<void> => {
  child.ref()
  await once(child, 'exit')
}

/**
 * A shell that waits for the end of its input, which comes when this process is gone, even by
 * SIGKILL. While this process lives it ends with the server, so it never signals a reused pid.
 */
const endWithThisProcess = (child: ChildProcess, pid: number, folder: string): void => {
  const script =
    'cat; kill -CONT $1; kill -INT $1; n=0; ' +
    'while kill -0 $1 && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done; ' +
    'kill -KILL $1; rm -rf -- "$2"'
  const guard = spawn('/bin/sh', ['-c', script, 'guard', String(pid), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  child.once('exit', () => guard.kill('SIGKILL'))
}
