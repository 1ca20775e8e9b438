import { setTimeout as pause } from 'node:timers/promises'
import { createRooms, type Contender, type ContenderName } from '../contenders.ts'
import { Crowd } from '../crowd.ts'
import { residentBytes } from '../process-figures.ts'
import { figure, type Bench, type Scenario } from '../scenario.ts'

const FEW = 100
const MORE = 10_000
const PER_ROOM = 10
const JOINS_PER_SECOND = 1_000
/** So that what a join leaves behind has been collected. */
const REST_MS = 8_000

interface Weight {
  readonly contender: ContenderName
  readonly bytesPerMember: number
  readonly residentWithFew: number
  readonly residentWithAll: number
  readonly lost: number
}

/** What a member weighs that says nothing, each server fresh and without flags. */
export const idle: Scenario<readonly Weight[]> = {
  limit: 360,
  run: async ({ fleet, signal }: Bench) => {
    // Others' timers would only take time from those that are measured.
    await fleet.stop()
    const weights: Weight[] = []
    for (const name of ['cluster', 'embedded', 'ws', 'fastify', 'socket.io', 'bun'] as const) {
      const contender = await fleet.fresh(name)
      if (contender === undefined) continue
      try {
        weights.push(await weigh(contender, signal))
      } finally {
        await contender.stop()
      }
    }
    return weights
  },
  table: (weights) => ({
    title: `Idle: ${MORE} more members beside ${FEW}, in rooms of ${PER_ROOM}`,
    head: ['server', 'KiB/member', 'MiB with few', 'MiB with all', 'faults'],
    rows: weights.map((one) => [
      one.contender,
      figure(one.bytesPerMember / 1024),
      figure(one.residentWithFew / 2 ** 20),
      figure(one.residentWithAll / 2 ** 20),
      String(one.lost),
    ]),
  }),
}

const weigh = async (
  { name, urls: [url], pids: [pid], protocol }: Contender,
  signal: AbortSignal,
): Promise<Weight> => {
  if (url === undefined || pid === undefined) throw new Error('there is no server')
  const crowds: Crowd[] = []
  const weightWith = async (members: number): Promise<number> => {
    const roomIds = await createRooms(url, members / PER_ROOM)
    const rampSeconds = members / JOINS_PER_SECOND
    const crowd = new Crowd({ url, roomIds, members, rampSeconds, protocol, signal })
    crowds.push(crowd)
    await crowd.join()
    await pause(REST_MS, undefined, { signal })
    return residentBytes(pid)
  }
  try {
    const residentWithFew = await weightWith(FEW)
    const residentWithAll = await weightWith(MORE)
    return {
      contender: name,
      bytesPerMember: (residentWithAll - residentWithFew) / MORE,
      residentWithFew,
      residentWithAll,
      lost: crowds.reduce((sum, crowd) => sum + crowd.lost.size, 0),
    }
  } finally {
    for (const crowd of crowds) crowd.leave()
  }
}
