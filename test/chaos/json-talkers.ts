import { setTimeout as pause } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import type { Command } from '../../src/protocol/commands.ts'
import { CONNECT_PATH, SUBPROTOCOL } from '../../src/protocol/dialect.ts'
import type { Event, FailedEvent, RoomEvent } from '../../src/protocol/events.ts'
import type { Random } from '../random.ts'
import { Company, REJOIN_MS } from './company.ts'
import type { Resume } from './history.ts'
import type { Place } from './stage.ts'
import { LEAVE, type LiveVisit, type Pace } from './talkers.ts'

/** A join that was committed and could not be confirmed is told after five seconds. */
const JOIN_MS = 8_000
/** Chances per turn: the connection is cut; another one takes its place while it is there. */
const CUT = 0.03
const MOVE = 0.01
/** Chance that who was cut stays away for longer than it can be resumed, and how long that is. */
const STAY_AWAY = 0.15
const LONG_MS = 4_000
/** Ids of these visits are told from those of others. */
const FIRST_ID = 1_000_000

/** Answers to a join after which another one may do. */
const PASSING = ['overloaded', 'unavailable', 'draining', 'unknown']

/** What somebody knows of the membership that it has, or had. */
interface Self {
  visit: LiveVisit | undefined
  resume: string | undefined
  /** The last seq that it holds. */
  held: number
  /** What it sent and has no answer to, or an uncertain one. */
  readonly open: Set<string>
}

/** Talkers that speak the JSON dialect: they come back as who they were, with what they hold. */
export class JsonTalkers {
  readonly company: Company
  readonly resumes: Resume[] = []
  readonly #random: Random
  readonly #pace: Pace
  readonly #without = new Set<Self>()
  #texts = 0

  constructor(places: readonly Place[], random: Random, pace: Pace) {
    this.company = new Company(places, random)
    this.#random = random
    this.#pace = pace
  }

  /** @param count how many talk in each room, at first spread over the nodes */
  start(roomIds: readonly string[], count: number): void {
    this.company.start(roomIds, count, (roomId, place) => this.#talk(roomId, place))
  }

  /** Everyone goes. */
  stop(): Promise<void> {
    return this.company.stop()
  }

  /** Whether everyone is in its room, and has an answer to everything. */
  get settled(): boolean {
    return (
      this.#without.size === 0 &&
      this.company.open.every(({ said, json }) => json?.answers.length === said.length)
    )
  }

  async #talk(roomId: string, first: Place): Promise<void> {
    const [shortest, longest] = this.#pace.pauseMs
    const { company } = this
    let place = first
    let self = nobody()
    while (company.staying) {
      this.#without.add(self)
      const visit = await this.#join(place, roomId, self)
      if (visit) this.#without.delete(self)
      while (visit && company.staying && visit.end === undefined) {
        if (company.talking && this.#random.chance(MOVE)) break
        if (company.talking && this.#turn(visit, self) === 'left') self = nobody()
        await pause(shortest + this.#random.below(longest - shortest))
      }
      const away = company.talking && visit?.end !== undefined && this.#random.chance(STAY_AWAY)
      place = await company.elsewhere(away ? LONG_MS : REJOIN_MS)
    }
    this.#without.delete(self)
  }

  #turn(visit: LiveVisit, self: Self): 'left' | 'stays' {
    const socket = this.company.socketOf(visit)
    if (socket === undefined) return 'stays'
    if (this.#random.chance(LEAVE)) {
      socket.close(1000)
      this.company.ended(visit, { at: performance.now(), code: 1000, by: 'itself' })
      return 'left'
    }
    if (this.#random.chance(CUT)) {
      socket.terminate()
      this.company.ended(visit, { at: performance.now(), code: 1006, by: 'itself' })
      return 'stays'
    }
    for (let count = this.#random.below(this.#pace.texts + 1); count > 0; count -= 1) {
      this.#texts += 1
      this.#send(visit, self, `j${visit.id}-t${this.#texts}`)
    }
    return 'stays'
  }

  #send(visit: LiveVisit, self: Self, text: string): void {
    self.open.add(text)
    visit.said.push({ at: performance.now(), text })
    const socket = this.company.socketOf(visit)
    if (socket) say(socket, { command: 'send', roomId: visit.roomId, ref: text, message: text })
  }

  /** What it says that it holds: all that it does, mostly. */
  #after({ visit, held }: Self): number | undefined {
    const dice = this.#random.next()
    if (dice < 0.1) return undefined
    if (dice < 0.2) return 0
    if (dice < 0.3 || !visit) return this.#random.below(held + 1)
    return held
  }

