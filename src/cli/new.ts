import { createCode } from '../client/finding.ts'
import { roomLink } from '../client/link.ts'
import { createRoom, type NewRoom } from '../client/owner.ts'
import type { NewArgs } from './args.ts'
import { createKept } from './owner-file.ts'
import { print } from './output.ts'

/**
 * Makes a room and prints its link, and a code if that is wanted.
 * @throws Error with a sentence for the user; ShareChatError
 */
export const makeRoom = async ({ url, wish, ownerFile, code }: NewArgs): Promise<NewRoom> => {
  const create = (): Promise<NewRoom> => createRoom(url, wish)
  const room = await (ownerFile === undefined ? create() : createKept(ownerFile, create))
  await print(`${roomLink(url, room.roomId)}\n`)
  if (code) await print(`${(await createCode(url, room.roomId)).code}\n`)
  return room
}
