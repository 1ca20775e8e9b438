// Stock Fastify and @fastify/websocket with the least that a durable join over several nodes takes:
// joins that come thick share an INSERT, those who are in the room are told, and so is Redis, to
// which a room subscribes with its first member. No order, presence, limits, names or repair: what
// a join costs beyond this is the price of those.
import { randomUUID } from 'node:crypto'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import postgres from 'postgres'
import { newMessage, newRoom, textOf } from './message.mjs'

const GATHER_MS = 25
const nodeId = Buffer.from(randomUUID())
const sql = postgres(process.env.DATABASE_URL, { onnotice: () => {} })
await sql`create table if not exists messages (
  id uuid primary key, room_id uuid, member_id uuid, member_name text, type text, message text,
  sent timestamptz
)`
const publisher = new Redis(process.env.REDIS_URL)
const subscriber = new Redis(process.env.REDIS_URL)
/** Nobody here asks whether another node's message is new. */
subscriber.on('messageBuffer', (_channel, payload) =>
  payload.subarray(0, nodeId.length).equals(nodeId),
)

/** Sockets by room. */
const rooms = new Map()
let waiting = []

const joinAll = async () => {
  const joins = waiting
  waiting = []
  const opened = new Set(joins.map(({ roomId }) => roomId).filter((roomId) => !rooms.has(roomId)))
  for (const roomId of opened) rooms.set(roomId, new Set())
  if (opened.size > 0) await subscriber.subscribe(...opened)
  const messages = joins.map(({ roomId, memberId }) =>
    newMessage(roomId, memberId, 'joined', 'Blue Catfish joined the room.'),
  )
  await sql`insert into messages ${sql(
    messages.map(({ id, roomId, memberId, memberName, type, message, sent }) => ({
      id,
      room_id: roomId,
      member_id: memberId,
      member_name: memberName,
      type,
      message,
      sent,
    })),
  )}`
  const publishes = publisher.pipeline()
  for (const [index, join] of joins.entries()) {
    const frame = frameOf(textOf(messages[index]))
    for (const socket of rooms.get(join.roomId)) socket.write(frame)
    rooms.get(join.roomId).add(join.socket)
    join.resolve(frame)
    publishes.publish(join.roomId, Buffer.concat([nodeId, frame]))
  }
  await publishes.exec()
}

/** RFC 6455, 5.2, for the lengths that a `joined` has. */
const frameOf = (text) => {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([0x81, 126, bytes.length >> 8, bytes.length & 255]), bytes])
}

const app = Fastify()
await app.register(websocket)

app.post('/api/room', (_request, reply) => reply.type('application/json').send(newRoom()))

app.route({
  method: 'GET',
  url: '/api/serve/:roomId',
  preValidation: async (request) => {
    const { socket } = request.raw
    request.frame = await new Promise((resolve) => {
      if (waiting.length === 0) setTimeout(joinAll, GATHER_MS)
      waiting.push({ roomId: request.params.roomId, memberId: randomUUID(), socket, resolve })
    })
  },
  handler: (_request, reply) => reply.code(426).send(),
  wsHandler: (webSocket, request) => {
    const { socket } = request.raw
    webSocket.on('message', () => {})
    webSocket.on('close', () => rooms.get(request.params.roomId).delete(socket))
    socket.write(request.frame)
  },
})

await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
