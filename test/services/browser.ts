import { createReadStream, createWriteStream } from 'node:fs'
import { access, chmod, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createBrotliDecompress } from 'node:zlib'
import { chromium, type Browser } from 'playwright-core'
import { folderOnPath } from './programs.ts'

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** `--no-sandbox`: root has none, and neither have most containers. Only our own page is opened. */
const ARGS = ['--no-sandbox', '--disable-dev-shm-usage', '--font-render-hinting=none']

/**
 * Starts a Chromium: the one of this machine, or else the one that npm has brought.
 * @throws Error when there is neither; tests of the page never pass without a browser
 */
export const startBrowser = async (): Promise<Browser> =>
  chromium.launch({ executablePath: installedBrowser() ?? (await npmBrowser()), args: ARGS })

const installedBrowser = (): string | undefined => {
  const named = process.env['TEST_BROWSER']
  if (named !== undefined && named !== '') return named
  for (const program of PROGRAMS) {
    const folder = folderOnPath(program)
    if (folder !== undefined) return join(folder, program)
  }
  return undefined
}

/**
 * Unpacks the Chromium of `@sparticuz/chromium`, once for all test runs. Its own way would unpack it
 * where two runs meet half of it.
 */
const npmBrowser = async (): Promise<string> => {
  const cache = join(modules, '.cache/sharechat-chromium')
  const file = join(cache, 'chromium')
  const isThere = await access(file).then(
    () => true,
    () => false,
  )
  if (isThere) return file
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('There is no Chromium here: install one, or name one with TEST_BROWSER.')
  }
  await mkdir(cache, { recursive: true })
  const partial = `${file}-${process.pid}`
  try {
    await pipeline(
      createReadStream(join(modules, '@sparticuz/chromium/bin/chromium.br')),
      createBrotliDecompress(),
      createWriteStream(partial),
    )
    await chmod(partial, 0o755)
    await rename(partial, file)
  } finally {
    await rm(partial, { force: true })
  }
  return file
}
