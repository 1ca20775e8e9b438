import type { Client, ConnectOptions } from './api.ts'

export type * from './api.ts'
export type { MemberRef } from '../protocol/events.ts'
export { ShareChatError } from './error.ts'
export { readLink, roomLink } from './link.ts'

/**
 * A client of one server. It connects at once and comes back by itself as long as it is in a room.
 * @param url `http(s)://host[:port][/base]`; the link of a room will do, its room is not joined
 * @throws TypeError when the address is none, or there is no WebSocket or fetch here and none is given
 */
export const connect = (url: string | URL, options: ConnectOptions = {}): Client => {
  throw new Error(`not yet: ${String(url)} ${Object.keys(options).join()}`)
}
