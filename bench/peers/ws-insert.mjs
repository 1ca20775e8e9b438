// ws.mjs made durable in the plainest way: one INSERT per message, then the same broadcast.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import postgres from 'postgres'
import { WebSocketServer } from 'ws'
import { answerRoom, joinedText, newMessage, roomOf, textOf } from './message.mjs'

const sql = postgres(process.env.DATABASE_URL, { onnotice: () => {} })
await sql`create table if not exists messages (
  id uuid primary key, room_id uuid, member_id uuid, member_name text, type text, message text,
  sent timestamptz
)`
const rooms = new Map()
const server = createServer(answerRoom)

new WebSocketServer({ server }).on('connection', (socket, request) => {
  const roomId = roomOf(request.url)
  const memberId = randomUUID()
  const room = rooms.get(roomId) ?? new Set()
  rooms.set(roomId, room.add(socket))
  socket.on('message', async (data) => {
    const message = newMessage(roomId, memberId, 'chat', data.toString())
    await sql`insert into messages values (
      ${message.id}, ${roomId}, ${memberId}, ${message.memberName}, ${message.type},
      ${message.message}, ${message.sent}
    )`
    const text = textOf(message)
    for (const member of room) member.send(text)
  })
  socket.on('close', () => {
    room.delete(socket)
    if (room.size === 0) rooms.delete(roomId)
  })
  socket.send(joinedText(roomId, memberId))
})

server.listen(Number(process.argv[2]), '127.0.0.1')
