import { expect, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { CONNECT_PATH, SUBPROTOCOL } from '../../src/protocol/dialect.ts'
import type { Connection } from '../../src/ports/connection.ts'
import { connectionContract, type Pair, peerOn } from '../contract/connection.ts'
import { fixture, listen } from './http-fixture.ts'

const connect = async (early: (connection: Connection) => void = () => {}): Promise<Pair> => {
  const set = fixture()
  set.controller.onResumable = ({ connection }) => early(connection)
  const port = await listen(set)
  const ws = new WebSocket(`ws://127.0.0.1:${port}${CONNECT_PATH}`, SUBPROTOCOL)
  onTestFinished(() => ws.terminate())
  const frames: string[] = []
  const peer = peerOn(ws, frames)
  const joined = new Promise<void>((resolve, reject) => {
    ws.on('message', (data: Buffer) => {
      const frame = data.toString()
      if (frame.startsWith('{"event":"welcome"')) {
        ws.send(JSON.stringify({ command: 'join', roomId: set.roomId }))
      } else if (frame.startsWith('{"event":"room"')) {
        resolve()
      } else if (!frame.startsWith('{"event":"goaway"')) {
        frames.push(frame)
      }
    })
    ws.on('error', reject)
  })
  await joined
  const { connection } = set.controller.resumables[0] ?? expect.unreachable('nobody joined')
  return { connection, peer }
}

connectionContract('a room of a JSON socket', connect, (frame, { roomId, message }) => {
  const event: unknown = JSON.parse(frame.startsWith('{"event":"failed"') ? frame : '{}')
  return (
    JSON.stringify(event) ===
    JSON.stringify({ event: 'failed', roomId, code: 'too_large', message })
  )
})
