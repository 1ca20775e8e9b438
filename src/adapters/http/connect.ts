import { isUtf8 } from 'node:buffer'
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { RawData } from 'ws'
import type { Controller } from '../../domain/controller.ts'
import type { MemberRates } from '../../domain/pace.ts'
import type { Clock } from '../../ports/clock.ts'
import { RoomError } from '../../ports/errors.ts'
import type { Ids } from '../../ports/ids.ts'
import type { Log } from '../../ports/log.ts'
import type { Meter } from '../../ports/meter.ts'
import { CONNECT_PATH, SUBPROTOCOL } from '../../protocol/dialect.ts'
import type { Limits } from '../../protocol/events.ts'
import { type Admission, keyOf } from './admission.ts'
import { Commands } from './commands.ts'
import { type Connections, NO_CLOSE_FRAME } from './connections.ts'
import { HANDSHAKE_ANSWERS, refusals } from './errors.ts'
import { answerPlainGet, checkHandshake, forgetHandshake } from './handshake.ts'
import type { Heartbeat } from './heartbeat.ts'
import { JsonSocket } from './json-socket.ts'
import { allowOnly } from './methods.ts'
import { NOT_UTF8 } from './status.ts'

export interface ConnectParts {
  readonly controller: Pick<Controller, 'accepting' | 'joinResumable'>
  readonly admission: Admission
  readonly heartbeat: Heartbeat
  readonly connections: Connections
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Pick<Ids, 'random'>
  readonly log: Log
  readonly meter: Meter
  /** Those that are open now. */
  readonly sockets: Set<JsonSocket>
  readonly settings: {
    readonly maxMessageBytes: number
    readonly maxConnectionRooms: number
    readonly resumeMs: number
    readonly rates: MemberRates | undefined
  }
}

/** The JSON dialect's WebSocket: any number of rooms, a member of its own in each. */
export const connectRoute = async (app: FastifyInstance, parts: ConnectParts): Promise<void> => {
  const { controller, admission, heartbeat, connections, ids, sockets, settings } = parts
  const random = (): number => ids.random()
  const limits = limitsOf(settings)

  app.decorateRequest('answer', null)
  app.route({
    method: 'GET',
    url: CONNECT_PATH,
    schema: {
      operationId: 'connect',
      summary: 'Any number of rooms: JSON over a WebSocket',
      description: `With the subprotocol \`${SUBPROTOCOL}\`. [Its commands and events](docs/asyncapi.json).`,
      tags: ['WebSocket'],
      response: {
        ...HANDSHAKE_ANSWERS,
        ...refusals('invalid', 'forbidden', 'rate_limited', 'overloaded', 'draining'),
      },
    },

    /** Before the upgrade, so that a refusal is an HTTP answer. */
    preValidation: async (request, reply) => {
      if (!request.ws) return
      checkHandshake(request.headers)
      const offered = request.headers['sec-websocket-protocol']?.split(',') ?? []
      if (!offered.some((name) => name.trim() === SUBPROTOCOL)) {
        throw new RoomError('invalid', `The subprotocol here is ${SUBPROTOCOL}.`)
      }
      if (!controller.accepting) {
        throw new RoomError('draining', 'This server is starting or stopping, try again.')
      }
      admission.connect(request, reply)
      request.setDecorator('answer', reply.raw)
    },

    handler: answerPlainGet,

    /** Nothing is awaited in here: frames that came with the handshake would be lost. */
    wsHandler: (ws, request) => {
      forgetHandshake(ws, request.getDecorator<ServerResponse>('answer'))
      const socket = new JsonSocket(ws, request.raw.socket, random)
      const address = keyOf(request)
      const commands = new Commands({
        ...parts,
        socket,
        random,
        address,
        maxRooms: settings.maxConnectionRooms,
        pace: admission.pace(),
        admitJoin: () => admission.joinFrom(address),
      })
      sockets.add(socket)
      connections.add(ws, 'json')
      ws.on('message', (data: RawData, isBinary: boolean) => {
        const bytes = data as Buffer
        if (socket.closing) return
        if (!isBinary || isUtf8(bytes)) commands.take(bytes.toString())
        else {
          connections.notUtf8(ws)
          socket.closeWith(NOT_UTF8, 'not UTF-8')
        }
      })
      ws.on('close', (code) => {
        sockets.delete(socket)
        connections.remove(ws, 'json', code, socket.closed)
        commands.end(socket.closing || code === NO_CLOSE_FRAME ? 'lost' : 'closed')
      })
      heartbeat.add(ws)
      admission.watchControlFrames(ws, () => socket.close('flood'))
      socket.tell({ event: 'welcome', limits })
    },
  })
  allowOnly(app, CONNECT_PATH, ['GET', 'HEAD'])
}

const limitsOf = (settings: ConnectParts['settings']): Limits => ({
  maxMessageBytes: settings.maxMessageBytes,
  maxRooms: settings.maxConnectionRooms,
  resumeMs: settings.resumeMs,
  ...(settings.rates && {
    messageRate: settings.rates.messages,
    messageBytesRate: settings.rates.messageBytes,
  }),
})
