import { existsSync, readFileSync } from 'node:fs'
import { loadSettings } from '../../../src/settings.ts'

const TOP = new URL('../../../', import.meta.url)

/** A file of the repository, by its path from the top. */
export const shipped = (path: string): string => readFileSync(new URL(path, TOP), 'utf8')

export const isShipped = (path: string): boolean => existsSync(new URL(path, TOP))

/** Every setting that there is: the README's table, which is compared with the settings elsewhere. */
export const SETTINGS: ReadonlySet<string> = new Set(
  [...shipped('README.md').matchAll(/^\| `([A-Z_]+)` /gm)].map((row) => row[1] ?? ''),
)

export const DEFAULTS = loadSettings({})
