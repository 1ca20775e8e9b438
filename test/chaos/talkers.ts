import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { Random } from '../random.ts'
import type { Answer, Frame, JsonVisit, Timed, VisitEnd } from './history.ts'
import type { Place } from './stage.ts'

export const HANDSHAKE_MS = 3_000
export const REJOIN_MS = 150
/** Chances per turn of a talker. */
export const LEAVE = 0.012

/** A visit as it is noted down. */
export interface LiveVisit {
  readonly id: number
  readonly roomId: string
  readonly node: number
  opened: number
  readonly frames: Frame[]
  readonly said: Timed[]
  end: VisitEnd | undefined
  readonly json?: Omit<JsonVisit, 'answers'> & { readonly answers: Answer[] }
}

export interface Pace {
  /** Milliseconds between two turns of a talker, at least and at most. */
  readonly pauseMs: readonly [number, number]
  /** Texts that a talker says in one turn, at most. */
  readonly texts: number
}

/** Those who talk in the rooms, over connections that they make again, as new members, when lost. */
export class Talkers {
  readonly visits: LiveVisit[] = []
  /** Answers to joins that no healthy server gives. */
  readonly oddities: string[] = []
  readonly #places: readonly Place[]
  readonly #random: Random
  readonly #pace: Pace
  readonly #talks: Promise<void>[] = []
  readonly #sockets = new Map<LiveVisit, WebSocket>()
  #silent = new Set<string>()
  #talking = true
  #staying = true
  #texts = 0
  #joins = 0

  constructor(places: readonly Place[], random: Random, pace: Pace) {
    this.#places = places
    this.#random = random
    this.#pace = pace
  }

  /** @param count how many talk in each room, at first spread over the nodes */
  start(roomIds: readonly string[], count: number): void {
    for (const roomId of roomIds) {
      this.#talks.push(this.#fallSilent(roomId))
      for (let index = 0; index < count; index += 1) this.#talks.push(this.#talk(roomId, index))
    }
  }

  /** Everyone falls silent and stays, with a connection. Whoever has none joins once more. */
  hush(): void {
    this.#talking = false
  }

  /** Everyone goes. */
  async stop(): Promise<void> {
    this.#staying = false
    for (const socket of this.#sockets.values()) socket.terminate()
    await Promise.all(this.#talks)
  }

  /** Whether everyone has a connection that works. */
  get settled(): boolean {
    return [...this.#sockets.keys()].every(({ frames }) => frames.length > 0)
  }

  get open(): readonly LiveVisit[] {
    return [...this.#sockets.keys()]
  }

  /** Now and then a whole room falls silent: then nothing reveals that its last text was lost. */
  async #fallSilent(roomId: string): Promise<void> {
    while (this.#talking) {
      await pause(1_000 + this.#random.below(3_000))
      this.#silent.add(roomId)
      await pause(600 + this.#random.below(1_200))
      this.#silent.delete(roomId)
    }
  }

  async #talk(roomId: string, index: number): Promise<void> {
    const [shortest, longest] = this.#pace.pauseMs
    let place = this.#places[index % this.#places.length]!
    while (this.#staying) {
      const visit = await this.#join(place, roomId)
      while (visit !== undefined && this.#staying && visit.end === undefined) {
        if (this.#talking && !this.#silent.has(roomId)) this.#turn(visit)
        await pause(shortest + this.#random.below(longest - shortest))
      }
      place = this.#random.pick(this.#places)
      await pause(REJOIN_MS)
    }
  }

  #turn(visit: LiveVisit): void {
    const socket = this.#sockets.get(visit)
    if (socket?.readyState !== WebSocket.OPEN) return
    if (this.#random.chance(LEAVE)) {
      if (this.#random.chance(0.5)) socket.close(1000)
      else socket.terminate()
      this.#ended(visit, { at: performance.now(), code: 1000, by: 'itself' })
      return
    }
    for (let count = this.#random.below(this.#pace.texts + 1); count > 0; count -= 1) {
      this.#texts += 1
      const text = `v${visit.id} t${this.#texts}`
      visit.said.push({ at: performance.now(), text })
      socket.send(text)
    }
  }

  #join(place: Place, roomId: string): Promise<LiveVisit | undefined> {
    const { node } = place
    if (node === undefined || node.port === 0 || !node.running) return Promise.resolve(undefined)
    const socket = new WebSocket(`ws://127.0.0.1:${node.port}/api/serve/${roomId}`, {
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_MS,
    })
    const visit: LiveVisit = {
      id: this.#joins,
      roomId,
      node: place.index,
      opened: performance.now(),
      frames: [],
      said: [],
      end: undefined,
    }
    this.#joins += 1
    return new Promise((resolve) => {
      socket.on('error', () => {})
      socket.on('unexpected-response', (_request, response) => {
        const status = response.statusCode ?? 0
        response.resume()
        if (status !== 503) this.oddities.push(`a join was answered with ${status}`)
        socket.terminate()
      })
      socket.on('upgrade', () => {
        this.visits.push(visit)
        this.#sockets.set(visit, socket)
      })
      socket.on('open', () => {
        visit.opened = performance.now()
        resolve(visit)
      })
      socket.on('message', (data) => {
        if (visit.end !== undefined) return
        visit.frames.push({ at: performance.now(), text: (data as Buffer).toString('utf8') })
      })
      socket.on('close', (code) => {
        this.#ended(visit, { at: performance.now(), code, by: 'server' })
        resolve(undefined)
      })
    })
  }

  #ended(visit: LiveVisit, end: VisitEnd): void {
    this.#sockets.delete(visit)
    visit.end ??= end
  }
}
