import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** Runs a program to its end; rejects with its last words when it fails or takes over two minutes. */
export const run = async (
  file: string,
  args: readonly string[],
  how: { readonly env?: Readonly<Record<string, string>>; readonly runAs?: number } = {},
): Promise<void> => {
  const end = promisify(execFile)(file, args, {
    timeout: 120_000,
    maxBuffer: 16 * 1024 * 1024,
    env: { ...process.env, ...how.env },
    ...(how.runAs === undefined ? {} : { uid: how.runAs, gid: how.runAs }),
  })
  await end.catch((error: Error & { readonly stderr?: string }) => {
    const words = (error.stderr ?? '').trim().split('\n').at(-1) || error.message
    throw new Error(`${basename(file)} failed: ${words}`, { cause: error })
  })
}

/** Whether a program can be run and ends well. */
export const runs = (
  file: string,
  args: readonly string[],
  how: Parameters<typeof run>[2] = {},
): Promise<boolean> =>
  run(file, args, how).then(
    () => true,
    () => false,
  )

/** The first folder of PATH that holds all these programs. */
export const folderOnPath = (...programs: readonly string[]): string | undefined =>
  (process.env['PATH'] ?? '').split(delimiter).find((folder) => hasPrograms(folder, ...programs))

export const hasPrograms = (folder: string, ...programs: readonly string[]): boolean =>
  folder !== '' &&
  programs.every((program) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
