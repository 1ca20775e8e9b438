import { setTimeout as pause } from 'node:timers/promises'
import { createRoom, type Contender, type ContenderName } from '../contenders.ts'
import { Crowd } from '../crowd.ts'
import { settled } from '../measure.ts'
import { cpuOf } from '../process-figures.ts'
import { figure, type Bench, type Scenario } from '../scenario.ts'

const MEMBERS = 5_000
const DELIVERY_MS = 60_000
/** Where an id has its last eight characters: it begins with the time. */
const RANDOM = 28
/** Where a frame has them, behind `{"id":"`. */
const ID = 7 + RANDOM

interface Storm {
  readonly contender: ContenderName
  readonly joined: number
  readonly lost: number
  /** How, by HTTP status or close code. */
  readonly losses: string
  /** From the first connect to the last own `joined`. */
  readonly seconds: number
  /** Until everyone had heard of everyone who came later. */
  readonly secondsToRest: number
  readonly cpuSeconds: number
  /** Members whose frames were not the room's log from their own `joined` on to its end. */
  readonly disordered: number
}

/** 5,000 members that begin to join one room within one second. */
export const storm: Scenario<readonly Storm[]> = {
  limit: 240,
  run: async ({ fleet, signal }: Bench) => {
    const storms: Storm[] = []
    for (const contender of await fleet.all(['cluster', 'embedded'])) {
      storms.push(await once(contender, signal))
    }
    return storms
  },
  table: (storms) => ({
    title: `${MEMBERS} joins into one room, begun within a second`,
    head: [
      'server',
      'joined',
      'lost',
      's to last own joined',
      's to rest',
      'CPU s',
      'disordered',
      'how lost',
    ],
    rows: storms.map((one) => [
      one.contender,
      String(one.joined),
      String(one.lost),
      figure(one.seconds),
      figure(one.secondsToRest),
      figure(one.cpuSeconds),
      String(one.disordered),
      one.losses,
    ]),
  }),
}

const once = async (contender: Contender, signal: AbortSignal): Promise<Storm> => {
  const {
    urls: [url],
    pids: [pid],
  } = contender
  if (url === undefined || pid === undefined) throw new Error('there is no server')
  const roomId = await createRoom(url)
  // Eight bytes of every id are enough to see whether an order is the same.
  const got: number[][] = Array.from({ length: MEMBERS }, () => [])
  const heard = { frames: 0 }
  await settled([pid], signal)
  const before = cpuOf([pid])
  const begin = performance.now()
  const crowd = new Crowd({
    url,
    roomIds: [roomId],
    members: MEMBERS,
    rampSeconds: 1,
    protocol: contender.protocol,
    signal,
    onFrame: (member, frame) => {
      heard.frames++
      got[member]?.push(frame.readDoubleLE(ID))
    },
  })
  try {
    await crowd.join()
    const log = await logOf(url, roomId)
    // Everyone hears of itself and of all who came later.
    const expected = (crowd.joined * (crowd.joined + 1)) / 2
    const deadline = Date.now() + DELIVERY_MS
    while (heard.frames < expected && Date.now() < deadline) {
      await pause(20, undefined, { signal })
    }
    const secondsToRest = (performance.now() - begin) / 1000
    return {
      contender: contender.name,
      joined: crowd.joined,
      lost: crowd.lost.size,
      losses: crowd.losses,
      seconds: crowd.seconds,
      secondsToRest,
      cpuSeconds: cpuOf([pid]) - before,
      disordered: disordered(
        got.filter((_ids, member) => !crowd.lost.has(member)),
        log,
      ),
    }
  } finally {
    crowd.leave()
    await settled([pid], signal)
  }
}

/** The ids of a room's log, each as the same eight bytes. */
const logOf = async (url: URL, roomId: string): Promise<readonly number[]> => {
  const answer = await fetch(new URL(`/api/room/${roomId}/messages`, url))
  const messages = (await answer.json()) as readonly { readonly id: string }[]
  return messages.map(({ id }) => Buffer.from(id).readDoubleLE(RANDOM))
}

const disordered = (got: readonly (readonly number[])[], log: readonly number[]): number => {
  const places = new Map(log.map((id, place) => [id, place]))
  return got.filter((ids) => {
    const from = places.get(ids[0] ?? Number.NaN)
    if (from === undefined || ids.length !== log.length - from) return true
    return ids.some((id, index) => id !== log[from + index])
  }).length
}
