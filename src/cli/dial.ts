import { WebSocket } from 'ws'
import { type Client, connect, type Room, ShareChatError } from '../client/client.ts'
import type { RoomAddress } from './args.ts'

const HANDSHAKE_MS = 10_000
/** Without a server for so long from the start, a command gives up. */
const PATIENCE_MS = 10_000

/** Node 20 has no WebSocket without a flag. */
class Socket extends WebSocket {
  constructor(url: string, protocol: string) {
    super(url, protocol, { perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS })
  }
}

/** One connection to a server, which comes back by itself. */
export const dial = (url: string): Client => connect(url, { WebSocket: Socket })

/**
 * As `client.join`, but it does not wait for ever for a server that has never been there.
 * @throws ShareChatError
 */
export const joinSoon = async (
  client: Client,
  { url, roomId }: RoomAddress,
  after?: number,
): Promise<Room> => {
  let giveUp: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    giveUp = setTimeout(() => {
      if (client.state !== 'live')
        reject(new ShareChatError('unavailable', `${url} does not answer.`))
    }, PATIENCE_MS)
  })
  try {
    return await Promise.race([client.join(roomId, after === undefined ? {} : { after }), late])
  } finally {
    clearTimeout(giveUp)
  }
}
