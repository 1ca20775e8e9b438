import { setTimeout as pause } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { connect, type Client, type Message, type Room } from '../../src/client/client.ts'
import type { Random } from '../random.ts'
import { eventually } from './deadline.ts'
import { history } from './http.ts'
import { noteSecrets } from './secrets.ts'
import { ServerNode, type Settings } from './server-node.ts'
import { WildProxy } from './wild-proxy.ts'
import type { WireMessage } from './wire.ts'

/** As in a browser: a dead connection cannot be ended but by a close frame, whenever that passes. */
class BrowserWebSocket extends WebSocket {
  override terminate = undefined as unknown as () => void
}

const TALKERS = 6
/** Sends of one talker that are not confirmed. */
const MOST_OUT = 20
const CALM_MS = 40_000

/** Someone who talks and listens, whatever happens. */
export interface Talker {
  readonly name: string
  readonly client: Client
  readonly room: Room
  /** What came to a listener, and out of an iterator. */
  readonly heard: Message[]
  readonly read: Message[]
  /** Sends that resolved, by their text. */
  readonly stored: Map<string, { readonly id: string; readonly seq: number }>
  /** Whatever should not have happened. */
  readonly wrong: unknown[]
  /** Everyone it has been. */
  readonly ids: Set<string>
  out: number
}

/** What a storm has come to. */
export interface Aftermath {
  readonly talkers: readonly Talker[]
  /** As a node tells it in the end; the seq of each is its place. */
  readonly log: readonly WireMessage[]
  readonly faults: Readonly<Record<string, number>>
}

/**
 * Talkers on two nodes, while connections are cut and held up and nodes die and come back; then it
 * is waited until everything that was said is confirmed and was read by all.
 */
export const storm = async (
  settings: Settings,
  random: Random,
  seconds: number,
): Promise<Aftermath> => {
  const nodes = [...(await ServerNode.start(2, settings))]
  onTestFinished(() => {
    for (const node of nodes) node.destroy()
  })
  const proxy = await WildProxy.to(() => nodes.map(({ port }) => port).filter(Boolean), random)
  onTestFinished(() => proxy.close())
  const url = `http://127.0.0.1:${proxy.port}`
  const { roomId } = await connect(url, { WebSocket }).createRoom()
  const talkers = await Promise.all(
    Array.from({ length: TALKERS }, (_, at) => talk(url, roomId, at)),
  )
  onTestFinished(async () => {
    await Promise.all(talkers.map(({ client }) => client.close()))
  })

  const end = performance.now() + seconds * 1000
  const talking = talkers.map(async (talker) => {
    for (let count = 1; performance.now() < end; count += 1) {
      if (talker.out < MOST_OUT) say(talker, `${talker.name} says ${count}`)
      await pause(random.below(60))
    }
  })
  const faults = await rage(nodes, settings, proxy, random, end)
  await Promise.all(talking)

  const unconfirmed = async () => talkers.map(({ room, out }) => ({ state: room.state, out }))
  const none = (all: readonly { readonly out: number }[]) => all.every(({ out }) => out === 0)
  await eventually('everything is confirmed', unconfirmed, none, CALM_MS)
  const { messages: log } = await eventually(
    'everyone has read everything',
    () => history(nodes[0]!, roomId),
    ({ messages }) => talkers.every(({ read }) => (read.at(-1)?.seq ?? 0) >= messages.length),
    CALM_MS,
  )
  return { talkers, log, faults }
}

const talk = async (url: string, roomId: string, at: number): Promise<Talker> => {
  const client = connect(url, { WebSocket: at % 2 === 0 ? WebSocket : BrowserWebSocket })
  const room = await client.join(roomId, { after: 0 })
  const talker: Talker = {
    name: `talker-${at}`,
    client,
    room,
    heard: [],
    read: [],
    stored: new Map(),
    wrong: [],
    ids: new Set([room.you.id]),
    out: 0,
  }
  room.on('message', (message) => talker.heard.push(message))
  room.on('you', ({ id }) => talker.ids.add(id))
  room.on('reset', (from) => talker.wrong.push(`a reset to ${from}`))
  const read = async () => {
    for await (const message of room) talker.read.push(message)
  }
  read().catch((error: unknown) => talker.wrong.push(error))
  return talker
}

const say = (talker: Talker, text: string): void => {
  noteSecrets(text)
  talker.out += 1
  talker.room
    .send(text)
    .then(
      (stored) => talker.stored.set(text, stored),
      (error: unknown) => talker.wrong.push(error),
    )
    .finally(() => {
      talker.out -= 1
    })
}

/** One fault after the other; in the end everything is whole again. */
const rage = async (
  nodes: ServerNode[],
  settings: Settings,
  proxy: WildProxy,
  random: Random,
  end: number,
): Promise<Readonly<Record<string, number>>> => {
  const left = (): number => Math.max(0, end - performance.now())
  const aWhile = (ms: number) => pause(Math.min(left(), random.below(ms)))
  const restart = async (signal: 'SIGKILL' | 'SIGTERM') => {
    const at = random.below(nodes.length)
    nodes[at]!.kill(signal)
    await nodes[at]!.exit(15_000)
    nodes[at] = new ServerNode(settings)
    await nodes[at].ready()
  }
  const faults: readonly (readonly [name: string, weight: number, () => Promise<void>])[] = [
    ['cut', 12, async () => proxy.cutOne()],
    ['cut all', 2, async () => proxy.cutAll()],
    [
      'shut',
      2,
      async () => {
        proxy.isShut = true
        proxy.cutAll()
        await aWhile(4_000)
        proxy.isShut = false
      },
    ],
    [
      'freeze',
      5,
      async () => {
        const frozen = proxy.freezeOne()
        // It goes on beside the next faults.
        void aWhile(15_000).then(() => (random.chance(0.5) ? frozen?.thaw() : frozen?.cut()))
      },
    ],
    [
      'stop',
      2,
      async () => {
        const node = random.pick(nodes)
        process.kill(node.pid, 'SIGSTOP')
        await aWhile(4_000)
        process.kill(node.pid, 'SIGCONT')
      },
    ],
    ['kill', 2, () => restart('SIGKILL')],
    ['drain', 2, () => restart('SIGTERM')],
  ]
  const urn = faults.flatMap((fault) => Array.from({ length: fault[1] }, () => fault))
  const counts: Record<string, number> = {}
  while (left() > 0) {
    const [name, , strike] = random.pick(urn)
    counts[name] = (counts[name] ?? 0) + 1
    await strike()
    await aWhile(500)
  }
  for (const node of nodes) node.mustBeUp()
  return counts
}
