import { onTestFinished } from 'vitest'
import type { ServerNode } from './server-node.ts'

const STILL_MS = 900
const RUNNING_MS = 50

/** Lets a node run for a moment only between two stalls; the result ends that. */
export const stutter = (node: ServerNode): (() => void) => {
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => {
    process.kill(node.pid, 'SIGSTOP')
    timer = setTimeout(run, STILL_MS)
  }
  const run = (): void => {
    process.kill(node.pid, 'SIGCONT')
    timer = setTimeout(stop, RUNNING_MS)
  }
  const end = (): void => {
    clearTimeout(timer)
    if (node.running) process.kill(node.pid, 'SIGCONT')
  }
  onTestFinished(end)
  stop()
  return end
}
