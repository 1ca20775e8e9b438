import type { IncomingMessage } from 'node:http'
import cors from '@fastify/cors'
import swagger from '@fastify/swagger'
import websocket from '@fastify/websocket'
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { History } from '../../domain/history.ts'
import type { Clock } from '../../ports/clock.ts'
import { RoomError } from '../../ports/errors.ts'
import type { Ids } from '../../ports/ids.ts'
import type { Log } from '../../ports/log.ts'
import type { Meter, Refused } from '../../ports/meter.ts'
import { CONNECT_PATH, SUBPROTOCOL } from '../../protocol/dialect.ts'
import { Admission, type AdmissionParts } from './admission.ts'
import { apiDocsRoutes, openapi } from './api-docs.ts'
import {
  brokenRequest,
  codeInBody,
  COMMON_HEADERS,
  errorHandler,
  unmetExpectation,
  unroutable,
} from './errors.ts'
import { changeRoutes, type ChangesParts } from './change-routes.ts'
import { CODE_PATH, codeRoutes, type CodesParts } from './codes.ts'
import { connectRoute, type ConnectParts } from './connect.ts'
import type { Connections } from './connections.ts'
import { directoryRoute, type DirectoryRouteParts } from './directory.ts'
import { cutEarlyUpgrades } from './early-upgrades.ts'
import { exportRoute } from './export.ts'
import { healthRoutes, type HealthParts, type Pings } from './health.ts'
import { Heartbeat } from './heartbeat.ts'
import type { JsonSocket } from './json-socket.ts'
import { messageRoutes, type MessagesParts } from './messages.ts'
import { type OwnerParts, ownerRoutes } from './owner-routes.ts'
import { type PageFile, pageRoutes } from './page.ts'
import { roomRoutes, ROOMS_PATH, type RoomsParts } from './rooms.ts'
import { SERVE_PATH, serveRoute, type ServeParts } from './serve.ts'

export interface ServerParts extends AdmissionParts {
  readonly controller: RoomsParts['controller'] &
    OwnerParts['controller'] &
    ServeParts['controller'] &
    ConnectParts['controller'] &
    HealthParts['controller']
  readonly owners: OwnerParts['owners']
  readonly changes: ChangesParts['changes']
  readonly history: History
  readonly search: MessagesParts['search']
  readonly invitations: CodesParts['invitations']
  readonly directory: DirectoryRouteParts['directory']
  readonly pings: Pings
  readonly page: readonly PageFile[]
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  readonly meter: Meter
  readonly connections: Connections
  readonly settings: ConnectParts['settings'] &
    RoomsParts['settings'] & {
      /** Who may create and join from a browser, as exact origins; empty: anyone. */
      readonly allowedOrigins: readonly string[]
      /** Addresses and networks of proxies, whose `X-Forwarded-For` counts. */
      readonly trustProxy: readonly string[]
      /** Milliseconds between pings. */
      readonly pingMs: number
    }
}

/**
 * `closeTimeout`: how long a peer may take to answer a close frame before TCP is cut.
 * `maxPendingAutoPongs`: who has more pongs unsent is cut without a code. It is far above the burst
 * of control frames in admission, so that it only bounds what is held where there are no rates.
 */
const WEBSOCKET = {
  maxPayload: 64 * 1024,
  maxFragments: 128,
  maxBufferedChunks: 1024,
  maxPendingAutoPongs: 1024,
  perMessageDeflate: false,
  closeTimeout: 2_000,
  // Fastify has seen to it that who comes to this path offers it.
  handleProtocols: (_offered: Set<string>, { url = '' }: IncomingMessage): string | false =>
    url.split('?', 1)[0] === CONNECT_PATH ? SUBPROTOCOL : false,
}

/**
 * The HTTP server, not yet listening. Drain the controller before closing it: that cuts every
 * connection at once but those already told to close, which have their two seconds to answer.
 */