  /** Resolves when the room was told of; undefined when that did not happen. */
  #join(place: Place, roomId: string, self: Self): Promise<LiveVisit | undefined> {
    const { company } = this
    const socket = company.connect(place, CONNECT_PATH, [SUBPROTOCOL])
    if (socket === undefined) return Promise.resolve(undefined)
    const wanted = self.visit?.json?.memberId
    const { resume } = self
    const after = this.#after(self)
    let visit: LiveVisit | undefined
    return new Promise((resolve) => {
      const giveUp = setTimeout(() => {
        if (!visit) socket.terminate()
      }, JOIN_MS)
      const failed = (event: FailedEvent): void => {
        if (visit && event.ref !== undefined) return this.#answered(visit, self, event)
        if (visit || !PASSING.includes(event.code))
          this.company.oddities.push(JSON.stringify(event))
        socket.terminate()
      }
      socket.on('message', (data) => {
        if (visit?.end !== undefined) return
        const text = (data as Buffer).toString()
        const event = JSON.parse(text) as Event
        const at = performance.now()
        if (event.event === 'welcome') {
          if (wanted !== undefined) this.resumes.push({ at, memberId: wanted })
          const wish = { ...(after === undefined ? {} : { after }), ...(resume ? { resume } : {}) }
          say(socket, { command: 'join', roomId, ...wish })
        } else if (event.event === 'room') {
          visit = this.#begun(place, event, self, { wanted, after })
          company.began(visit, socket)
          this.#sendAgain(visit, self)
          resolve(visit)
        } else if (event.event === 'message') {
          const { seq } = event
          const element = `{${text.slice(`{"event":"message","seq":${seq},`.length)}\n`
          visit?.frames.push({ at, text: element, seq })
          if (self.visit === visit) self.held = seq
        } else if (event.event === 'ack') {
          const { ref, id } = event
          visit?.json?.answers.push({ at, text: ref, id, seq: event.seq })
          self.open.delete(ref)
        } else if (event.event === 'failed') {
          failed(event)
        } else if (event.event !== 'goaway') {
          this.company.oddities.push(`${event.event} came to one who holds ${after}`)
        }
      })
      socket.on('close', (code) => {
        clearTimeout(giveUp)
        if (visit) this.company.ended(visit, { at: performance.now(), code, by: 'server' })
        resolve(undefined)
      })
    })
  }

  #begun(
    { index: node }: Place,
    { roomId, you, seq, resume }: RoomEvent,
    self: Self,
    asked: { readonly wanted: string | undefined; readonly after: number | undefined },
  ): LiveVisit {
    const visit: LiveVisit = {
      id: FIRST_ID + this.company.visits.length,
      roomId,
      node,
      opened: performance.now(),
      frames: [],
      said: [],
      end: undefined,
      json: { ...asked, memberId: you.id, seq, answers: [] },
    }
    if (asked.wanted !== you.id) self.open.clear()
    self.visit = visit
    self.resume = resume
    self.held = asked.after ?? seq - 1
    return visit
  }

  /** What has no answer is sent again, under the same refs. */
  #sendAgain(visit: LiveVisit, self: Self): void {
    for (const text of self.open) this.#send(visit, self, text)
  }

  #answered(visit: LiveVisit, self: Self, { ref = '', code }: FailedEvent): void {
    visit.json?.answers.push({ at: performance.now(), text: ref, code })
    if (code !== 'unknown') self.open.delete(ref)
    else if (self.visit === visit) this.#send(visit, self, ref)
  }
}

const nobody = (): Self => ({ visit: undefined, resume: undefined, held: 0, open: new Set() })

const say = (socket: WebSocket, command: Command): void => socket.send(JSON.stringify(command))
