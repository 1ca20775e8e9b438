import { open, readFile, rm } from 'node:fs/promises'
import type { NewRoom } from '../client/owner.ts'

const TOKEN = /^[\w-]{1,128}$/

/**
 * Makes a room whose owner's token is kept in a new file that only this person can read. The file comes
 * first: there is no room whose token could not be kept.
 * @throws Error with a sentence for the user; ShareChatError
 */
export const createKept = async (
  path: string,
  create: () => Promise<NewRoom>,
): Promise<NewRoom> => {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw new Error(`${path} cannot be made: ${reasonOf(error)}.`)
  })
  try {
    const room = await create()
    await file.writeFile(`${room.ownerToken ?? ''}\n`)
    return room
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

/**
 * The owner's token that a file has.
 * @throws Error with a sentence for the user
 */
export const readOwnerToken = async (path: string): Promise<string> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`${path} cannot be read: ${reasonOf(error)}.`)
  })
  if (!TOKEN.test(text.trim())) throw new Error(`${path} has no owner's token in it.`)
  return text.trim()
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'it is there already',
  ENOENT: 'there is no such file or folder',
  EACCES: 'that is not allowed',
  EISDIR: 'it is a folder',
}

const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return REASONS[code] ?? code
}
