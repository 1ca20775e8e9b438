import { spawn } from 'node:child_process'
import type { NotRoot } from './not-root.ts'

/**
 * The shell that is the program's parent. Its input is a pipe that only this process holds: it ends
 * when this process does, even by SIGKILL, and then the program gets a SIGINT, and ten seconds later a
 * SIGKILL. Being the parent, it knows when the program has ended, and never signals a pid that is
 * somebody else's by now.
 */
const GUARD = `exec 3<&0 </dev/null
"$@" 3<&- &
program=$!
exec 2>/dev/null
(
  read -r _ <&3
  kill -INT $program
  n=0
  while kill -0 $program && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
  kill -KILL $program
) &
watch=$!
exec 3<&-
trap '' HUP INT TERM
wait $program
code=$?
kill $watch
wait $watch
exit $code
`

const NOT_FOUND = 127
const KILLED = 137

/** A program that ends with this process, however this process ends. */
export class Guarded {
  /** Its exit code, 128 and more for a signal. */
  readonly exited: Promise<number>
  #running = true

  /**
   * @param how.log a file descriptor that takes what it prints
   * @param how.env beside the environment of this process
   * @param how.signal ends it: with a SIGINT, and ten seconds later with a SIGKILL
   */
  constructor(
    command: readonly string[],
    { prefix, owner }: NotRoot,
    how: {
      readonly cwd: string
      readonly log: number
      readonly env?: Readonly<Record<string, string>>
      readonly signal: AbortSignal
    },
  ) {
    const guard = spawn('/bin/sh', ['-c', GUARD, 'sharechat-guard', ...prefix, ...command], {
      cwd: how.cwd,
      // In a group of its own: Ctrl-C is for the server, which has a drain to do first.
      detached: true,
      stdio: ['pipe', how.log, how.log],
      env: { ...process.env, LC_ALL: 'C', ...how.env },
      ...owner,
    })
    const input = guard.stdin
    input?.on('error', () => {})
    const end = (): void => void input?.destroy()
    how.signal.addEventListener('abort', end)
    if (how.signal.aborted) end()
    this.exited = new Promise((resolve) => {
      const ended = (code: number): void => {
        this.#running = false
        how.signal.removeEventListener('abort', end)
        // If it was the guard that was killed, this ends the program.
        end()
        resolve(code)
      }
      guard.once('error', () => ended(NOT_FOUND))
      guard.once('exit', (code) => ended(code ?? KILLED))
    })
  }

  get running(): boolean {
    return this.#running
  }
}
