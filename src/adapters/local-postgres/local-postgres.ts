import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../../ports/log.ts'
import { CannotStart } from './cannot-start.ts'
import {
  type DataFolder,
  dataFolder,
  inWords,
  lastWords,
  makeCluster,
  openFolder,
  postgresCommand,
  withLog,
} from './data-folder.ts'
import { Guarded } from './guarded.ts'
import { type Release, takeLock } from './lock.ts'
import type { NotRoot } from './not-root.ts'
import { clearTheWay, isReady } from './postmaster-file.ts'
import { runnablePrograms } from './programs.ts'

const LOOK_MS = 20
/** A killed one's last processes may need a moment. */
const FIRST_ATTEMPTS = 3
const SHORTEST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** One that ran for so long did start well: the pauses begin again. */
const WELL_MS = 30_000

/**
 * A Postgres of this server's own, in a folder that no other server may use meanwhile. It ends with
 * this process, however this process ends, and is started again when it ends by itself.
 */
export class LocalPostgres {
  readonly url: string
  readonly #folder: DataFolder
  readonly #log: Log
  readonly #stopping = new AbortController()
  #release: Release | undefined
  #programs = ''
  #notRoot: NotRoot = { prefix: [], owner: undefined }
  #process: Guarded | undefined
  #started: Promise<void> | undefined
  #kept: Promise<void> = Promise.resolve()

  /** @param options.dataDir an absolute path, or one from where the process was started */
  constructor(options: { readonly dataDir: string; readonly log: Log }) {
    this.#folder = dataFolder(options.dataDir)
    this.url = this.#folder.url
    this.#log = options.log
  }

  /**
   * Makes or takes the folder; resolves when Postgres takes statements, which after a crash is when it
   * has recovered, however long that takes.
   * Idempotent.
   * @throws CannotStart with a sentence for the operator; anything after `stop`
   */
  start(): Promise<void> {
    return (this.#started ??= this.#start())
  }

  /** Ends Postgres after it wrote what it has to, and lets go of the folder. Never rejects; idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#started?.catch(() => {})
    await this.#process?.exited
    await this.#kept
    await this.#release?.()
    this.#release = undefined
  }

  async #start(): Promise<void> {
    const { signal } = this.#stopping
    this.#notRoot = await openFolder(this.#folder)
    this.#release = await this.#lock()
    const programs = await runnablePrograms()
    this.#programs = programs.folder
    await makeCluster(this.#folder, this.#notRoot, programs, signal)
    for (let attempt = 1; !(await this.#launch()); attempt += 1) {
      signal.throwIfAborted()
      if (attempt === FIRST_ATTEMPTS) {
        throw new CannotStart(`Postgres did not start. ${await lastWords(this.#folder.log)}`)
      }
      await this.#pause(attempt)
    }
    this.#kept = this.#keep()
  }

  async #lock(): Promise<Release> {
    const release = await takeLock(this.#folder.run).catch((error: unknown) => {
      throw inWords(error)
    })
    if (release) return release
    throw new CannotStart(
      'another server uses the folder in DATA_DIR: stop it, or choose another one.',
    )
  }

  /** @returns whether it takes statements; if not, it has ended */
  async #launch(): Promise<boolean> {
    this.#stopping.signal.throwIfAborted()
    const { top, data, run, log } = this.#folder
    await clearTheWay(data, run)
    const command = postgresCommand(this.#folder, this.#programs)
    const postgres = await withLog(
      log,
      (fd) =>
        new Guarded(command, this.#notRoot, {
          cwd: top,
          log: fd,
          env: { PG_GRANDPARENT_PID: String(process.pid) },
          signal: this.#stopping.signal,
        }),
    )
    this.#process = postgres
    while (postgres.running) {
      if (await isReady(data)) return true
      await pause(LOOK_MS)
    }
    return false
  }

  /** Starts it again whenever it ends, until `stop`. */
  async #keep(): Promise<void> {
    let since = performance.now()
    for (let attempt = 0; ; attempt += 1) {
      await this.#process?.exited
      if (this.#stopping.signal.aborted) return
      if (performance.now() - since > WELL_MS) attempt = 0
      this.#log.error('postgres ended', { count: attempt })
      try {
        if (attempt > 0) await this.#pause(attempt)
        if (!(await this.#launch())) continue
        since = performance.now()
        this.#log.info('postgres is back')
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        this.#log.error('cannot start postgres', { error })
      }
    }
  }

  #pause(attempt: number): Promise<void> {
    const ms = Math.min(SHORTEST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS)
    return pause(ms, undefined, { signal: this.#stopping.signal })
  }
}
