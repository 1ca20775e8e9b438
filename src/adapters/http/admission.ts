import type { FastifyReply, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import type { Bucket, Buckets, Rate } from '../../domain/bucket.ts'
import type { Pace } from '../../domain/pace.ts'
import type { Clock } from '../../ports/clock.ts'
import { RoomError } from '../../ports/errors.ts'
import { addressKey } from './addresses.ts'

/** Pings and pongs of one connection. Ours are answered once in seconds. */
const CONTROL_FRAMES: Rate = { perSecond: 20, burst: 200 }

/** The rates of this node. */
export interface Limits {
  /** Joins per address. */
  readonly joins: Pick<Buckets, 'take'>
  /** New rooms per address. */
  readonly rooms: Pick<Buckets, 'take'>
  /** Changes of rooms and messages over HTTP per address. */
  readonly changes: Pick<Buckets, 'take'>
  /** JSON connections per address. */
  readonly connections: Pick<Buckets, 'take'>
  bucket(rate: Rate): Bucket
  /** For as much as one member may send. */
  pace(): Pace
}

export interface AdmissionParts {
  readonly clock: Clock
  /** Undefined: no rates. */
  readonly limits: Limits | undefined
  /** Whether this node is too busy to take on more. */
  readonly overloaded: () => boolean
}

/** Who may come in. Everything here is decided before anything is stored or subscribed to. */
export class Admission {
  readonly #parts: AdmissionParts

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** @throws RoomError `overloaded`, or `rate_limited` with `Retry-After` set on the reply */
  join(request: FastifyRequest, reply: FastifyReply): void {
    this.#shed()
    this.#count(this.#parts.limits?.joins, request, reply)
  }

  /** A JSON connection, which joins later. @throws RoomError as `join` */
  connect(request: FastifyRequest, reply: FastifyReply): void {
    this.#shed()
    this.#count(this.#parts.limits?.connections, request, reply)
  }

  /**
   * A join from an address that is connected.
   * @param key the address's, from keyOf
   * @returns how many milliseconds to wait; 0 to go on
   * @throws RoomError `overloaded`
   */
  joinFrom(key: string): number {
    this.#shed()
    return this.#parts.limits?.joins.take(key) ?? 0
  }

  /** The pace of one connection's commands; undefined: as fast as they come. */
  pace(): Pace | undefined {
    return this.#parts.limits?.pace()
  }

  /** @throws RoomError as `join` */
  createRoom(request: FastifyRequest, reply: FastifyReply): void {
    this.#shed()
    this.#count(this.#parts.limits?.rooms, request, reply)
  }

  /** A change of a room or message. @throws RoomError as `join` */
  change(request: FastifyRequest, reply: FastifyReply): void {
    this.#shed()
    this.#count(this.#parts.limits?.changes, request, reply)
  }

  /** Calls `onFlood` for every ping and pong of a peer's that is over the rate. */
  watchControlFrames(ws: WebSocket, onFlood: () => void): void {
    const { clock, limits } = this.#parts
    if (!limits) return
    const bucket = limits.bucket(CONTROL_FRAMES)
    const count = () => {
      if (!bucket.take(1, clock.now())) onFlood()
    }
    ws.on('ping', count)
    ws.on('pong', count)
  }

  #shed(): void {
    if (this.#parts.overloaded())
      throw new RoomError('overloaded', 'The server is busy, try again.')
  }

  #count(
    buckets: Pick<Buckets, 'take'> | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    if (!buckets) return
    const waitMs = buckets.take(keyOf(request))
    if (waitMs === 0) return
    reply.header('retry-after', String(Math.ceil(waitMs / 1000)))
    throw new RoomError('rate_limited', 'Too many requests from your address, wait a little.')
  }
}

/** What a trusted proxy says that is no address leaves the proxy's own. A socket that is gone has none. */
export const keyOf = (request: FastifyRequest): string => {
  const { ip } = request as { readonly ip: string | undefined }
  return addressKey(ip ?? '') ?? addressKey(request.raw.socket.remoteAddress ?? '') ?? ''
}
