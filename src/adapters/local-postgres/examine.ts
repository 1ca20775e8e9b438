import { access, constants, readFile, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Finding, good, problem, warning } from '../../ports/finding.ts'
import { CannotStart } from './cannot-start.ts'
import { checkLength, checkVersion, type DataFolder, dataFolder, inWords } from './data-folder.ts'
import { isHeld } from './lock.ts'
import { notRoot } from './not-root.ts'
import { runnablePrograms } from './programs.ts'

const GIB = 1 << 30

/** Looks at the folder of a node that keeps its rooms, and changes nothing. Never rejects. */
export const examineDataDir = async (dataDir: string): Promise<readonly Finding[]> => {
  const folder = dataFolder(dataDir)
  const looks = [() => aboutPrograms(folder), () => aboutFolder(folder)]
  const found = await Promise.all(
    looks.map(async (look) => {
      try {
        return await look()
      } catch (error) {
        const told = inWords(error)
        const sentence =
          told instanceof CannotStart ? told.message : 'the folder in DATA_DIR cannot be looked at.'
        return [problem(sentence.charAt(0).toUpperCase() + sentence.slice(1))]
      }
    }),
  )
  return found.flat()
}

const aboutPrograms = async ({ data }: DataFolder): Promise<readonly Finding[]> => {
  const { major } = await runnablePrograms()
  await checkVersion(data, major)
  return [good(`Postgres ${major}, which npm installed, runs here.`)]
}

const aboutFolder = async (folder: DataFolder): Promise<readonly Finding[]> => {
  checkLength(folder)
  const there = await nearest(folder.top)
  await access(there, constants.W_OK | constants.X_OK)
  if (!(await stat(there)).isDirectory()) throw new CannotStart('DATA_DIR must be a folder.')
  await notRoot(there)
  return [await aboutUse(folder, there), await aboutSpace(there)]
}

const aboutUse = async ({ top, run, data }: DataFolder, there: string): Promise<Finding> => {
  if (there !== top) return good('The folder is made at the first start.')
  if (await isHeld(run)) return warning('A server uses the folder: no second one can.')
  const found = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => '')
  return good(`The folder can be used. It has ${found === '' ? 'no rooms yet' : 'rooms'}.`)
}

const aboutSpace = async (there: string): Promise<Finding> => {
  const { bavail, bsize } = await statfs(there)
  const gib = (bavail * bsize) / GIB
  return gib < 1
    ? warning(`The disk has ${gib.toFixed(2)} GiB left: Postgres stops when it is full.`)
    : good(`The disk has ${gib.toFixed(0)} GiB left.`)
}

/** The folder, or what is there of the way to it. */
const nearest = async (path: string): Promise<string> => {
  try {
    await stat(path)
    return path
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!isMissing || dirname(path) === path) throw error
    return nearest(dirname(path))
  }
}
