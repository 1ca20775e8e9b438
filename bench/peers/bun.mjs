// Bun's native publish: the room is a topic, which leaves out the sender, who gets a send.
import { joinedText, newMessage, newRoom, roomOf, textOf } from './message.mjs'

Bun.serve({
  port: Number(process.argv[2]),
  hostname: '127.0.0.1',
  fetch(request, server) {
    const { pathname } = new URL(request.url)
    if (pathname === '/api/room') {
      return new Response(newRoom(), { headers: { 'content-type': 'application/json' } })
    }
    const data = { roomId: roomOf(pathname), memberId: crypto.randomUUID() }
    return server.upgrade(request, { data }) ? undefined : new Response(null, { status: 426 })
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      const { roomId, memberId } = socket.data
      socket.subscribe(roomId)
      socket.send(joinedText(roomId, memberId))
    },
    message(socket, message) {
      const { roomId, memberId } = socket.data
      const text = textOf(newMessage(roomId, memberId, 'chat', message))
      socket.publish(roomId, text)
      socket.send(text)
    },
  },
})
