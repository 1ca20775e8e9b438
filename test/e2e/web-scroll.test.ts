import { expect, test } from 'vitest'
import { createRoom } from './http.ts'
import { Member } from './member.ts'
import { startNodes } from './modes.ts'
import { useBrowser, WebPage } from './web-page.ts'

const browser = useBrowser()
const COUNT = Number(process.env['MESSAGES'] ?? 2_000)
/** Of wheel turns, each as far as a strong one. */
const TURNS = Number(process.env['TURNS'] ?? 120)

test(`${COUNT} messages of history are scrolled without a stutter, and few of them are held`, async () => {
  const { a } = await startNodes('embedded', { RATE_LIMIT: 'off' })
  const roomId = await createRoom(a)
  const [writer] = await Member.joinInTurn([a], roomId, 1)
  for (let at = 0; at < COUNT; at += 1) {
    writer!.say(`${at} ${'some words and more of them '.repeat(at % 7)}`)
    if (at % 1_000 === 999) await writer!.hasChats(at + 1)
  }
  await writer!.hasChats(COUNT)
  const page = await WebPage.open(browser(), a, {}, `/#${roomId}`)
  await page.live()
  await page.log.getByText(`${COUNT - 1} `).waitFor()
  await page.log.hover()
  await page.page.evaluate(`
    globalThis.frames = []
    globalThis.tasks = []
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ entryTypes: ['longtask'] })
    let last = performance.now()
    const next = (now) => { frames.push(now - last); last = now; requestAnimationFrame(next) }
    requestAnimationFrame(next)`)
  for (let turn = 0; turn < TURNS; turn += 1) await page.page.mouse.wheel(0, -600)
  const frames = (await page.page.evaluate('frames')) as number[]
  const tasks = (await page.page.evaluate('tasks')) as number[]
  const top = await page.log.locator('[data-seq]').first().getAttribute('data-seq')
  const rows = await page.log.locator('[data-seq]').count()
  frames.sort((x, y) => y - x)
  console.log({ frames: frames.length, worst: frames.slice(0, 10), tasks, top, rows })
  expect(rows).toBeLessThanOrEqual(300)
  expect(Number(top)).toBeLessThan(COUNT - 500)

  await page.log.focus()
  await page.page.keyboard.press('Home')
  await page.page.getByText('This is the beginning of the room.').waitFor()
  await page.page.keyboard.press('End')
  await page.log.getByText(`${COUNT - 1} `).waitFor()
})
