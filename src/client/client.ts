import type { Client, ConnectOptions } from './api.ts'
import { systemClock } from './clock.ts'
import { serverUrl } from './link.ts'
import { OpenClient } from './open-client.ts'

export type * from './api.ts'
export type { MemberRef } from '../protocol/events.ts'
export { ShareChatError } from './error.ts'
export { readLink, roomLink } from './link.ts'

/**
 * A client of one server. It connects at once and comes back by itself as long as it is in a room.
 * @param url `http(s)://host[:port][/base]`; the link of a room will do, its room is not joined
 * @throws TypeError when the address is none, or there is no WebSocket here and none is given
 */
export const connect = (url: string | URL, options: ConnectOptions = {}): Client => {
  const here: ConnectOptions = globalThis
  const { WebSocket = here.WebSocket, fetch = globalThis.fetch } = options
  if (!WebSocket) throw new TypeError('There is no WebSocket here: give one, e.g. that of `ws`.')
  const random = (): number => Math.random()
  return new OpenClient({ url: serverUrl(url), WebSocket, fetch, clock: systemClock, random })
}
