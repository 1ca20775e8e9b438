import { setTimeout as pause } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { messageIdOf } from '../../src/client/message-id.ts'
import type { Command } from '../../src/protocol/commands.ts'
import { CONNECT_PATH, SUBPROTOCOL } from '../../src/protocol/dialect.ts'
import type { Event, FailedCode, FailedEvent, RoomEvent } from '../../src/protocol/events.ts'
import type { Random } from '../random.ts'
import { Company, Guest, REJOIN_MS } from './company.ts'
import type { JsonVisit, Resume, Said } from './history.ts'
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
/** Chances that it changes what it said instead of saying more, and that it deletes it then. */
const CHANGE = 0.35
const DELETE = 0.3
/** Ids of these visits are told from those of others. */
const FIRST_ID = 1_000_000

/** Answers to a join after which another one may do, and those that are final. */
const PASSING = ['overloaded', 'unavailable', 'draining', 'unknown']
const FINAL: Partial<Record<FailedCode, number>> = { forbidden: 403, not_found: 404 }

type Wish = Pick<Said, 'text' | 'change'>

/** What somebody knows of the membership that it has, or had. */
interface Self {
  visit: LiveVisit | undefined
  resume: string | undefined
  /** The last seq that it holds. */
  held: number
  /** What it sent and has no answer to, or an uncertain one, by ref. */
  readonly open: Map<string, Wish>
  /** Ids of its own messages that are stored and, as far as it knows, not deleted. */
  readonly mine: string[]
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
    const guest = new Guest(roomId)
    let place = first
    let self = nobody()
    while (company.staying && guest.mayTryAgain()) {
      this.#without.add(self)
      const visit = await this.#join(place, guest, self)
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
      this.#say(visit, self, this.#wish(`j${visit.id}-t${this.#texts}`, self))
    }
    return 'stays'
  }

  #wish(text: string, { mine }: Self): Wish {
    if (mine.length === 0 || !this.#random.chance(CHANGE)) return { text }
    const target = this.#random.pick(mine)
    if (!this.#random.chance(DELETE)) return { text, change: { type: 'edited', target } }
    mine.splice(mine.indexOf(target), 1)
    return { text, change: { type: 'deleted', target } }
  }

  #say(visit: LiveVisit, self: Self, wish: Wish): void {
    const { text, change } = wish
    const { roomId, json } = visit
    self.open.set(text, wish)
    visit.said.push({ at: performance.now(), id: messageIdOf(json?.memberId ?? '', text), ...wish })
    const socket = this.company.socketOf(visit)
    if (!socket) return
    const what = { roomId, ref: text }
    if (!change) say(socket, { command: 'send', ...what, message: text })
    else if (change.type === 'deleted')
      say(socket, { command: 'delete', ...what, id: change.target })
    else say(socket, { command: 'edit', ...what, id: change.target, message: text })
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
  #join(place: Place, guest: Guest, self: Self): Promise<LiveVisit | undefined> {
    const { company } = this
    const { roomId } = guest
    const socket = company.connect(place, CONNECT_PATH, [SUBPROTOCOL], guest)
    if (socket === undefined) return Promise.resolve(undefined)
    const wanted = self.visit?.json?.memberId
    const { resume } = self
    const after = this.#after(self)
    let asked = performance.now()
    let visit: LiveVisit | undefined
    return new Promise((resolve) => {
      const giveUp = setTimeout(() => {
        if (!visit) socket.terminate()
      }, JOIN_MS)
      const failed = (event: FailedEvent): void => {
        if (visit && event.ref !== undefined) return this.#answered(visit, self, event)
        const status = visit ? undefined : FINAL[event.code]
        if (status !== undefined) company.refused(guest, status)
        else if (visit || !PASSING.includes(event.code)) {
          company.oddities.push(JSON.stringify(event))
        }
        socket.terminate()
      }
      socket.on('message', (data) => {
        if (visit?.end !== undefined) return
        const text = (data as Buffer).toString()
        const event = JSON.parse(text) as Event
        const at = performance.now()
        if (event.event === 'welcome') {
          asked = at
          if (wanted !== undefined) this.resumes.push({ at, memberId: wanted })
          const wish = { ...(after === undefined ? {} : { after }), ...(resume ? { resume } : {}) }
          say(socket, { command: 'join', roomId, ...wish })
        } else if (event.event === 'room') {
          const { address } = guest
          visit = this.#begun(event, self, { node: place.index, address, asked, wanted, after })
          company.began(visit, socket)
          this.#sendAgain(visit, self)
          resolve(visit)
        } else if (event.event === 'message') {
          const { seq } = event
          const element = `{${text.slice(`{"event":"message","seq":${seq},`.length)}\n`
          visit?.frames.push({ at, text: element, seq })
          if (self.visit === visit) self.held = seq
        } else if (event.event === 'edited' || event.event === 'deleted') {
          const { event: type, seq, ...change } = event
          visit?.frames.push({ at, text: `${JSON.stringify({ type, ...change })}\n`, seq })
          if (self.visit === visit) self.held = seq
        } else if (event.event === 'ack') {
          const { ref, id } = event
          visit?.json?.answers.push({ at, text: ref, id, seq: event.seq })
          if (self.visit === visit && self.open.get(ref)?.change === undefined) self.mine.push(id)
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
    { roomId, you, seq, resume }: RoomEvent,
    self: Self,
    {
      wanted,
      after,
      ...come
    }: Pick<LiveVisit, 'node' | 'address' | 'asked'> & Pick<JsonVisit, 'wanted' | 'after'>,
  ): LiveVisit {
    const visit: LiveVisit = {
      id: FIRST_ID + this.company.visits.length,
      roomId,
      ...come,
      opened: performance.now(),
      frames: [],
      said: [],
      end: undefined,
      json: { wanted, after, memberId: you.id, seq, answers: [] },
    }
    if (wanted !== you.id) {
      self.open.clear()
      self.mine.splice(0)
    }
    self.visit = visit
    self.resume = resume
    self.held = after ?? seq - 1
    return visit
  }

  /** What has no answer is sent again, under the same refs. */
  #sendAgain(visit: LiveVisit, self: Self): void {
    for (const wish of self.open.values()) this.#say(visit, self, wish)
  }

  #answered(visit: LiveVisit, self: Self, { ref = '', code }: FailedEvent): void {
    visit.json?.answers.push({ at: performance.now(), text: ref, code })
    const wish = self.open.get(ref)
    if (code !== 'unknown' || !wish) self.open.delete(ref)
    else if (self.visit === visit) this.#say(visit, self, wish)
  }
}

const nobody = (): Self => ({
  visit: undefined,
  resume: undefined,
  held: 0,
  open: new Map(),
  mine: [],
})

const say = (socket: WebSocket, command: Command): void => socket.send(JSON.stringify(command))
