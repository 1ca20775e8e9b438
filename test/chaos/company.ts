import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { Random } from '../random.ts'
import type { Refusal, VisitEnd } from './history.ts'
import type { Place } from './stage.ts'
import type { LiveVisit } from './talkers.ts'

/** Refusals after which the same may be asked for again. */
const PASSING = [0, 503]
/** The last address of the machine's own that a company has used. */
let addresses = 0
const HANDSHAKE_MS = 3_000
export const REJOIN_MS = 150

/** Somebody who wants to be in a room, from an address of its own: who is removed is kept out by that. */
export class Guest {
  readonly roomId: string
  #address = nextAddress()
  /** How its last try was refused, if it was. */
  refused: number | undefined

  constructor(roomId: string) {
    this.roomId = roomId
  }

  get address(): string {
    return this.#address
  }

  /** Whether it may come in if it asks again, from elsewhere if it has to. */
  mayTryAgain(): boolean {
    if (this.refused === 403) this.#address = nextAddress()
    return this.refused !== 404
  }
}

const nextAddress = (): string => {
  addresses += 1
  return `127.1.${(addresses >> 8) % 256}.${addresses % 256}`
}

/** Those who talk, in whatever dialect: who has a connection, and whether they still talk and stay. */
export class Company {
  readonly visits: LiveVisit[] = []
  readonly refusals: Refusal[] = []
  /** Answers that no healthy server gives. */
  readonly oddities: string[] = []
  readonly #places: readonly Place[]
  readonly #random: Random
  readonly #talks: Promise<void>[] = []
  readonly #sockets = new Map<LiveVisit, WebSocket>()
  #talking = true
  #staying = true

  constructor(places: readonly Place[], random: Random) {
    this.#places = places
    this.#random = random
  }

  get talking(): boolean {
    return this.#talking
  }

  get staying(): boolean {
    return this.#staying
  }

  /** The visits that have a connection. */
  get open(): readonly LiveVisit[] {
    return [...this.#sockets.keys()]
  }

  /**
   * @param count how many talk in each room, at first spread over the nodes
   * @param talk what one of them does, until nobody stays
   */
  start(
    roomIds: readonly string[],
    count: number,
    talk: (roomId: string, place: Place) => Promise<void>,
  ): void {
    for (const roomId of roomIds) {
      for (let index = 0; index < count; index += 1) {
        this.#talks.push(talk(roomId, this.#places[index % this.#places.length]!))
      }
    }
  }

  /** Everyone falls silent and stays, with a connection. Whoever has none makes one once more. */
  hush(): void {
    this.#talking = false
  }

  /** Everyone goes. */
  async stop(): Promise<void> {
    this.#staying = false
    for (const socket of this.#sockets.values()) socket.terminate()
    await Promise.all(this.#talks)
  }

  /** Where to try next. */
  async elsewhere(ms: number): Promise<Place> {
    const place = this.#random.pick(this.#places)
    await pause(ms)
    return place
  }

  /** Undefined: there is no node at this place now. */
  connect(
    { node }: Place,
    path: string,
    protocols: readonly string[],
    guest: Guest,
  ): WebSocket | undefined {
    guest.refused = undefined
    if (node === undefined || node.port === 0 || !node.running) return undefined
    const socket = new WebSocket(`ws://127.0.0.1:${node.port}${path}`, [...protocols], {
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_MS,
      localAddress: guest.address,
    })
    socket.on('error', () => {})
    socket.on('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0
      response.resume()
      this.refused(guest, status)
      socket.terminate()
    })
    return socket
  }

  /** @param status as HTTP has it */
  refused(guest: Guest, status: number): void {
    if (PASSING.includes(status)) return
    const { roomId, address } = guest
    guest.refused = status
    this.refusals.push({ at: performance.now(), roomId, address, status })
  }

  began(visit: LiveVisit, socket: WebSocket): void {
    this.visits.push(visit)
    this.#sockets.set(visit, socket)
  }

  /** The connection of this visit, if texts can be said over it. */
  socketOf(visit: LiveVisit): WebSocket | undefined {
    const socket = this.#sockets.get(visit)
    return socket?.readyState === WebSocket.OPEN ? socket : undefined
  }

  /** The first end of a visit is its end. */
  ended(visit: LiveVisit, end: VisitEnd): void {
    this.#sockets.delete(visit)
    visit.end ??= end
  }
}
