import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'

/** What a server does wrong. Members, messages and upgrades are numbered from 1. */
export interface Faults {
  /** What it answers to an upgrade instead of 101; nothing: it closes. */
  answer?(upgrade: number): string | undefined
  /** What a member gets when a message is due for it. */
  deliver?(member: number, message: number, text: string): readonly string[]
  /** With what code a member is closed at a message. */
  close?(member: number, message: number): number | undefined
}

/** The answer to an upgrade that is taken. */
export const AS_DUE = 'as due'

/** A server of one room that is written with a library, pings often, and has faults. */
export const faultyServer = async (faults: Faults): Promise<URL> => {
  const http = createServer()
  const room: WebSocket[] = []
  const wss = new WebSocketServer({ noServer: true })
  let messages = 0
  let upgrades = 0

  const tell = (message: number, text: string): void => {
    for (const [index, socket] of room.entries()) {
      if (message % 3 === 0) socket.ping('are you there')
      const texts = faults.deliver?.(index + 1, message, text) ?? [text]
      for (const each of texts) socket.send(each)
      const code = faults.close?.(index + 1, message)
      if (code !== undefined) socket.close(code)
    }
  }
  wss.on('connection', (socket) => {
    room.push(socket)
    const joined = `{"type":"joined","member":${room.length}}`
    for (const each of room) each.send(joined)
    socket.on('message', (data: Buffer) => {
      messages++
      tell(messages, `{"type":"chat","number":${messages},"message":"${data.toString()}"}`)
    })
  })
  http.on('upgrade', (request, socket: Duplex, head) => {
    upgrades++
    const answer = faults.answer === undefined ? AS_DUE : faults.answer(upgrades)
    if (answer !== AS_DUE) {
      socket.end(answer ?? '')
      return
    }
    // The 101 and the first frames in one piece.
    socket.cork()
    wss.handleUpgrade(request, socket, head, (ws) => {
      wss.emit('connection', ws, request)
      process.nextTick(() => socket.uncork())
    })
  })
  await once(http.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    for (const socket of room) socket.terminate()
    http.close()
  })
  return new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}`)
}
