import { readdirSync, readFileSync } from 'node:fs'
import { cpuSeconds } from '../src/stress/cpu.ts'

/** Without it neither CPU nor memory is measured: figures are NaN. */
export const hasProc = process.platform === 'linux'

/** User and system seconds that these processes have used so far. */
export const cpuOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + (cpuSeconds(pid) ?? Number.NaN), 0)

/** The same for a process and its children; one that ends takes its seconds along. */
export const cpuOfTree = (pid: number | undefined): number => {
  if (!hasProc || pid === undefined) return Number.NaN
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => parentOf(one) === pid)
  return [pid, ...children].reduce((sum, one) => sum + (cpuSeconds(one) ?? 0), 0)
}

/** Resident bytes of a process. */
export const residentBytes = (pid: number): number => {
  if (!hasProc) return Number.NaN
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

const parentOf = (pid: number): number | undefined => {
  try {
    const [, parent] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(parent)
  } catch {
    // It ended meanwhile.
    return undefined
  }
}
