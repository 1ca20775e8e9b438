import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { call } from './http.ts'
import { startNodes } from './modes.ts'
import { useBrowser, WebPage } from './web-page.ts'

const browser = useBrowser()
const MOST_BYTES = 30_000
const NO_ROOM = '00000000-0000-4000-8000-000000000000'

/** What axe finds in the page as it is now, in both themes. */
const findings = async ({ page }: WebPage): Promise<readonly string[]> => {
  const source = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
  // By the debugger, which the page's policy does not bind.
  await page.evaluate(await readFile(source, 'utf8'))
  const found: string[] = []
  // Nothing but the colours depends on the theme.
  for (const [colorScheme, rules] of [
    ['light', ''],
    ['dark', '{ runOnly: ["color-contrast", "link-in-text-block"] }'],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    const inTheme = await page.evaluate(
      `axe.run(${rules}).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, any }) => id + ': ' + html + ' ' + any.map(({ message }) => message))))`,
    )
    found.push(...(inTheme as string[]).map((finding) => `${colorScheme}: ${finding}`))
  }
  return found
}

test('axe finds nothing on any view, in both themes', async () => {
  const { a } = await startNodes('embedded', { RATE_LIMIT: 'off', MAX_ROOM_MEMBERS: '2' })
  await call(a, 'POST', '/api/room', { body: '{"public":true,"topic":"What axe finds"}' })
  const page = await WebPage.open(browser(), a, { mayLose: true })
  await page.page.getByRole('heading', { name: 'Public rooms' }).waitFor()
  expect(await findings(page), 'start page').toEqual([])
  await page.button('Open').click()
  await page.page.getByRole('alert').getByText('This is not the link').waitFor()
  expect(await findings(page), 'not a link').toEqual([])
  await page.page.getByText('More').click()
  await page.page.getByLabel('Topic').fill('What axe finds')
  await page.page.getByLabel('Be its owner').check()
  expect(await findings(page), 'a room of your own').toEqual([])
  await page.createRoom()
  const name = await page.page.getByRole('heading', { level: 1 }).innerText()
  const other = await page.join(browser(), a)
  await other.live()
  const late = await page.join(browser(), a)
  await late.page.getByRole('heading', { name: 'This room is full' }).waitFor()
  expect(await findings(late), 'full').toEqual([])
  await late.page.evaluate(`location.hash = '${NO_ROOM}'`)
  await late.page.getByRole('heading', { name: 'This room is gone' }).waitFor()
  expect(await findings(late), 'gone').toEqual([])

  await page.say('a text of mine')
  await other.shows('a text of mine')
  await page.page.getByRole('link', { name: 'New room' }).click()
  for (let at = 0; at < 30; at += 1) await other.say(`a link: https://example.org/${at}`)
  await page.page.getByRole('link', { name: `${name} 30 unread` }).click()
  await page.log.getByText('New', { exact: true }).waitFor()
  await page.button(/members/).click()
  await page.log.getByRole('button', { name: 'Edit' }).click()
  expect(await findings(page), 'members, unread marker, an edit').toEqual([])
  await page.page.getByRole('textbox', { name: 'Edit message' }).press('Escape')
  await page.button('Manage room').click()
  await page.page.getByLabel('Locked').waitFor()
  expect(await findings(page), 'owner').toEqual([])
  await page.page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  await page.button('Search').click()
  await page.page.getByRole('textbox', { name: 'Words to search for' }).fill('link')
  await page.page.keyboard.press('Enter')
  await page.button('Older results').waitFor()
  await page.page.locator('.search li button').first().click()
  await page.log.locator('.sought').waitFor()
  expect(await findings(page), 'search, and a message that it led to').toEqual([])
  await page.button('Invite').click()
  await page.page.getByRole('img', { name: 'QR code of the link' }).waitFor()
  await page.button('Get a code').click()
  await page.page.getByText(/^Good until /).waitFor()
  expect(await findings(page), 'invitation').toEqual([])
  await page.button('Close').click()

  await page.log.press('Home')
  await page.page.mouse.move(500, 300)
  await page.page.mouse.wheel(0, -10_000)
  await other.say('while nobody looks')
  const toNewest = page.button(/^1 new message/)
  await toNewest.waitFor()
  await page.say('x'.repeat(20_000))
  await page.button('Send again').waitFor()
  expect(await findings(page), 'below the view, failed').toEqual([])
  const motion = (): Promise<unknown> =>
    page.page.evaluate("getComputedStyle(document.querySelector('.to-newest')).animationName")
  expect(await motion()).toBe('rise')
  await page.page.emulateMedia({ reducedMotion: 'reduce' })
  expect(await motion()).toBe('none')
  await page.button('Discard').click()

  await page.page.context().setOffline(true)
  await page.say('in vain for now')
  await page.page.getByText('Waits for a connection').waitFor()
  expect(await findings(page), 'offline, waiting').toEqual([])
})

test('a phone of 320 pixels shows everything, and axe finds nothing', async () => {
  const { a } = await startNodes('embedded', { RATE_LIMIT: 'off' })
  const topic = 'one line and more of it, '.repeat(10)
  await call(a, 'POST', '/api/room', { body: JSON.stringify({ public: true, topic }) })
  const other = await WebPage.open(browser(), a)
  await other.createRoom()
  await other.say(`a text with a link: https://example.org/ and ${'more '.repeat(30)}`)
  const phone = await other.join(browser(), a, {
    viewport: { width: 320, height: 568 },
    hasTouch: true,
  })
  await phone.live()
  expect([await findings(phone), await phone.isTooWide()], 'room').toEqual([[], false])
  await phone.button('Rooms').click()
  await phone.page.getByRole('navigation', { name: 'Rooms' }).waitFor()
  expect([await findings(phone), await phone.isTooWide()], 'rooms').toEqual([[], false])
  await phone.page.keyboard.press('Escape')
  await phone.button(/members/).click()
  expect([await findings(phone), await phone.isTooWide()], 'members').toEqual([[], false])
  await phone.page.keyboard.press('Escape')
  await phone.button('Invite').click()
  await phone.page.getByRole('img', { name: 'QR code of the link' }).waitFor()
  expect([await findings(phone), await phone.isTooWide()], 'invitation').toEqual([[], false])
  await phone.button('Close').click()
  await phone.button(/members/).click()
  await phone.button('Leave').click()
  await phone.button('Create a room').waitFor()
  await phone.page.getByRole('heading', { name: 'Public rooms' }).waitFor()
  expect([await findings(phone), await phone.isTooWide()], 'start page').toEqual([[], false])
  await phone.createRoom()
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
    const passed: string[] = []
    for (let at = 0; at < 20; at += 1) {
      await keyboard.press(key)
      passed.push(await focused())
      if (what.test(passed.at(-1) ?? '')) return
    }
    throw new Error(`the focus does not come to ${what}, but to ${passed.join(', ')}`)
  }
  await tabTo(/^Create a room$/)
  await keyboard.press('Enter')
  await page.live()
  await expect.poll(focused).toBe('Message')
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
  await expect.poll(focused).toBe('Invite')
  await tabTo(/^1 member$/, 'Shift+Tab')
  await keyboard.press('Enter')
  await page.page.getByRole('complementary', { name: 'Members' }).waitFor()
  await keyboard.press('Escape')
  await expect.poll(() => page.page.getByRole('complementary').count()).toBe(0)
  await tabTo(/New room/, 'Shift+Tab')
  await keyboard.press('Enter')
  await page.button('Create a room').waitFor()
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
