import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { RoomError } from '../../ports/errors.ts'
import { errorBody } from './errors.ts'

/**
 * Lets go of the request and its answer, which would stay as long as the WebSocket: Node keeps the
 * answer with the socket, and the plugin both in its error listener. The WebSocket has no error
 * listener afterwards.
 */
export const forgetHandshake = (ws: WebSocket, response: ServerResponse): void => {
  if (response.socket) response.detachSocket(response.socket)
  ws.removeAllListeners('error')
}

/** The answer of a WebSocket route to a request that asks for no upgrade. */
export const answerPlainGet = async (_: FastifyRequest, reply: FastifyReply): Promise<unknown> =>
  reply
    .code(426)
    .headers({ upgrade: 'websocket', connection: 'upgrade' })
    .send(errorBody('invalid', 'This is a WebSocket address.'))

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
