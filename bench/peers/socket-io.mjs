// Socket.IO over WebSocket only; with REDIS_URL it has its Redis adapter.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { answerRoom, newMessage } from './message.mjs'

const server = createServer(answerRoom)
// A long time for a pong: the load generator does not speak engine.io beyond its hello.
const io = new Server(server, { transports: ['websocket'], pingTimeout: 600_000 })

if (process.env.REDIS_URL) {
  const { createAdapter } = await import('@socket.io/redis-adapter')
  const { Redis } = await import('ioredis')
  const publisher = new Redis(process.env.REDIS_URL)
  io.adapter(createAdapter(publisher, publisher.duplicate()))
}

io.on('connection', async (socket) => {
  const roomId = socket.handshake.query.room
  const memberId = randomUUID()
  socket.on('message', (message) => {
    io.to(roomId).emit('message', newMessage(roomId, memberId, 'chat', message))
  })
  await socket.join(roomId)
  socket.emit('joined')
})

server.listen(Number(process.argv[2]), '127.0.0.1')
