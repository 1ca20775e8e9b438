// `ws`, as its own documentation broadcasts: one JSON.stringify per message, one send per member.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { answerRoom, joinedText, newMessage, roomOf, textOf } from './message.mjs'

const rooms = new Map()
const server = createServer(answerRoom)

new WebSocketServer({ server }).on('connection', (socket, request) => {
  const roomId = roomOf(request.url)
  const memberId = randomUUID()
  const room = rooms.get(roomId) ?? new Set()
  rooms.set(roomId, room.add(socket))
  socket.on('message', (data) => {
    const text = textOf(newMessage(roomId, memberId, 'chat', data.toString()))
    for (const member of room) member.send(text)
  })
  socket.on('close', () => {
    room.delete(socket)
    if (room.size === 0) rooms.delete(roomId)
  })
  socket.send(joinedText(roomId, memberId))
})

server.listen(Number(process.argv[2]), '127.0.0.1')
