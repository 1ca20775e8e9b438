import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { eventually } from './deadline.ts'

export interface Running {
  readonly pid: number
  readonly parent: number
  /** Its command line. */
  readonly command: string
}

/** Every process of this machine that has not ended. */
export const running = async (): Promise<readonly Running[]> => {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'pid=,ppid=,stat=,args='])
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((found) => found !== null && !found[3]!.startsWith('Z'))
    .map((found) => ({ pid: Number(found![1]), parent: Number(found![2]), command: found![4]! }))
}

/** The process's children, their children and so on. */
export const descendantsOf = async (pid: number): Promise<readonly Running[]> => {
  const all = await running()
  const family = new Set([pid])
  for (let known = 0; known < family.size;) {
    known = family.size
    for (const each of all) if (family.has(each.parent)) family.add(each.pid)
  }
  return all.filter((each) => family.has(each.pid) && each.pid !== pid)
}

/** Resolves when none of them is there any more. */
export const areGone = async (processes: readonly Running[], ms?: number): Promise<void> => {
  const remaining = async (): Promise<readonly string[]> => {
    const now = await running()
    return processes
      .filter((each) =>
        now.some(({ pid, command }) => pid === each.pid && command === each.command),
      )
      .map(({ command }) => command.slice(0, 80))
  }
  await eventually('the end of these processes', remaining, ({ length }) => length === 0, ms)
}
