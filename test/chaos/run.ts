import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { HISTORY_TYPE } from '../../src/protocol/dialect.ts'
import { call, createOwnedRoom, history as historyOf, roomState } from '../e2e/http.ts'
import { Random } from '../random.ts'
import { elementsOf } from '../e2e/wire.ts'
import { check } from './checker.ts'
import { toLines, type History, type RoomLog, type RoomView, type Span } from './history.ts'
import { Nemesis } from './nemesis.ts'
import { Owner, type OwnedRoom } from './owner.ts'
import type { Problem } from './problems.ts'
import { Stage, type Services, type StageOptions } from './stage.ts'
import { JsonTalkers } from './json-talkers.ts'
import { Talkers, type LiveVisit, type Pace } from './talkers.ts'

const STALL_MS = 100
const LOOK_MS = 20

/** Longer than the 2.5 s of a call to Postgres, and than the pause before the next renewal. */
export const LEASE_MS = 4_000
/** Longer than it takes to come back, mostly, and not much. */
export const RESUME_MS = 3_000
export const SETTINGS = {
  LEASE_MS: String(LEASE_MS),
  RESUME_MS: String(RESUME_MS),
  DRAIN_MS: '5000',
  LOG_LEVEL: 'info',
}

export interface Plan {
  /** Of its files. */
  readonly name: string
  readonly seed: number
  readonly rooms: number
  /** What owners do; without it rooms are left alone. */
  readonly owners?: {
    /** Milliseconds between two acts in a room, at least and at most. */
    readonly pauseMs: readonly [number, number]
    /** Further rooms, each with one talker of either dialect a node, that are ended after so many milliseconds. */
    readonly endMs: readonly number[]
  }
  /** Per room, in the plain dialect. */
  readonly talkers: number
  /** Per room, in the JSON dialect. */
  readonly jsonTalkers: number
  readonly pace: Pace
  readonly stage: StageOptions
  /** What happens while they talk; they fall silent when it is over. */
  readonly act: (nemesis: Nemesis, random: Random) => Promise<void>
  /** How long it may take at most until all is quiet then. */
  readonly settleMs: number
}

type Crowd = Pick<Talkers, 'company' | 'settled'>

export interface Run {
  readonly history: History
  readonly problems: readonly Problem[]
  /** Where the history is, as lines of JSON. */
  readonly file: string
}

/** Longer than strays, the last to be noticed, may stay. */
export const SETTLE_MS = 30_000

/** Plays one seed, from an empty database to the verdict. */
export const play = async (services: Services, plan: Plan): Promise<Run> => {
  const random = new Random(plan.seed)
  const stage = await Stage.open(services, `chaos_${plan.seed}`, plan.stage)
  const talkers = new Talkers(stage.places, new Random(random.below(2 ** 31)), plan.pace)
  const jsonTalkers = new JsonTalkers(stage.places, new Random(random.below(2 ** 31)), plan.pace)
  const crowds = [talkers, jsonTalkers]
  const owner = new Owner(stage.places, new Random(random.below(2 ** 31)))
  const nemesis = new Nemesis(stage, new Random(random.below(2 ** 31)))
  const stalls = new Stalls()
  try {
    const { endMs = [], pauseMs } = plan.owners ?? {}
    const rooms: OwnedRoom[] = []
    for (let count = 0; count < plan.rooms + endMs.length; count += 1) {
      rooms.push(await createOwnedRoom(stage.places[0]!.node!))
    }
    const ending = rooms.splice(plan.rooms)
    const roomIds = rooms.map(({ roomId }) => roomId)
    const endingIds = ending.map(({ roomId }) => roomId)
    const from = performance.now()
    talkers.start(roomIds, plan.talkers)
    jsonTalkers.start(roomIds, plan.jsonTalkers)
    for (const crowd of crowds) crowd.start(endingIds, plan.stage.nodes)
    const present = crowds.map(({ company }) => company)
    for (const room of rooms) {
      if (!pauseMs) break
      owner.rule(room, pauseMs, () => present.flatMap(({ open }) => inRoom(open, room.roomId)))
    }
    endMs.forEach((ms, at) => owner.end(ending[at]!, ms))
    await plan.act(nemesis, random)
    const to = performance.now()
    for (const { company } of crowds) company.hush()
    owner.hush()
    const { logs, views } = await settled(stage, roomIds, crowds, owner, plan.settleMs)
    const history: History = {
      seed: plan.seed,
      leaseMs: Number(plan.stage.settings['LEASE_MS'] ?? LEASE_MS),
      resumeMs: Number(plan.stage.settings['RESUME_MS'] ?? RESUME_MS),
      origin: performance.timeOrigin,
      talk: { from, to },
      faults: nemesis.faults,
      stalls: stalls.spans,
      visits: structuredClone(crowds.flatMap(({ company }) => company.visits)),
      resumes: jsonTalkers.resumes,
      refusals: present.flatMap(({ refusals }) => refusals),
      acts: owner.acts,
      reads: owner.reads,
      logs,
      views,
      oddities: [
        ...owner.oddities,
        ...crowds.flatMap(({ company }) => company.oddities),
        ...stage.places.flatMap(({ ends }) => ends),
      ],
    }
    const folder = join(tmpdir(), 'sharechat-chaos')
    mkdirSync(folder, { recursive: true })
    const file = join(folder, `${plan.name}.jsonl`)
    writeFileSync(file, toLines(history))
    for (const { index, node } of stage.places) {
      writeFileSync(join(folder, `${plan.name}-node-${index}.log`), node?.output ?? '')
    }
    return { history, problems: check(history), file }
  } finally {
    stalls.stop()
    await Promise.all([owner, ...crowds].map((one) => one.stop()))
    await stage.close()
  }
}

