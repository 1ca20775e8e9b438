import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../random.ts'
import { Company, Guest, REJOIN_MS } from './company.ts'
import type { Answer, Frame, JsonVisit, Said, VisitEnd } from './history.ts'
import type { Place } from './stage.ts'

/** Chances per turn of a talker. */
export const LEAVE = 0.012

/** A visit as it is noted down. */
export interface LiveVisit {
  readonly id: number
  readonly roomId: string
  readonly node: number
  readonly address: string
  readonly asked: number
  opened: number
  readonly frames: Frame[]
  readonly said: Said[]
  end: VisitEnd | undefined
  readonly json?: Omit<JsonVisit, 'answers'> & { readonly answers: Answer[] }
}

export interface Pace {
  /** Milliseconds between two turns of a talker, at least and at most. */
  readonly pauseMs: readonly [number, number]
  /** Texts that a talker says in one turn, at most. */
  readonly texts: number
}

/** Those who talk in the plain dialect, over connections that they make again, as new members, when lost. */
export class Talkers {
  readonly company: Company
  readonly #random: Random
  readonly #pace: Pace
  readonly #silences: Promise<void>[] = []
  #silent = new Set<string>()
  #texts = 0
  #joins = 0

  constructor(places: readonly Place[], random: Random, pace: Pace) {
    this.company = new Company(places, random)
    this.#random = random
    this.#pace = pace
  }

  /** @param count how many talk in each room, at first spread over the nodes */
  start(roomIds: readonly string[], count: number): void {
    for (const roomId of roomIds) this.#silences.push(this.#fallSilent(roomId))
    this.company.start(roomIds, count, (roomId, place) => this.#talk(roomId, place))
  }

  /** Everyone goes. */
  async stop(): Promise<void> {
    await Promise.all([this.company.stop(), ...this.#silences])
  }

  /** Whether everyone has a connection that works. */
  get settled(): boolean {
    return this.company.open.every(({ frames }) => frames.length > 0)
  }

  /** Now and then a whole room falls silent: then nothing reveals that its last text was lost. */
  async #fallSilent(roomId: string): Promise<void> {
    while (this.company.talking) {
      await pause(1_000 + this.#random.below(3_000))
      this.#silent.add(roomId)
      await pause(600 + this.#random.below(1_200))
      this.#silent.delete(roomId)
    }
  }

  async #talk(roomId: string, first: Place): Promise<void> {
    const [shortest, longest] = this.#pace.pauseMs
    const { company } = this
    const guest = new Guest(roomId)
    let place = first
    while (company.staying && guest.mayTryAgain()) {
      const visit = await this.#join(place, guest)
      while (visit !== undefined && company.staying && visit.end === undefined) {
        if (company.talking && !this.#silent.has(roomId)) this.#turn(visit)
        await pause(shortest + this.#random.below(longest - shortest))
      }
      place = await company.elsewhere(REJOIN_MS)
    }
  }

  #turn(visit: LiveVisit): void {
    const socket = this.company.socketOf(visit)
    if (socket === undefined) return
    if (this.#random.chance(LEAVE)) {
      if (this.#random.chance(0.5)) socket.close(1000)
      else socket.terminate()
      this.company.ended(visit, { at: performance.now(), code: 1000, by: 'itself' })
      return
    }
    for (let count = this.#random.below(this.#pace.texts + 1); count > 0; count -= 1) {
      this.#texts += 1
      const text = `v${visit.id} t${this.#texts}`
      visit.said.push({ at: performance.now(), text })
      socket.send(text)
    }
  }

  #join(place: Place, guest: Guest): Promise<LiveVisit | undefined> {
    const { company } = this
    const { roomId, address } = guest
    const socket = company.connect(place, `/api/serve/${roomId}`, [], guest)
    if (socket === undefined) return Promise.resolve(undefined)
    const visit: LiveVisit = {
      id: this.#joins,
      roomId,
      node: place.index,
      address,
      asked: performance.now(),
      opened: performance.now(),
      frames: [],
      said: [],
      end: undefined,
    }
    this.#joins += 1
    return new Promise((resolve) => {
      socket.on('upgrade', () => company.began(visit, socket))
      socket.on('open', () => {
        visit.opened = performance.now()
        resolve(visit)
      })
      socket.on('message', (data) => {
        if (visit.end !== undefined) return
        visit.frames.push({ at: performance.now(), text: (data as Buffer).toString('utf8') })
      })
      socket.on('close', (code) => {
        company.ended(visit, { at: performance.now(), code, by: 'server' })
        resolve(undefined)
      })
    })
  }
}
