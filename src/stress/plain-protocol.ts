import type { Protocol } from './protocol.ts'

/** The plain dialect: what is typed is what is sent, and the first frame is the own `joined`. */
export const plainProtocol: Protocol = {
  path: (roomId) => `/api/serve/${encodeURIComponent(roomId)}`,
  hello: [],
  isJoined: () => true,
  // A quotation mark in somebody's text is escaped, so this is never a part of one.
  isRefusal: (frame) => frame.includes('"type":"failed"'),
  send: (text) => text,
}
