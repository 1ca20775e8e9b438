import { isRoomId } from '../protocol/dialect.ts'

/**
 * A server's address without what a link has besides.
 * @param url `http(s)://` or `ws(s)://host[:port][/base][/#…]`
 * @returns `http(s)://host[:port][/base]`
 * @throws TypeError when it is no such address
 */
export const serverUrl = (url: string | URL): string => {
  const { protocol, host, pathname } = new URL(url)
  const scheme = /^(?:http|ws)(s?):$/.exec(protocol)
  if (!scheme) throw new TypeError('No http(s):// address.')
  return `http${scheme[1]}://${host}${pathname.replace(/\/+$/, '')}`
}

/** The link to a room: the id is after the `#`, so that it stays out of logs and referrers. */
export const roomLink = (url: string | URL, roomId: string): string =>
  `${serverUrl(url)}/#${roomId}`

/** The server and the room of a link; undefined when it is no link to a room. */
export const readLink = (
  link: string | URL,
): { readonly url: string; readonly roomId: string } | undefined => {
  try {
    const roomId = new URL(link).hash.slice(1)
    return isRoomId(roomId) ? { url: serverUrl(link), roomId } : undefined
  } catch {
    return undefined
  }
}
