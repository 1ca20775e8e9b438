import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { eventually, within } from './deadline.ts'
import type { Listening } from './http.ts'

export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export const urlOf = ({ port }: Listening): string => `http://127.0.0.1:${port}`
export const linkOf = (node: Listening, roomId: string): string => `${urlOf(node)}/#${roomId}`

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A `sharechat` with pipes at its ends. It ends with the test. */
export class Cli {
  stdout = ''
  stderr = ''
  readonly process: ChildProcess
  readonly #closed: Promise<Ended>

  /** @param program the main file; the built one, unless given */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, program = CLI) {
    const { PATH = '' } = process.env
    this.process = spawn(process.execPath, [program, ...args], {
      env: { PATH, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    // One that has ended reads no more.
    this.process.stdin?.on('error', () => {})
    this.#closed = new Promise((resolve, reject) => {
      this.process.once('error', reject)
      this.process.once('close', (code) => {
        resolve({ code, stdout: this.stdout, stderr: this.stderr })
      })
    })
    onTestFinished(() => {
      this.process.kill('SIGKILL')
    })
  }

  write(text: string): void {
    this.process.stdin?.write(text)
  }

  end(text = ''): Promise<Ended> {
    this.process.stdin?.end(text)
    return this.ended()
  }

  ended(): Promise<Ended> {
    return within('the end of a sharechat', this.#closed, () => this.stdout + this.stderr, 20_000)
  }

  /** Waits until it has printed something like this. */
  prints(right: RegExp): Promise<string> {
    return eventually(
      `an output with ${String(right)}`,
      () => Promise.resolve(this.stdout),
      (text) => right.test(text),
    )
  }
}

/** Runs one to its end, with this as its input. */
export const sharechat = (args: readonly string[], input = ''): Promise<Ended> =>
  new Cli(args).end(input)
