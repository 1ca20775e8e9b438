import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { CannotStart } from './cannot-start.ts'

const ROOT = 0
const NAMESPACE = ['--user', '--map-user=1000', '--map-group=1000']

/** How a program is run by somebody who is not root. */
export interface NotRoot {
  /** What goes before the program on the command line. */
  readonly prefix: readonly string[]
  /** Whom the process belongs to; undefined: whom this process belongs to. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
}

/**
 * Postgres refuses to run as root. If this process does, Postgres belongs to the owner of its folder;
 * if that is root too, it runs in a user namespace, where root's process has another name.
 * @throws CannotStart where such namespaces are forbidden, as in most containers
 */
export const notRoot = async (folder: string): Promise<NotRoot> => {
  if (process.getuid?.() !== ROOT) return { prefix: [], owner: undefined }
  const { uid, gid } = await stat(folder)
  if (uid !== ROOT) return { prefix: [], owner: { uid, gid } }
  try {
    await promisify(execFile)('unshare', [...NAMESPACE, 'true'])
  } catch (error) {
    throw new CannotStart(
      'Postgres does not run as root. Start the server as another user, or make one the owner of the ' +
        'folder in DATA_DIR: chown -R 1000 <folder>.',
      { cause: error },
    )
  }
  return { prefix: ['unshare', ...NAMESPACE], owner: undefined }
}
