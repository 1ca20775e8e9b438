import { UPGRADE_HEADERS } from '../http.ts'

/** A header's values, in lines of their own if there are several; undefined leaves it out. */
type Changes = Readonly<Record<string, string | readonly string[] | undefined>>

/** A request for a WebSocket, one byte per character, in which some headers are changed. */
export const handshakeHead = (path: string, changes: Changes = {}, method = 'GET'): string => {
  const all: Changes = { host: 'node', ...UPGRADE_HEADERS, ...changes }
  const lines = Object.entries(all).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => `${name}: ${each}\r\n`),
  )
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}
