import { expect, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { encodeMessage } from '../../src/adapters/http/frames.ts'
import type { Connection } from '../../src/ports/connection.ts'
import { connectionContract, type Pair, peerOn } from '../contract/connection.ts'
import { fixture, listen } from './http-fixture.ts'

const connect = async (early: (connection: Connection) => void = () => {}): Promise<Pair> => {
  const set = fixture()
  set.controller.onJoin = ({ connection }) => early(connection)
  const port = await listen(set)
  const ws = new WebSocket(`ws://127.0.0.1:${port}/api/serve/${set.roomId}`)
  onTestFinished(() => ws.terminate())
  const frames: string[] = []
  const peer = peerOn(ws, frames)
  ws.on('message', (data: Buffer) => frames.push(data.toString()))
  ws.on('error', () => {})
  await new Promise((resolve, reject) => {
    ws.once('open', resolve)
    ws.once('error', reject)
  })
  const { connection } = set.controller.joins[0] ?? expect.unreachable('nobody joined')
  return { connection, peer }
}

connectionContract(
  'plain WebSocket',
  connect,
  (frame, message) => frame === Buffer.from(encodeMessage(message)).toString(),
)
