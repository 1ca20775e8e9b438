import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { NodeAddress } from './member.ts'

const PROBE_MS = 10_000

/**
 * Looks a node's name up. Of several addresses it takes the first that accepts a connection:
 * `localhost` is often ::1 as well, where a server that listens on 0.0.0.0 is not.
 * @param url with http:
 * @throws Error when there is no such name, or nothing accepts a connection within 10 s
 */
export const nodeAddress = async (url: URL): Promise<NodeAddress> => {
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(url.port || 80)
  const found = await lookup(name, { all: true })
  let why: unknown
  for (const { address: host } of found) {
    const socket = connect({ host, port })
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(PROBE_MS) })
      return { host, port, authority: url.host }
    } catch (error) {
      why = error
    } finally {
      socket.destroy()
    }
  }
  throw new Error(`Nothing accepts connections at ${url.origin}.`, { cause: why })
}
