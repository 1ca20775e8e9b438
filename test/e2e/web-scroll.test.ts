import { expect, test } from 'vitest'
import { eventually } from './deadline.ts'
import { fill } from './filled-room.ts'
import { createRoom } from './http.ts'
import { startNodes } from './modes.ts'
import { useBrowser, WebPage } from './web-page.ts'

const browser = useBrowser()

/** `make scroll` says 100,000, and then the frames are judged: it has the machine for itself. */
const wanted = process.env['MESSAGES']
const COUNT = Number(wanted ?? 3_000)
const MOST_FRAME_MS = wanted === undefined ? Number.POSITIVE_INFINITY : 50
const MOST_ROWS = 300
const MOST_HEAP_BYTES = 32 * 1024 * 1024
/** Of a strong turn of the wheel, in CSS pixels. */
const TURN = 800

test(`a history of ${COUNT} messages is scrolled through, few of them are held, and none is skipped`, async () => {
  const { a } = await startNodes('embedded', { RATE_LIMIT: 'off' })
  const roomId = await createRoom(a)
  await fill(
    a,
    roomId,
    COUNT,
    (n) => `number ${n}. ${'Some words, and more of them. '.repeat(n % 7)}`,
  )
  const { page, log } = await WebPage.open(browser(), a, {}, `/#${roomId}`)
  await log.getByText(`number ${COUNT - 1}.`).waitFor()
  await log.hover()
  await page.evaluate(`
    globalThis.frames = []
    globalThis.seen = new Set()
    globalThis.mostRows = 0
    let last = performance.now()
    const next = (now) => {
      frames.push(now - last)
      last = now
      requestAnimationFrame(next)
    }
    requestAnimationFrame(next)
    const look = () => {
      const rows = document.querySelectorAll('[data-seq]')
      mostRows = Math.max(mostRows, rows.length)
      for (const { dataset } of rows) seen.add(Number(dataset.seq))
    }
    look()
    new MutationObserver(look).observe(document.querySelector('[role=log] ol'), { childList: true })`)
  const isAtStart = 'document.querySelector(\'[data-seq="1"]\') !== null'
  while (!(await page.evaluate(isAtStart))) await page.mouse.wheel(0, -TURN)
  const { seen, mostRows, heap, frames } = (await page.evaluate(
    '({ seen: seen.size, mostRows, heap: performance.memory.usedJSHeapSize, frames })',
  )) as {
    readonly seen: number
    readonly mostRows: number
    readonly heap: number
    readonly frames: readonly number[]
  }
  const worst = frames.toSorted((x, y) => y - x).slice(0, 5)
  console.log({ frames: frames.length, worst, mostRows, heap })
  // With the two joined.
  expect(seen).toBeGreaterThanOrEqual(COUNT + 2)
  expect(mostRows).toBeLessThanOrEqual(MOST_ROWS)
  expect(heap).toBeLessThan(MOST_HEAP_BYTES)
  expect(worst[0]).toBeLessThan(MOST_FRAME_MS)

  await log.focus()
  await page.keyboard.press('End')
  await log.getByText(`number ${COUNT - 1}.`).waitFor()
  await page.keyboard.press('Home')
  await page.getByText('This is the beginning of the room.').waitFor()
}, 200_000)

test('a window as high as the screen settles: it does not load what it just let go of', async () => {
  const { a } = await startNodes('embedded', { RATE_LIMIT: 'off' })
  const roomId = await createRoom(a)
  await fill(a, roomId, 1_000, (n) => `number ${n}.`)
  const { page, log } = await WebPage.open(
    browser(),
    a,
    { viewport: { width: 1000, height: 1600 } },
    `/#${roomId}`,
  )
  await log.getByText('number 999.').waitFor()
  await log.hover()
  let askedAt = performance.now()
  page.on('request', (request) => {
    if (request.url().includes('/messages')) askedAt = performance.now()
  })
  for (let turn = 0; turn < 4; turn += 1) await page.mouse.wheel(0, -TURN)
  await eventually(
    'no page is asked for in half a second',
    async () => performance.now() - askedAt,
    (quietMs) => quietMs > 500,
  )
})
