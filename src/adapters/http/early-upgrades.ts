import type { Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Cuts a connection on which an upgrade comes before the requests in front of it are answered. Node
 * has let go of such a socket, and the WebSocket plugin gives up on it without a word: nobody would
 * read from it, notice its end, or wake the answer that waits for it to drain.
 */
export const cutEarlyUpgrades = (server: Server): void => {
  const unanswered = new WeakMap<Duplex, ServerResponse>()
  server.on('request', ({ socket }, response) => {
    unanswered.set(socket, response)
    // The last answer goes out last. Node frees the socket in a listener before this one.
    response.once('finish', () => {
      if (unanswered.get(socket) === response) unanswered.delete(socket)
    })
  })
  server.on('upgrade', (_request, socket) => {
    if (unanswered.has(socket)) socket.destroy()
  })
}
