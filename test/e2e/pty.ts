import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import headless from '@xterm/headless'
import { onTestFinished } from 'vitest'
import { eventually, within } from './deadline.ts'

const TTY_LINE = /tty=(\/dev\/\S+)\r?\n/

/** Keys as a terminal sends them. */
export const KEYS = {
  enter: '\r',
  escape: '\u001b',
  tab: '\t',
  up: '\u001b[A',
  pageUp: '\u001b[5~',
  ctrlC: '\u0003',
  ctrlZ: '\u001a',
  backspace: '\u007f',
} as const

export interface PtyOptions {
  readonly columns: number
  readonly rows: number
}

/** A program in a real pseudo-terminal, and a terminal emulator that shows what it writes. */
export class Pty {
  /** Everything that came, escape sequences and all. */
  output = ''
  readonly exited: Promise<number | null>
  readonly #process: ChildProcess
  readonly #terminal: headless.Terminal

  /** Runs `node` with these arguments. The program ends with the test. */
  constructor(args: readonly string[], { columns, rows }: PtyOptions) {
    this.#terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true })
    const program = [process.execPath, ...args].map(quoted).join(' ')
    const command = `stty rows ${rows} cols ${columns}; echo "tty=$(tty)"; exec ${program}`
    this.#process = spawn('script', ['-q', '-e', '-f', '-c', command, '/dev/null'], {
      // CI as on the machines that run this: a screen must not depend on it.
      env: { PATH: process.env['PATH'], SHELL: '/bin/sh', TERM: 'xterm-256color', CI: 'true' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
      this.#terminal.write(text)
    })
    this.exited = new Promise((resolve, reject) => {
      this.#process.once('error', reject)
      this.#process.once('close', resolve)
    })
    onTestFinished(() => {
      this.#process.kill('SIGKILL')
      this.#terminal.dispose()
    })
  }

  /** Types a text or keys. */
  type(text: string): void {
    this.#process.stdin?.write(text)
  }

  /** Gives the pseudo-terminal another size, as a window does. */
  async resize(columns: number, rows: number): Promise<void> {
    const tty = TTY_LINE.exec(this.output)?.[1]
    if (tty === undefined) throw new Error('the pseudo-terminal has not said its name')
    this.#terminal.resize(columns, rows)
    await promisify(execFile)('stty', ['-F', tty, 'rows', `${rows}`, 'cols', `${columns}`])
  }

  /** The lines of the screen, as they are now, without spaces at their ends. */
  screen(): readonly string[] {
    const { active } = this.#terminal.buffer
    return Array.from(
      { length: this.#terminal.rows },
      (_, row) =>
        active
          .getLine(active.baseY + row)
          ?.translateToString()
          .trimEnd() ?? '',
    )
  }

  text(): string {
    return this.screen().join('\n')
  }

  get cursor(): { readonly column: number; readonly row: number } {
    const { cursorX, cursorY } = this.#terminal.buffer.active
    return { column: cursorX, row: cursorY }
  }

  /** What of the terminal a program has to give back. */
  get modes(): { readonly buffer: string; readonly paste: boolean; readonly wraps: boolean } {
    return {
      buffer: this.#terminal.buffer.active.type,
      paste: this.#terminal.modes.bracketedPasteMode,
      wraps: this.#terminal.modes.wraparoundMode,
    }
  }

  /** Waits until the screen is right, and gives it. */
  shows(right: RegExp, ms?: number): Promise<string> {
    return eventually(
      `a screen with ${String(right)}`,
      () => Promise.resolve(this.text()),
      (text) => right.test(text),
      ms,
    )
  }

  /** Waits for the end of the program; gives its exit code. */
  exit(): Promise<number | null> {
    return within('the end of the program', this.exited, () => this.output.slice(-2_000))
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`
