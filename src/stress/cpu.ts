import { readFileSync } from 'node:fs'

/** Linux counts in these for every program (USER_HZ), whatever its kernel ticks in. */
const TICKS_PER_SECOND = 100
/** utime and stime of proc_pid_stat(5), counted behind the name, which may have blanks in it. */
const USER_TICKS = 11
const SYSTEM_TICKS = 12

/**
 * What a process has used of the processors so far, in seconds, to 10 ms.
 * @returns undefined when it is not there, or this is not Linux
 */
export const cpuSeconds = (pid: number): number | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) / TICKS_PER_SECOND
  } catch {
    return undefined
  }
}
