import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { connect, type Message } from '../../src/client/client.ts'
import { startNginx } from '../services/nginx.ts'
import { eventually } from './deadline.ts'
import { call, createRoom, history, type Listening } from './http.ts'
import { Member } from './member.ts'
import { clusterSettings, startCluster, startingNode, startNodes } from './modes.ts'
import { ReconnectingTalker } from './reconnecting-talker.ts'
import { noteSecrets } from './secrets.ts'
import type { ServerNode, Settings } from './server-node.ts'

/** What may pass without a connection while every node is restarted, one after the other. */
const UNAVAILABLE_MS = 2_000

const startBalancer = async (a: Listening, b: Listening): Promise<Listening> => {
  const nginx = await startNginx([a.port, b.port])
  onTestFinished(() => nginx.stop())
  return { port: Number(new URL(nginx.url).port) }
}

const behindNginx = async (settings: Settings) => {
  const nodes = await startCluster(2, {
    ...(await clusterSettings()),
    TRUST_PROXY: '127.0.0.1',
    ...settings,
  })
  const [a, b] = nodes as [ServerNode, ServerNode]
  return { a, b, balancer: await startBalancer(a, b) }
}

/** As a supervisor does it: SIGTERM, and the same again when it is gone. */
const restarted = async (node: ServerNode): Promise<ServerNode> => {
  node.kill('SIGTERM')
  expect(await node.exit(15_000)).toEqual({ code: 0, signal: null })
  const [next] = await startCluster(1, { ...node.settings, PORT: String(node.port) })
  return next!
}

/** An SDK client that talks without a pause, with all that it heard and all that it knows is stored. */
const talkWithSdk = async ({ port }: Listening, roomId: string) => {
  const codes: number[] = []
  class Noting extends WebSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol)
      this.on('close', (code) => codes.push(code))
    }
  }
  const client = connect(`http://127.0.0.1:${port}`, { WebSocket: Noting })
  onTestFinished(() => client.close())
  const room = await client.join(roomId, { after: 0 })
  noteSecrets(room.resume, room.you.id, room.you.name)
  const heard: Message[] = []
  room.on('message', (message) => heard.push(message))
  const acknowledged: string[] = []
  let talking = true
  const talk = async (): Promise<void> => {
    for (let at = 1; talking; at += 1) {
      const text = `with the SDK ${at}`
      noteSecrets(text)
      await room.send(text)
      acknowledged.push(text)
    }
  }
  const done = talk()
  const stop = (): Promise<void> => {
    talking = false
    return done
  }
  return { room, heard, acknowledged, codes, stop }
}

test('both nodes restarted under traffic behind nginx: nothing acknowledged is lost, 1012, back at once', async () => {
  const { a, b, balancer } = await behindNginx({ RATE_LIMIT: 'off' })
  const roomId = await createRoom(balancer)
  const talkers = Array.from(
    { length: 6 },
    (_, at) => new ReconnectingTalker(`talker ${at}`, balancer, roomId),
  )
  const sdk = await talkWithSdk(balancer, roomId)
  const everyoneTalks = async (): Promise<void> => {
    const sofar = [...talkers, sdk].map(({ acknowledged }) => acknowledged.length)
    await eventually(
      'everyone is heard',
      async () => [...talkers, sdk].map(({ acknowledged }, at) => acknowledged.length - sofar[at]!),
      (more) => more.every((count) => count >= 10),
    )
  }

  await everyoneTalks()
  await restarted(a)
  await everyoneTalks()
  await restarted(b)
  await everyoneTalks()

  await Promise.all([sdk.stop(), ...talkers.map((talker) => talker.stop())])
  // The lefts of those who stopped are still to come.
  const { messages } = await eventually(
    'the SDK has heard the whole log',
    () => history(balancer, roomId),
    (log) =>
      sdk.heard.length === log.messages.length && log.messages.at(-1)?.id === sdk.heard.at(-1)?.id,
  )
  const stored = messages.map(({ message }) => message)
  for (const { acknowledged, codes } of [...talkers, sdk]) {
    expect(codes).toEqual(codes.map(() => 1012))
    const own = new Set(acknowledged)
    expect(stored.filter((text) => own.has(text))).toEqual(acknowledged)
  }
  expect(talkers.flatMap(({ codes }) => codes).length).toBeGreaterThanOrEqual(talkers.length)
  for (const { outageMs, refused } of talkers) {
    expect(outageMs).toBeLessThan(UNAVAILABLE_MS)
    expect(refused).toBe(0)
  }
  expect(sdk.heard.map(({ seq }) => seq)).toEqual(messages.map((_, at) => at + 1))
  expect(sdk.heard.map(({ message }) => message)).toEqual(stored)
})

test('behind nginx a node that takes no joins is passed over, and so is one that is gone', async () => {
  const { a } = await startNodes('embedded')
  const starting = await startingNode()
  const balancer = await startBalancer(a, starting)
  const serves = async (): Promise<void> => {
    for (let at = 0; at < 6; at += 1) {
      expect((await call(balancer, 'GET', '/api/readyz')).status).toBe(200)
      const member = await Member.join(balancer, await createRoom(balancer))
      await member.exchange('heard by the one that is ready')
    }
  }
  await serves()
  starting.kill('SIGKILL')
  await starting.exit()
  await serves()
})

test('behind nginx an address is the one that nginx saw, whatever it says of itself', async () => {
  // One room for each address and node.
  const { balancer } = await behindNginx({ ROOM_RATE: '0.001/1' })
  const room = async (from: string, forwarded: string) => {
    noteSecrets(forwarded)
    const headers = { 'x-forwarded-for': forwarded }
    return (await call(balancer, 'POST', '/api/room', { from, headers })).status
  }
  expect(await room('127.0.0.1', '198.51.100.1')).toBe(200)
  expect(await room('127.0.0.1', '198.51.100.2')).toBe(200)
  expect(await room('127.0.0.1', '198.51.100.3')).toBe(429)
  expect(await room('127.0.0.2', '198.51.100.3')).toBe(200)
})
