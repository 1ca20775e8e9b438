import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RawData } from 'ws'
import type { Member } from '../../domain/member.ts'
import type { Connection } from '../../ports/connection.ts'
import { RoomError } from '../../ports/errors.ts'
import type { RoomId } from '../../ports/model.ts'
import type { Admission } from './admission.ts'
import { errorBody } from './errors.ts'
import type { Heartbeat } from './heartbeat.ts'
import { allowOnly } from './methods.ts'
import { roomIdOf } from './room-id.ts'
import { NOT_UTF8 } from './status.ts'
import { WebSocketConnection } from './websocket-connection.ts'

export const SERVE_PATH = '/api/serve/:roomId'

export interface ServeParts {
  readonly controller: {
    join(roomId: RoomId, connection: Connection): Promise<Pick<Member, 'post' | 'leave'>>
  }
  readonly admission: Admission
  readonly heartbeat: Heartbeat
}

/** Someone who has joined and whose WebSocket is not open yet. */
interface Arrival {
  readonly connection: WebSocketConnection
  readonly member: Pick<Member, 'post' | 'leave'>
  readonly abandon: () => void
}

/** The plain dialect's WebSocket: one room, one member, one connection. */
export const serveRoute = async (
  app: FastifyInstance,
  { controller, admission, heartbeat }: ServeParts,
): Promise<void> => {
  const arrivals = new WeakMap<FastifyRequest, Arrival>()

  app.route({
    method: 'GET',
    url: SERVE_PATH,

    /** Before the upgrade, so that a refused join is an HTTP answer. */
    preValidation: async (request, reply) => {
      const roomId = roomIdOf(request)
      if (!request.ws) return
      checkHandshake(request.headers)
      admission.join(request, reply)
      const { socket } = request.raw
      const connection = new WebSocketConnection(socket)
      const member = await controller.join(roomId, connection)
      const abandon = () => member.leave()
      if (socket.destroyed) abandon()
      else socket.once('close', abandon)
      arrivals.set(request, { connection, member, abandon })
    },

    handler: async (_request, reply) =>
      reply
        .code(426)
        .headers({ upgrade: 'websocket', connection: 'upgrade' })
        .send(errorBody('invalid', 'This is a WebSocket address.')),

    /** Nothing is awaited in here: frames that came with the handshake would be lost. */
    wsHandler: (ws, request) => {
      const { connection, member, abandon } = arrivals.get(request) as Arrival
      request.raw.socket.off('close', abandon)
      const onMessage = (data: RawData, isBinary: boolean) => {
        const bytes = data as Buffer
        if (!isBinary || isUtf8(bytes)) return member.post(bytes.toString())
        ws.off('message', onMessage)
        ws.close(NOT_UTF8, 'not UTF-8')
      }
      ws.on('message', onMessage)
      ws.once('close', () => member.leave())
      heartbeat.add(ws)
      admission.watchControlFrames(ws, () => member.leave('flood'))
      connection.open(ws)
    },
  })
  allowOnly(app, SERVE_PATH, ['GET', 'HEAD'])
}

const KEY = /^[+/0-9A-Za-z]{22}==$/
const TOKEN = /^[!#$%&'*+\-.0-9A-Z^_`|a-z~]+$/

/**
 * Refuses what `ws` would refuse, because that comes after the join: nobody may join and leave for
 * a handshake that cannot work.
 */
export const checkHandshake = (headers: IncomingHttpHeaders): void => {
  const protocols = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? []
  const valid =
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    KEY.test(headers['sec-websocket-key'] ?? '') &&
    protocols.every((name) => TOKEN.test(name)) &&
    new Set(protocols).size === protocols.length
  if (!valid) throw new RoomError('invalid', 'This is not a WebSocket handshake of version 13.')
}
