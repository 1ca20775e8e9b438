import { expect, onTestFinished, test } from 'vitest'
import { Random } from '../random.ts'
import { eventually } from './deadline.ts'
import { clusterSettings, startCluster, startNodes } from './modes.ts'
import { useBrowser, WebPage } from './web-page.ts'
import { WildProxy } from './wild-proxy.ts'

const browser = useBrowser()
const OUTAGE_MS = 10_000

/** A load balancer in front of those nodes that it believes in, until the end of the test. */
const startProxy = async (targets: () => readonly number[]): Promise<WildProxy> => {
  const proxy = await WildProxy.to(targets, new Random(1))
  onTestFinished(() => proxy.close())
  return proxy
}

test('for 10 s one browser is offline and another behind a frozen gateway, and all talk: one order on two nodes, nothing missing or doubled', async () => {
  const { a, b } = await startNodes('cluster', { RATE_LIMIT: 'off' })
  const gateway = await startProxy(() => [b.port])
  const near = await WebPage.open(browser(), a)
  await near.createRoom()
  const [offline, frozen] = await Promise.all([
    near.join(browser(), b, { mayLose: true }),
    near.join(browser(), gateway, { mayLose: true }),
  ])
  const pages = Object.entries({ near, offline, frozen })
  await Promise.all(pages.map(([, page]) => page.live()))
  const talk = async (from: number, to: number, how: 'say' | 'type' = 'say'): Promise<void> => {
    const each = async ([who, page]: (typeof pages)[number]): Promise<void> => {
      for (let at = from; at < to; at += 1) await page[how](`${who} ${at}`)
    }
    await Promise.all(pages.map(each))
  }

  await talk(0, 15)
  gateway.freeze()
  await offline.page.context().setOffline(true)
  const begun = performance.now()
  const saysSo = offline.page.getByText('No connection.').waitFor()
  await talk(15, 35, 'type')
  await saysSo
  await offline.page.getByText('Waits for a connection').first().waitFor()
  expect(await near.texts()).toHaveLength(3 * 15 + 20)
  await eventually(
    'the end of the outage',
    async () => performance.now() - begun,
    (ms) => ms >= OUTAGE_MS,
    OUTAGE_MS,
  )
  await offline.page.context().setOffline(false)
  gateway.thaw()
  await talk(35, 50)

  const expected = pages.flatMap(([who]) => Array.from({ length: 50 }, (_, at) => `${who} ${at}`))
  for (const [who, page] of pages) {
    await eventually(
      `all messages, ${who}`,
      () => page.texts(),
      (texts) => texts.length >= expected.length,
      20_000,
    )
    await expect.poll(() => page.page.locator('.outgoing li').count()).toBe(0)
  }
  const order = await near.texts()
  expect(order.toSorted()).toEqual(expected.toSorted())
  expect(await offline.texts()).toEqual(order)
  expect(await frozen.texts()).toEqual(order)
  // Nobody saw them go, and each said it in this order.
  expect(await near.log.getByText('left the room.').count()).toBe(0)
  for (const [who] of pages) {
    const own = order.filter((text) => text.startsWith(who))
    expect(own).toEqual(expected.filter((text) => text.startsWith(who)))
  }
})

test('a node restarts and another is killed: the page says so, is live on the next within 5 s, and stays the same member', async () => {
  const cluster = await clusterSettings()
  const [first, second, third] = await startCluster(3, { ...cluster, RATE_LIMIT: 'off' })
  let believedIn = first!
  let next = first!
  let noticedAt = 0
  const gateway = await startProxy(() => {
    if (performance.now() >= noticedAt) believedIn = next
    return [believedIn.port]
  })
  const other = await WebPage.open(browser(), third!)
  await other.createRoom()
  const page = await other.join(browser(), gateway, { mayLose: true })
  await page.live()
  await page.say('before')
  await other.shows('before')

  first!.kill('SIGTERM')
  await page.page.getByText('The server is restarting.').waitFor()
  next = second!
  await page.live()

  await page.page.evaluate(`
    globalThis.states = []
    new MutationObserver(() => states.push([performance.now(), document.querySelector('.state').className]))
      .observe(document.querySelector('.state'), { attributes: true })`)
  next = third!
  // A load balancer that looks every second and a half.
  noticedAt = performance.now() + 1_500
  second!.kill('SIGKILL')
  await page.page.getByText('No connection.').waitFor()
  await page.say('said in the dark')
  await page.shows('said in the dark')
  const states = (await page.page.evaluate('states')) as [number, string][]
  const [lost] = states[0]!
  const [back] = states.at(-1)!
  console.log(`live again after ${Math.round(back - lost)} ms`)
  expect(back - lost).toBeLessThan(5_000)
  await other.shows('said in the dark')
  expect(await page.texts()).toEqual(['before', 'said in the dark'])
  expect(await other.log.getByText('left the room.').count()).toBe(0)
  await other.button('Leave').click()
  await page.log.getByText('left the room.').waitFor()
})
