import type { Clock } from '../ports/clock.ts'
import type { Codes } from '../ports/codes.ts'
import { RoomError } from '../ports/errors.ts'
import type { Ids } from '../ports/ids.ts'
import { type Code, isCode, type Room, type RoomId } from '../ports/model.ts'
import { Buckets, type Rate } from './bucket.ts'
import { noSuchRoom } from './joins.ts'
import { Turns } from './turns.ts'

const DEFAULT_TTL_MS = 600_000
const MOST_OF_ROOM = 20
/** One digit sequence in a thousand. ADR 16 has the arithmetic of this and the rates. */
const MOST = 1_000
/** Of a million digit sequences a thousand are taken at most: twice in a row is rare, ten times never. */
const TRIES = 10

/** Wrong codes: from one address, from the network around it, and of all nodes together. */
const OF_ADDRESS: Rate = { perSecond: 3 / 60, burst: 10 }
const OF_NETWORK: Rate = { perSecond: 6 / 60, burst: 30 }
const OF_ALL: Rate = { perSecond: 12 / 60, burst: 60 }

/** Where a guess comes from. */
export interface Guesser {
  readonly address: string
  /** The network around the address. */
  readonly network: string
}

export interface CodeWish {
  readonly ttlMs?: number
  /** How often it can be taken; undefined: as often as wanted. */
  readonly uses?: number
}

export interface CreatedCode {
  readonly code: Code
  /** Milliseconds since the Unix epoch. */
  readonly expires: number
}

/**
 * Codes that lead people to a room. Guessing is limited whatever the settings say: a code is one of a
 * million, and a wrong one costs its sender, his network and everyone. A right one costs nothing.
 */
export class Invitations {
  readonly #codes: Codes
  readonly #ids: Pick<Ids, 'code'>
  readonly #addresses: Buckets
  readonly #networks: Buckets
  /** One after the other, so that what is tried at once is counted like what is tried in turn. */
  readonly #turns: Turns
  readonly #clock: Clock
  /** The budget of all was used up when it was last asked for. */
  #closedUntil = 0

  constructor(codes: Codes, ids: Pick<Ids, 'code'>, clock: Clock) {
    this.#codes = codes
    this.#ids = ids
    this.#addresses = new Buckets(OF_ADDRESS, clock)
    this.#networks = new Buckets(OF_NETWORK, clock)
    this.#turns = new Turns(1, clock)
    this.#clock = clock
  }

  /**
   * Makes a code for a room.
   * @throws RoomError `not_found`, `full`, `overloaded`, `unavailable`, `unknown`, `internal`
   */
  async create(roomId: RoomId, { ttlMs = DEFAULT_TTL_MS, uses }: CodeWish): Promise<CreatedCode> {
    const terms = { ttlMs, uses, mostOfRoom: MOST_OF_ROOM, most: MOST }
    for (let tries = 0; tries < TRIES; tries += 1) {
      const code = this.#ids.code()
      const expires = await this.#codes.create(roomId, code, terms)
      if (typeof expires === 'number') return { code, expires }
      if (expires === undefined) throw noSuchRoom()
      if (expires === 'room_full') {
        throw new RoomError(
          'full',
          'This room has as many codes as it may have: wait for one to end.',
        )
      }
      if (expires === 'full') break
    }
    throw new RoomError('overloaded', 'There are too many codes now: give the link, or try again.')
  }

  /**
   * The room that a code leads to; uses the code once.
   * @returns or, when too many wrong ones were tried, how long to wait; nothing was looked up then
   * @throws RoomError `not_found`, `overloaded`, `unavailable`, `unknown`, `internal`
   */
  async take(text: string, guesser: Guesser): Promise<Room | { readonly waitMs: number }> {
    if (!isCode(text)) throw noSuchCode()
    const waitMs = this.#waitMs(guesser)
    if (waitMs > 0) return { waitMs }
    return this.#turns.take(() => this.#take(text, guesser))
  }

  async #take(code: Code, guesser: Guesser): Promise<Room | { readonly waitMs: number }> {
    const waitMs = this.#waitMs(guesser)
    if (waitMs > 0) return { waitMs }
    const room = await this.#codes.take(code, OF_ALL)
    if (room && 'waitMs' in room) this.#closedUntil = this.#clock.now() + room.waitMs
    if (room) return room
    this.#addresses.take(guesser.address)
    this.#networks.take(guesser.network)
    throw noSuchCode()
  }

  #waitMs({ address, network }: Guesser): number {
    const closed = this.#closedUntil - this.#clock.now()
    return Math.max(0, closed, this.#addresses.wait(address), this.#networks.wait(network))
  }
}

const noSuchCode = (): RoomError =>
  new RoomError('not_found', 'There is no such code, or it is used up or over.')
