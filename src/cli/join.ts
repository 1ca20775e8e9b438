import type { Client } from '../client/client.ts'
import type { RoomAddress } from './args.ts'
import { joinSoon } from './dial.ts'
import { plainLine } from './lines.ts'
import { print } from './output.ts'
import { sayAll, type Said } from './say.ts'

/** Whether there is a terminal at both ends, one that can do more than print lines. */
export const isInTerminal = (): boolean =>
  process.stdin.isTTY && process.stdout.isTTY && process.env['TERM'] !== 'dumb'

/**
 * Joins a room: with a screen in a terminal, else in lines.
 * @param ownerToken of the room's owner, who can do more on the screen
 * @returns whether all lines could be sent
 * @throws ShareChatError when the room cannot be joined, or ends
 */
export const join = async (
  client: Client,
  address: RoomAddress,
  ownerToken?: string,
): Promise<boolean> => {
  if (!isInTerminal()) return joinInLines(client, address)
  // React is faster and smaller so, and only a terminal needs it and its 0.3 s.
  process.env['NODE_ENV'] ??= 'production'
  const { runTerminal } = await import('../terminal/terminal.ts')
  const visited = await runTerminal({
    client,
    url: address.url,
    roomId: address.roomId,
    ...(ownerToken !== undefined && { ownerToken }),
    input: process.stdin,
    output: process.stdout,
  })
  for (const { roomName, link } of visited) await print(`You were in ${roomName}: ${link}\n`)
  return true
}

/** Prints what comes and sends what is read, until that ends and all of it has come back. */
const joinInLines = async (client: Client, address: RoomAddress): Promise<boolean> => {
  const room = await joinSoon(client, address)
  let printed = 0
  let said: Said | undefined
  let wake = (): void => {}
  const allIsBack = new Promise<void>((resolve) => (wake = resolve))
  const isBack = (): boolean => said !== undefined && printed >= said.lastSeq
  const printing = (async (): Promise<void> => {
    for await (const message of room) {
      await print(plainLine(message))
      printed = message.seq
      if (isBack()) wake()
    }
  })()
  // It is awaited below; until then a room that ends must not end the process.
  printing.catch(() => {})
  said = await sayAll(room, process.stdin)
  if (isBack()) wake()
  await Promise.race([printing, allIsBack])
  await client.close()
  await printing
  return said.failed === 0
}
