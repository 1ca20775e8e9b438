import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRoom, history } from './http.ts'
import { JsonConnection } from './json-connection.ts'
import { expectStretchOf, expectWholeTailOf, Member } from './member.ts'
import { clusterSettings, startCluster } from './modes.ts'
import type { ServerNode, Settings } from './server-node.ts'

const RELEASES = fileURLToPath(new URL('../upgrade/', import.meta.url))
/** Inside of this project, so that the release finds the packages that it imports. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url))

let folder = ''

beforeAll(async () => {
  await mkdir(CACHE, { recursive: true })
  folder = await mkdtemp(join(CACHE, 'release-'))
  const [release, ...others] = await readdir(RELEASES)
  expect(others).toEqual([])
  await promisify(execFile)('tar', ['-xzf', join(RELEASES, release!), '-C', folder])
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const startOld = (count: number, settings: Settings): Promise<readonly ServerNode[]> =>
  startCluster(count, settings, join(folder, 'package/dist/main.js'))

/** Each says something that the other hears, in both directions. */
const talkBothWays = async (one: Member, other: Member, about: string): Promise<void> => {
  one.say(`${about}: there`)
  await Promise.all([one.untilChat(`${about}: there`), other.untilChat(`${about}: there`)])
  other.say(`${about}: and back`)
  await Promise.all([one.untilChat(`${about}: and back`), other.untilChat(`${about}: and back`)])
}

describe('the release before this version', () => {
  test('its nodes are replaced one by one: both serve the same rooms, nothing acknowledged is lost', async () => {
    const settings = { ...(await clusterSettings()), RATE_LIMIT: 'off' }
    const [oldOne, oldTwo] = await startOld(2, settings)
    const roomId = await createRoom(oldOne!)
    const leaving = await Member.join(oldOne!, roomId)
    const staying = await Member.join(oldTwo!, roomId)
    const json = await JsonConnection.join(oldOne!, roomId)
    await talkBothWays(leaving, staying, 'before')

    // This one migrates the database under the old ones.
    const [newOne] = await startCluster(1, settings)
    const first = await Member.join(newOne!, roomId)
    await talkBothWays(leaving, first, 'old and new')
    await talkBothWays(first, staying, 'new and old')
    json.send(roomId, 'one', 'from an old node')
    await json.next('ack')
    await first.untilChat('from an old node')

    for (let at = 0; at < 100; at += 1) {
      staying.say(`while it is replaced, old ${at}`)
      first.say(`while it is replaced, new ${at}`)
    }
    oldOne!.kill('SIGTERM')
    expect((await leaving.closed()).code).toBe(1012)
    expect((await json.closed()).code).toBe(1012)
    expect(await oldOne!.exit(15_000)).toEqual({ code: 0, signal: null })

    // A member of the old node comes back as itself on the new one.
    const again = await JsonConnection.open(newOne!)
    const after = json.messagesOf(roomId).at(-1)!.seq
    const room = await again.join(roomId, { after, resume: json.room.resume })
    expect(room.you).toEqual(json.room.you)
    again.send(roomId, 'one', 'said twice, stored once')
    await again.next('ack')
    await first.hasChats(204)

    const [newTwo] = await startCluster(1, settings)
    await oldTwo!.stop()
    expect((await staying.closed()).code).toBe(1012)
    const second = await Member.join(newTwo!, roomId)
    await talkBothWays(first, second, 'after')

    const { elements, messages } = await history(newTwo!, roomId)
    for (const member of [leaving, staying]) expectStretchOf(elements, member)
    for (const member of [first, second]) expectWholeTailOf(elements, member)
    const texts = messages.map(({ message }) => message)
    expect(texts).not.toContain('said twice, stored once')
    const seqs = [...json.messagesOf(roomId), ...again.messagesOf(roomId)].map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.map((_, index) => seqs[0]! + index))
  })

  test('starts on the database of this version and serves beside it: one can go back', async () => {
    const settings = await clusterSettings()
    const [now] = await startCluster(1, settings)
    const roomId = await createRoom(now!)
    const here = await Member.join(now!, roomId)
    await here.exchange('on the new version')
    const [old] = await startOld(1, settings)
    const there = await Member.join(old!, roomId)
    await talkBothWays(here, there, 'both')
    await now!.stop()
    expect((await here.closed()).code).toBe(1012)
    await there.exchange('on the old version')
    const { elements, messages } = await history(old!, roomId)
    expectWholeTailOf(elements, there)
    expect(messages.map(({ message }) => message)).toContain('on the new version')
  })
})
