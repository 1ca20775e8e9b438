import type { Protocol } from '../src/stress/load.ts'

/** Engine.IO 4 and Socket.IO 5, as much of them as the peer needs. */
export const socketIoProtocol: Protocol = {
  path: (roomId) => `/socket.io/?EIO=4&transport=websocket&room=${roomId}`,
  // A Socket.IO CONNECT in an Engine.IO message.
  hello: ['40'],
  isJoined: (frame) => frame.toString().startsWith('42["joined"'),
  send: (text) => `42${JSON.stringify(['message', text])}`,
}