export const buildServer = (parts: ServerParts): FastifyInstance => {
  const { clock, ids, log, meter, connections, settings } = parts
  const app = fastify({
    logger: false,
    bodyLimit: 4096,
    trustProxy: settings.trustProxy.length > 0 ? [...settings.trustProxy] : false,
    requestTimeout: 5_000,
    keepAliveTimeout: 72_000,
    http: {
      headersTimeout: 4_000,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8192,
      // Node's own answer has no body, and none is given to an upgrade: see checkHost.
      requireHostHeader: false,
    },
    forceCloseConnections: true,
    // While closing, the controller refuses; Fastify's own answer has another shape.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 100 },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    frameworkErrors: unroutable(meter),
    clientErrorHandler: brokenRequest(meter),
  })
  app.setErrorHandler(errorHandler(ids, log))
  app.server.on('checkExpectation', unmetExpectation(meter))
  cutEarlyUpgrades(app.server)

  const admission = new Admission(parts)
  const heartbeat = new Heartbeat(clock, settings.pingMs, (ws) => connections.silent(ws))
  const jsonSockets = new Set<JsonSocket>()
  void app.register(websocket, {
    options: WEBSOCKET,
    // `ws` has already sent the close frame for what the peer did; the plugin's own handler would
    // cut the connection before that frame arrives.
    errorHandler: (error, ws) => {
      if (ws.readyState !== ws.OPEN) return
      log.error('request failed', { error })
      ws.terminate()
    },
    // The plugin's own would close everybody without a code and wait for 30 s.
    preClose: async () => {
      heartbeat.stop()
      // Those that have a room were closed with it.
      for (const socket of jsonSockets) socket.close('drain')
      const closed = new Promise((resolve) => app.websocketServer.close(resolve))
      for (const ws of app.websocketServer.clients) {
        if (ws.readyState === ws.OPEN) ws.terminate()
      }
      await closed
    },
  })
  void app.register(cors, {
    origin: settings.allowedOrigins.length > 0 ? [...settings.allowedOrigins] : '*',
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['Link', 'Retry-After'],
    strictPreflight: false,
  })
  // Hooks run in the order in which they were added: those of the plugins first.
  app.after(() => addHooks(app, settings.allowedOrigins, meter))
  void app.register(swagger, openapi)
  void app.register(apiDocsRoutes)
  void app.register(pageRoutes, { files: parts.page })
  void app.register(healthRoutes, parts)
  void app.register(roomRoutes, { ...parts, admission })
  void app.register(ownerRoutes, { ...parts, admission })
  void app.register(directoryRoute, parts)
  void app.register(codeRoutes, { ...parts, admission })
  void app.register(messageRoutes, parts)
  void app.register(changeRoutes, { ...parts, admission })
  void app.register(exportRoute, parts)
  void app.register(serveRoute, { ...parts, admission, heartbeat })
  void app.register(connectRoute, { ...parts, admission, heartbeat, sockets: jsonSockets })
  return app
}

/** What holds for every request, whatever its path. */
const addHooks = (app: FastifyInstance, allowedOrigins: readonly string[], meter: Meter): void => {
  const allowed = new Set(allowedOrigins)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(COMMON_HEADERS)
    checkHost(request, reply)
    if (request.ws) reply.header('connection', 'close')
    // To take a code uses it.
    const reads = /^(GET|HEAD)$/.test(request.method) && request.routeOptions.url !== CODE_PATH
    if (request.ws || !reads) checkOrigin(allowed, request.headers.origin)
    if (request.ws && !request.is404) checkUpgradable(request)
  })
  // Before the body is looked at: there is nothing here, whatever was sent to it.
  app.addHook('preParsing', async (request) => {
    if (request.is404) throw new RoomError('not_found', 'There is no such resource.')
  })
  app.addHook('onSend', (request, reply, body, done) => {
    const code = reply.statusCode < 400 ? undefined : codeInBody(body)
    if (code) meter.refused(whatIsAsked(request), code)
    done()
  })
}

const whatIsAsked = (request: FastifyRequest): Refused => {
  if (request.ws && !request.is404) return 'join'
  return request.method === 'POST' && request.routeOptions.url === ROOMS_PATH ? 'room' : 'request'
}

/** RFC 9112, 3.2: one Host, which only HTTP/1.0 may leave out; whose request it is, is not clear. */
const checkHost = ({ raw }: FastifyRequest, reply: FastifyReply): void => {
  const hosts = raw.rawHeaders.filter((name, at) => at % 2 === 0 && /^host$/i.test(name)).length
  if (hosts === 1 || (hosts === 0 && raw.httpVersion === '1.0')) return
  reply.header('connection', 'close')
  throw new RoomError('invalid', 'A request names one host.')
}

/** No Origin header means that no browser sent this. */
const checkOrigin = (allowed: ReadonlySet<string>, origin: string | undefined): void => {
  if (allowed.size === 0 || origin === undefined || allowed.has(origin)) return
  throw new RoomError('forbidden', 'This origin may not use this server.')
}

/** The plugin would upgrade any GET route and then close the WebSocket. */
const checkUpgradable = ({ method, routeOptions }: FastifyRequest): void => {
  const { url } = routeOptions
  if (method === 'GET' && (url === SERVE_PATH || url === CONNECT_PATH)) return
  throw new RoomError('invalid', 'This is not a WebSocket address.')
}