/**
 * Waits until every node tells the same, everyone has a connection, and every connection has the
 * end of its log; or for long enough that the checker should see that it is not so.
 */
const settled = async (
  stage: Stage,
  roomIds: readonly string[],
  crowds: readonly Crowd[],
  owner: Owner,
  ms: number,
): Promise<{ readonly logs: readonly RoomLog[]; readonly views: readonly RoomView[] }> => {
  const deadline = performance.now() + ms
  let before: string | undefined
  for (;;) {
    await pause(250)
    const late = performance.now() > deadline
    try {
      const views = await viewsOf(stage, roomIds)
      const logs = await Promise.all(roomIds.map((roomId) => stage.logOf(roomId)))
      // Joins that are under way would fall between what was read and what is noted.
      const now = JSON.stringify([
        views,
        logs,
        crowds.map(({ company }) => company.open.map(({ id }) => id)),
      ])
      const steady = now === before
      before = now
      const all = owner.settled && crowds.every((crowd) => crowd.settled)
      if (late || (steady && all && agree(views, logs, crowds))) return { logs, views }
    } catch (error) {
      if (late) throw error
    }
  }
}

const viewsOf = async (stage: Stage, roomIds: readonly string[]): Promise<readonly RoomView[]> => {
  const views: RoomView[] = []
  for (const { index, node } of stage.places) {
    for (const roomId of roomIds) {
      const { elements } = await historyOf(node!, roomId)
      const headers = { accept: HISTORY_TYPE }
      const path = `/api/room/${roomId}/messages`
      const messages = elementsOf((await call(node!, 'GET', path, { headers })).text)
      const { members } = await roomState(node!, roomId)
      const ids = members.map(({ id }) => id)
      views.push({ roomId, node: index, elements, messages, members: ids })
    }
  }
  return views
}

const inRoom = (visits: readonly LiveVisit[], roomId: string): readonly LiveVisit[] =>
  visits.filter((visit) => visit.roomId === roomId)

const agree = (
  views: readonly RoomView[],
  logs: readonly RoomLog[],
  crowds: readonly Crowd[],
): boolean =>
  views.every(({ roomId, elements, members }) => {
    const open = crowds.flatMap(({ company }) => inRoom(company.open, roomId))
    const last = logs.find((log) => log.roomId === roomId)?.rows.length
    const end = `${elements.at(-1)}\n`
    const hasEnd = ({ frames, json }: LiveVisit): boolean =>
      json
        ? (frames.at(-1)?.seq ?? json.seq) === last
        : frames.some(({ text }) => idOf(text) === idOf(end))
    return members.length === open.length && open.every(hasEnd)
  })

const idOf = (text: string): string => (JSON.parse(text) as { readonly id: string }).id

/** Notes when this process did not get its turn for a tenth of a second. */
class Stalls {
  readonly spans: Span[] = []
  readonly #timer: NodeJS.Timeout
  #last = performance.now()

  constructor() {
    this.#timer = setInterval(() => {
      const now = performance.now()
      if (now - this.#last > STALL_MS) this.spans.push({ from: this.#last, to: now })
      this.#last = now
    }, LOOK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
