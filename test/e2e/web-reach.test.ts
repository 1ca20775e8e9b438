import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { startNodes } from './modes.ts'
import { useBrowser, WebPage } from './web-page.ts'

const browser = useBrowser()
const MOST_BYTES = 30_000

/** What axe finds in the page as it is now. */
const findings = async ({ page }: WebPage): Promise<readonly string[]> => {
  const source = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
  // By the debugger, which the page's policy does not bind.
  await page.evaluate(await readFile(source, 'utf8'))
  return (await page.evaluate(
    `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, any }) => id + ': ' + html + ' ' + any.map(({ message }) => message))))`,
  )) as string[]
}

test.for(['light', 'dark'] as const)('axe finds nothing on any view, %s', async (colorScheme) => {
  const { a } = await startNodes('embedded', { RATE_LIMIT: 'off' })
  const page = await WebPage.open(browser(), a, { colorScheme })
  expect(await findings(page)).toEqual([])
  await page.createRoom()
  const others = await Promise.all([1, 2, 3].map(() => page.join(browser(), a)))
  for (const other of others) {
    await other.live()
    await other.say(`a text with a link: https://example.org/ and ${'more '.repeat(30)}`)
  }
  await page.say('a text of mine')
  await page.shows('a text of mine')
  await page.button(/members/).click()
  expect(await findings(page)).toEqual([])
  await page.button('Invite').click()
  await page.page.getByRole('img', { name: 'QR code of the link' }).waitFor()
  expect(await findings(page)).toEqual([])
  await page.button('Close').click()
  await page.page.evaluate("location.hash = '00000000-0000-4000-8000-000000000000'")
  await page.page.getByRole('heading', { name: 'This room is gone' }).waitFor()
  expect(await findings(page)).toEqual([])

  const phone = await others[0]!.join(browser(), a, {
    colorScheme,
    viewport: { width: 320, height: 568 },
    hasTouch: true,
  })
  await phone.live()
  expect(await findings(phone)).toEqual([])
  await phone.button('Rooms').click()
  await phone.page.getByRole('navigation', { name: 'Rooms' }).waitFor()
  expect(await findings(phone)).toEqual([])
  await phone.page.keyboard.press('Escape')
  await phone.button(/members/).click()
  expect(await findings(phone)).toEqual([])
  await phone.button('Leave').click()
  await phone.button('Create a room').waitFor()
  const isWider = 'document.documentElement.scrollWidth > innerWidth'
  expect(await phone.page.evaluate(isWider)).toBe(false)
  await phone.createRoom()
  expect(await phone.page.evaluate(isWider)).toBe(false)
  await phone.say('from a phone')
  await phone.shows('from a phone')
})

test('the keyboard alone will do, and the focus can be seen', async () => {
  const { a } = await startNodes('embedded', { RATE_LIMIT: 'off' })
  const page = await WebPage.open(browser(), a)
  const { keyboard } = page.page
  const focused = (): Promise<string> =>
    page.page.evaluate(`(() => {
      const { outlineStyle } = getComputedStyle(document.activeElement)
      const { ariaLabel, textContent, tagName } = document.activeElement
      return outlineStyle === 'none' ? 'no focus to be seen' : ariaLabel || textContent || tagName
    })()`)
  const tabTo = async (what: RegExp, key = 'Tab'): Promise<void> => {
    for (let at = 0; at < 20; at += 1) {
      await keyboard.press(key)
      if (what.test(await focused())) return
    }
    throw new Error(`the focus does not come to ${what}`)
  }
  await tabTo(/^Create a room$/)
  await keyboard.press('Enter')
  await page.live()
  expect(await focused()).toBe('Message')
  await keyboard.type('by')
  await keyboard.press('Shift+Enter')
  await keyboard.type('keyboard')
  await keyboard.press('Enter')
  await page.shows('by\nkeyboard')
  await tabTo(/^Messages$/, 'Shift+Tab')
  await tabTo(/^Invite$/, 'Shift+Tab')
  await keyboard.press('Enter')
  await expect.poll(focused).toBe('Link of this room')
  await keyboard.press('Escape')
  await expect.poll(() => page.page.getByRole('dialog').count()).toBe(0)
  expect(await focused()).toBe('Invite')
  await tabTo(/^1 member$/, 'Shift+Tab')
  await keyboard.press('Enter')
  await page.page.getByRole('complementary', { name: 'Members' }).waitFor()
  await keyboard.press('Escape')
  await expect.poll(() => page.page.getByRole('complementary').count()).toBe(0)
  await tabTo(/New room/, 'Shift+Tab')
  await keyboard.press('Enter')
  await tabTo(/^Create a room$/)
})

test('the first load is 30 kB at most, and needs nothing of anybody else', async () => {
  const { a } = await startNodes('embedded')
  const page = await WebPage.open(browser(), a)
  await page.page.waitForLoadState('networkidle')
  const sizes = (await page.page.evaluate(
    'performance.getEntries().filter(({ encodedBodySize }) => encodedBodySize).map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize])',
  )) as readonly (readonly [string, number])[]
  const sum = sizes.reduce((all, [, size]) => all + size, 0)
  console.log(`the page: ${sum} bytes of ${MOST_BYTES}`, sizes)
  expect(sizes.length).toBeGreaterThanOrEqual(3)
  expect(sum).toBeLessThanOrEqual(MOST_BYTES)
})
