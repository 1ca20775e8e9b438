// Stock Fastify and @fastify/websocket with the broadcast of ws.mjs.
import { randomUUID } from 'node:crypto'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { joinedText, newMessage, newRoom, textOf } from './message.mjs'

const rooms = new Map()
const app = Fastify()
await app.register(websocket)

app.post('/api/room', (_request, reply) => reply.type('application/json').send(newRoom()))

app.get('/api/serve/:roomId', { websocket: true }, (socket, request) => {
  const { roomId } = request.params
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

await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
