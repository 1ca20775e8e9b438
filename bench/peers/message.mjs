import { randomUUID } from 'node:crypto'

/** What the peers have in common with ours: the seven keys, in this order, and the newline. */
export const newMessage = (roomId, memberId, type, message) => ({
  id: randomUUID(),
  roomId,
  memberId,
  memberName: 'Blue Catfish',
  type,
  message,
  sent: new Date().toISOString(),
})

export const textOf = (message) => `${JSON.stringify(message)}\n`

/** All that a newcomer hears of its joining, and nobody else does: less than ours says. */
export const joinedText = (roomId, memberId) =>
  textOf(newMessage(roomId, memberId, 'joined', 'Blue Catfish joined the room.'))

export const newRoom = () => JSON.stringify({ roomId: randomUUID(), roomName: 'Blue Corner' })

export const roomOf = (path) => path.slice('/api/serve/'.length)

/** Answers `POST /api/room`; any id is a room here. */
export const answerRoom = (request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'application/json' }).end(newRoom())
}
