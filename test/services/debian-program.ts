import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folderOnPath, run, runs } from './programs.ts'

const CACHE = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))

/** A program of a Debian package. */
export interface Wanted {
  readonly package: string
  /** Its file in the package. */
  readonly file: string
  /** Arguments with which it ends at once and well if it can run at all. */
  readonly trial: readonly string[]
}

/** A program that can be run, and in words where it comes from. */
export interface Program {
  readonly file: string
  readonly env: Readonly<Record<string, string>>
  readonly from: string
}

/**
 * A program of Debian's, downloaded with apt and unpacked below node_modules: it needs no root and
 * leaves the system as it is. About 5 s the first time, nothing after that.
 * @returns undefined on a machine without apt
 * @throws Error when apt cannot get it
 */
export const debianProgram = async (wanted: Wanted): Promise<Program | undefined> => {
  if (folderOnPath('apt-get') === undefined || folderOnPath('dpkg') === undefined) return undefined
  const home = join(CACHE, `${wanted.package}-${process.arch}`)
  const kept = await programIn(home, wanted)
  if (kept !== undefined) return kept
  await rm(home, { recursive: true, force: true })
  await mkdir(CACHE, { recursive: true })
  const scratch = await mkdtemp(join(CACHE, `${wanted.package}-`))
  try {
    await download(scratch, wanted.package)
    // Another run may have been faster; what it has is as good.
    await rename(join(scratch, 'root'), home).catch(() => {})
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  const fetched = await programIn(home, wanted)
  if (fetched === undefined) {
    throw new Error(`Debian's ${wanted.package} does not run on this machine`)
  }
  return fetched
}

const programIn = async (home: string, wanted: Wanted): Promise<Program | undefined> => {
  const file = join(home, wanted.file)
  if (!existsSync(file)) return undefined
  const libraries: string[] = []
  for (const parent of ['usr/lib', 'lib']) {
    const names = await readdir(join(home, parent)).catch(() => [])
    libraries.push(
      ...names.filter((name) => name.includes('-linux-')).map((name) => join(home, parent, name)),
    )
  }
  const env = { LD_LIBRARY_PATH: libraries.join(':') }
  return (await runs(file, wanted.trial, { env })) ? { file, env, from: 'apt' } : undefined
}

/** Unpacks a package and what this machine lacks for it into `scratch/root`. */
const download = async (scratch: string, name: string): Promise<void> => {
  const sources = join(scratch, 'sources.list.d')
  await mkdir(join(scratch, 'state/lists/partial'), { recursive: true })
  await mkdir(join(scratch, 'cache/archives/partial'), { recursive: true })
  await mkdir(sources)
  await copySources('/etc/apt', sources)
  const apt = [
    '--quiet',
    '--yes',
    `Dir::State=${join(scratch, 'state')}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${join(scratch, 'cache')}`,
    'Dir::Etc::sourcelist=/dev/null',
    `Dir::Etc::sourceparts=${sources}`,
    'APT::Sandbox::User=',
    'Acquire::Languages=none',
    'Acquire::Retries=2',
    // The system's package database is only read, and other users may not lock it.
    'Debug::NoLocking=true',
  ].flatMap((option) => (option.startsWith('--') ? [option] : ['-o', option]))
  await run('apt-get', [...apt, 'update'])
  await run('apt-get', [...apt, 'install', '--download-only', '--no-install-recommends', name])
  const archives = join(scratch, 'cache/archives')
  const root = join(scratch, 'root')
  for (const archive of await readdir(archives)) {
    if (archive.endsWith('.deb')) await run('dpkg', ['-x', join(archives, archive), root])
  }
}

/** Copies the distribution's own sources only: one dead third party would fail or delay them all. */
const copySources = async (etc: string, to: string): Promise<void> => {
  const parts = await readdir(join(etc, 'sources.list.d')).catch(() => [])
  for (const path of ['sources.list', ...parts.map((name) => join('sources.list.d', name))]) {
    const separator = path.endsWith('.sources') ? /\n\s*\n/ : path.endsWith('.list') ? /\n/ : null
    if (separator === null) continue
    const text = await readFile(join(etc, path), 'utf8').catch(() => '')
    const own = text.split(separator).filter(isDistributions)
    const name = path.replaceAll('/', '-')
    if (own.length > 0) await writeFile(join(to, name), `${own.join('\n\n')}\n`)
  }
}

const isDistributions = (entry: string): boolean => {
  const text = entry.replace(/^\s*#.*$/gm, '')
  const key = /signed-by[:=]\s*(\S+)/i.exec(text)?.[1]
  const own = key === undefined || /(debian|ubuntu)-archive-keyring/.test(key)
  return own && /[a-z]:[^\s]*(debian|ubuntu)/i.test(text)
}
