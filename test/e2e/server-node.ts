import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { within, DEADLINE_MS, eventually } from './deadline.ts'
import { call } from './http.ts'
import { indiscreetLines } from './secrets.ts'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const START_MS = 40_000
const PRINTED_URL = /http:\/\/[^\s"/]+:([1-9]\d*)/

export type Settings = Readonly<Record<string, string>>

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A real process of the server that tests reach over the network only. */
export class ServerNode {
  /** The port that the process said it listens on; 0 until then. */
  port = 0
  /** Everything that the process wrote, both streams in the order of arrival. */
  output = ''
  stdout = ''
  stderr = ''
  readonly exited: Promise<Exit>
  readonly #process: ChildProcess
  #exit: Exit | undefined
  #endWanted = false

  /**
   * Only these settings reach the process, nothing of the environment of the tests.
   * @param program the main file; the built one, unless given
   */
  constructor(
    readonly settings: Settings,
    program = MAIN,
  ) {
    this.#process = spawn(process.execPath, [program], {
      env: {
        PATH: process.env['PATH'],
        HOST: '127.0.0.1',
        PORT: '0',
        LOG_LEVEL: 'debug',
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.output += text
      this.port ||= Number(PRINTED_URL.exec(this.stdout)?.[1] ?? 0)
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.output += text
    })
    this.exited = new Promise((resolve, reject) => {
      this.#process.once('error', reject)
      this.#process.once('close', (code, signal) => {
        this.#exit = { code, signal }
        resolve(this.#exit)
      })
    })
  }

  /** Starts nodes at the same moment; resolves when all take joins. None is left when one fails. */
  static async start(
    count: number,
    settings: Settings,
    program?: string,
  ): Promise<readonly ServerNode[]> {
    const nodes = Array.from({ length: count }, () => new ServerNode(settings, program))
    try {
      await Promise.all(nodes.map((node) => node.ready()))
    } catch (error) {
      for (const node of nodes) node.destroy()
      throw error
    }
    return nodes
  }

  async ready(): Promise<void> {
    const state = async (): Promise<string> => {
      this.mustBeUp()
      if (this.port === 0) return this.output
      return String((await call(this, 'GET', '/api/readyz')).status)
    }
    await eventually('a node that takes joins', state, (status) => status === '200', START_MS)
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  get running(): boolean {
    return this.#exit === undefined
  }

  /** Throws with what the process wrote when it ended and nobody had asked it to. */
  mustBeUp(): void {
    if (this.#exit === undefined || this.#endWanted) return
    throw new Error(`the node ended (${JSON.stringify(this.#exit)}) and wrote:\n${this.output}`)
  }

  kill(signal: NodeJS.Signals): void {
    this.#endWanted = true
    this.#process.kill(signal)
  }

  /** Waits for the end of the process. */
  exit(ms = DEADLINE_MS): Promise<Exit> {
    this.#endWanted = true
    return within('the end of the process', this.exited, () => this.output, ms)
  }

  /** Ends the process if it is still there, whatever its state. */
  destroy(): void {
    if (this.running) this.kill('SIGKILL')
  }

  /**
   * Ends the process, by SIGTERM unless a test has begun to end it in its own way. Throws when a
   * process drained here does not exit with 0, and when the log has told too much.
   */
  async stop(): Promise<void> {
    this.mustBeUp()
    try {
      if (this.running && !this.#endWanted) {
        this.kill('SIGTERM')
        const { code, signal } = await this.exit(15_000)
        if (code !== 0) throw new Error(`exit ${code ?? signal ?? ''}; it wrote:\n${this.output}`)
      }
    } finally {
      this.destroy()
    }
    const lines = indiscreetLines(this.output, this.port)
    if (lines.length > 0) throw new Error(`the log tells about rooms:\n${lines.join('\n')}`)
  }
}
