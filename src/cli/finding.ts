import { exportRoom, publicRooms, searchMessages } from '../client/finding.ts'
import type { RoomAddress, RoomsArgs, SearchArgs } from './args.ts'
import { escapedJson, foundLine, jsonLine, roomLine } from './lines.ts'
import { print } from './output.ts'

const PAGE = 1000

/** Prints the public rooms of a server. @throws ShareChatError */
export const printRooms = async ({ url, json }: RoomsArgs): Promise<void> => {
  let after: string | undefined
  do {
    const rooms = await publicRooms(url, { limit: PAGE, ...(after !== undefined && { after }) })
    for (const room of rooms) {
      await print(json ? `${escapedJson(JSON.stringify(room))}\n` : roomLine(url, room))
    }
    after = rooms.length < PAGE ? undefined : rooms.at(-1)?.roomId
  } while (after !== undefined)
}

/** Prints all messages of a room that have these words, oldest first. @throws ShareChatError */
export const printFound = async ({ url, roomId, words, json }: SearchArgs): Promise<void> => {
  const written = json ? jsonLine : foundLine
  let after: number | undefined = 0
  do {
    const found = await searchMessages(url, roomId, words, { after, limit: PAGE })
    for (const message of found) await print(written(message))
    after = found.length < PAGE ? undefined : found.at(-1)?.seq
  } while (after !== undefined)
}

/** Prints all that a room has, a message a line. @throws ShareChatError */
export const printExport = async ({ url, roomId }: RoomAddress): Promise<void> => {
  for await (const piece of exportRoom(url, roomId)) await print(escapedJson(piece))
}
