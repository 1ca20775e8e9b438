import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createRoom, history as historyOf, roomState } from '../e2e/http.ts'
import { Random } from '../random.ts'
import { check } from './checker.ts'
import { toLines, type History, type RoomView, type Span } from './history.ts'
import { Nemesis } from './nemesis.ts'
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
  const nemesis = new Nemesis(stage, new Random(random.below(2 ** 31)))
  const stalls = new Stalls()
  try {
    const roomIds: string[] = []
    for (let count = 0; count < plan.rooms; count += 1) {
      roomIds.push(await createRoom(stage.places[0]!.node!))
    }
    const from = performance.now()
    talkers.start(roomIds, plan.talkers)
    jsonTalkers.start(roomIds, plan.jsonTalkers)
    await plan.act(nemesis, random)
    const to = performance.now()
    for (const crowd of crowds) crowd.company.hush()
    const views = await settledViews(stage, roomIds, crowds, plan.settleMs)
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
      views,
      oddities: [
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
    await Promise.all(crowds.map((crowd) => crowd.stop()))
    await stage.close()
  }
}

/**
 * Waits until every node tells the same, everyone has a connection, and every connection has the
 * end of its log; or for long enough that the checker should see that it is not so.
 */
const settledViews = async (
  stage: Stage,
  roomIds: readonly string[],
  crowds: readonly Crowd[],
  ms: number,
): Promise<readonly RoomView[]> => {
  const deadline = performance.now() + ms
  let before: string | undefined
  for (;;) {
    await pause(250)
    const late = performance.now() > deadline
    try {
      const views = await viewsOf(stage, roomIds)
      // Joins that are under way would fall between what was read and what is noted.
      const now = JSON.stringify([
        views,
        crowds.map(({ company }) => company.open.map(({ id }) => id)),
      ])
      const steady = now === before
      before = now
      if (late || (steady && agree(views, crowds))) return views
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
      const { members } = await roomState(node!, roomId)
      views.push({ roomId, node: index, elements, members: members.map(({ id }) => id) })
    }
  }
  return views
}

const agree = (views: readonly RoomView[], crowds: readonly Crowd[]): boolean =>
  crowds.every(({ settled }) => settled) &&
  views.every(({ roomId, elements, members }) => {
    const open = crowds.flatMap(({ company }) =>
      company.open.filter((visit) => visit.roomId === roomId),
    )
    const end = `${elements.at(-1)}\n`
    const hasEnd = ({ frames, json }: LiveVisit): boolean =>
      frames.length > 0 ? frames.at(-1)?.text === end : json?.seq === elements.length
    return members.length === open.length && open.every(hasEnd)
  })

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
