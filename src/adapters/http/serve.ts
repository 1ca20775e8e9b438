import { isUtf8 } from 'node:buffer'
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { RawData } from 'ws'
import type { Member } from '../../domain/member.ts'
import type { Connection } from '../../ports/connection.ts'
import type { RoomId } from '../../ports/model.ts'
import { type Admission, keyOf } from './admission.ts'
import type { Connections } from './connections.ts'
import { HANDSHAKE_ANSWERS, refusals } from './errors.ts'
import { answerPlainGet, checkHandshake, forgetHandshake } from './handshake.ts'
import type { Heartbeat } from './heartbeat.ts'
import { allowOnly } from './methods.ts'
import { roomIdOf } from './room-id.ts'
import { NOT_UTF8 } from './status.ts'
import { WebSocketConnection } from './websocket-connection.ts'

export const SERVE_PATH = '/api/serve/:roomId'

export interface ServeParts {
  readonly controller: {
    join(
      roomId: RoomId,
      connection: Connection,
      address: string,
    ): Promise<Pick<Member, 'post' | 'leave'>>
  }
  readonly admission: Admission
  readonly heartbeat: Heartbeat
  readonly connections: Connections
}

/** Someone who has joined and whose WebSocket is not open yet. */
interface Arrival {
  readonly connection: WebSocketConnection
  readonly member: Pick<Member, 'post' | 'leave'>
  readonly abandon: () => void
  readonly response: ServerResponse
}

/** The plain dialect's WebSocket: one room, one member, one connection. */
export const serveRoute = async (
  app: FastifyInstance,
  { controller, admission, heartbeat, connections }: ServeParts,
): Promise<void> => {
  // Not in a WeakMap: until the next full garbage collection that would keep the whole request.
  app.decorateRequest('arrival', null)

  app.route({
    method: 'GET',
    url: SERVE_PATH,
    schema: {
      operationId: 'serve',
      summary: 'Join a room: plain text over a WebSocket',
      description:
        'Every text frame from you is one message; every frame from the server is one message as JSON and a newline.',
      tags: ['WebSocket'],
      response: {
        ...HANDSHAKE_ANSWERS,
        ...refusals(
          ...(['invalid', 'forbidden', 'not_found', 'full', 'rate_limited', 'internal'] as const),
          ...(['overloaded', 'unavailable', 'draining', 'unknown'] as const),
        ),
      },
    },

    /** Before the upgrade, so that a refused join is an HTTP answer. */
    preValidation: async (request, reply) => {
      const roomId = roomIdOf(request)
      if (!request.ws) return
      checkHandshake(request.headers)
      admission.join(request, reply)
      const { socket } = request.raw
      const connection = new WebSocketConnection(socket)
      const member = await controller.join(roomId, connection, keyOf(request))
      const abandon = () => member.leave()
      if (socket.destroyed) abandon()
      else socket.once('close', abandon)
      const arrival: Arrival = { connection, member, abandon, response: reply.raw }
      request.setDecorator('arrival', arrival)
      connection.expectUpgrade()
    },

    handler: answerPlainGet,

    /** Nothing is awaited in here: frames that came with the handshake would be lost. */
    wsHandler: (ws, request) => {
      const { connection, member, abandon, response } = request.getDecorator<Arrival>('arrival')
      request.raw.socket.off('close', abandon)
      forgetHandshake(ws, response)
      connections.add(ws, 'plain')
      const onMessage = (data: RawData, isBinary: boolean) => {
        const bytes = data as Buffer
        if (!isBinary || isUtf8(bytes)) return member.post(bytes.toString())
        ws.off('message', onMessage)
        connections.notUtf8(ws)
        ws.close(NOT_UTF8, 'not UTF-8')
      }
      ws.on('message', onMessage)
      ws.on('close', (code) => {
        connections.remove(ws, 'plain', code, connection.closed)
        member.leave()
      })
      heartbeat.add(ws)
      admission.watchControlFrames(ws, () => member.leave('flood'))
      connection.open(ws)
    },
  })
  allowOnly(app, SERVE_PATH, ['GET', 'HEAD'])
}
