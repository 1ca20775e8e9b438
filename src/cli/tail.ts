import type { Client } from '../client/client.ts'
import type { TailArgs } from './args.ts'
import { joinSoon } from './dial.ts'
import { jsonLine, plainLine } from './lines.ts'
import { print } from './output.ts'

/**
 * Prints the messages of a room, one a line, until the client is closed.
 * @throws ShareChatError when the room cannot be joined or ends
 */
export const tail = async (client: Client, args: TailArgs): Promise<void> => {
  const room = await joinSoon(client, args, args.after)
  const written = args.json ? jsonLine : plainLine
  for await (const message of room) await print(written(message))
}
