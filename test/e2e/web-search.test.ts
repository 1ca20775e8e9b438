import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import { fill } from './filled-room.ts'
import { call, createRoom } from './http.ts'
import { startNodes } from './modes.ts'
import { useBrowser, WebPage } from './web-page.ts'

const browser = useBrowser()
const AT_ANY_RATE = { RATE_LIMIT: 'off' }
const HTML = '<b>Nëedles</b> & <img src=x onerror="globalThis.hit = 1">'

const field = ({ page }: WebPage): Locator =>
  page.getByRole('textbox', { name: 'Words to search for' })
const found = ({ page }: WebPage): Locator => page.locator('.search li button')

const searchFor = async (page: WebPage, words: string): Promise<void> => {
  await field(page).fill(words)
  await field(page).press('Enter')
}

/** Waits until a status says exactly this. */
const says = (page: WebPage, text: string): Promise<void> =>
  page.page.getByRole('status').getByText(text, { exact: true }).waitFor()

/** Whether a message is in sight in the log. */
const isInSight = async ({ log }: WebPage, text: string): Promise<boolean> => {
  const [row, box] = await Promise.all([
    log.getByText(text, { exact: true }).boundingBox(),
    log.boundingBox(),
  ])
  return row!.y >= box!.y && row!.y + row!.height <= box!.y + box!.height
}

test('a search by keyboard marks the words as text, leads to where they were said, and Escape goes back', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  const roomId = await createRoom(a)
  // Every thirtieth, so that the oldest is pages away.
  await fill(a, roomId, 660, (n) =>
    n === 300 ? HTML : n % 30 === 0 ? `a needle ${n}` : `hay ${n}`,
  )
  const page = await WebPage.open(browser(), a, {}, `/#${roomId}`)
  await page.live()
  const { keyboard } = page.page
  // Its code is on its way meanwhile: what is typed must not be said.
  await page.page.route('**/assets/search-*', async (route) => {
    await keyboard.type('nobody reads this')
    await keyboard.press('Enter')
    await route.continue()
  })
  await keyboard.press('Control+K')
  await field(page).and(page.page.locator(':focus')).waitFor()
  await keyboard.type('NEEDLE')
  await keyboard.press('Enter')
  await says(page, 'The newest 20 messages; there are more.')
  expect([await page.field.inputValue(), await page.texts()]).toEqual([
    '',
    expect.not.arrayContaining(['nobody reads this']),
  ])
  const texts = await found(page).locator('.text').allTextContents()
  const needles = Array.from({ length: 22 }, (_, at) => (at === 10 ? HTML : `a needle ${at * 30}`))
  expect(texts).toEqual(needles.toReversed().slice(0, 20))
  const marks = await found(page).locator('mark').allTextContents()
  expect(new Set(marks)).toEqual(new Set(['needle', 'Nëedles']))
  expect(await page.page.locator('.search :is(b, img)').count()).toBe(0)

  await page.button('Older results').press('Enter')
  await says(page, '22 messages found.')
  const focused = page.page.locator(':focus')
  expect(await focused.locator('.text').textContent()).toBe('a needle 30')
  await keyboard.press('ArrowDown')
  await keyboard.press('Enter')
  await page.log.locator('.sought:focus').waitFor()
  expect(await isInSight(page, 'a needle 0')).toBe(true)
  expect(await isInSight(page, 'hay 1')).toBe(true)
  await page.button('To the newest messages').waitFor()
  await keyboard.press('Control+K')
  await keyboard.press('ArrowDown')
  await keyboard.press('Enter')
  await expect.poll(() => page.log.locator('.sought').innerText()).toContain('a needle 630')
  expect(await isInSight(page, 'a needle 630')).toBe(true)

  await keyboard.press('Control+K')
  await keyboard.press('Escape')
  await expect.poll(() => page.page.locator('.search').count()).toBe(0)
  expect(await focused.getAttribute('aria-label')).toBe('Message')
  await page.button('Search').click()
  expect(await found(page).count()).toBe(22)
})

test('what is found is as it is now; nothing, and no answer, are said', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  const page = await WebPage.open(browser(), a, { mayLose: true })
  await page.createRoom()
  for (const text of ['one needle', 'a needle too many', 'another']) await page.say(text)
  await page.shows('another')
  await page.button('Search').click()
  await searchFor(page, 'thread')
  await page.page.getByRole('status').getByText('Nothing was found').waitFor()
  await page.page.route('**/messages?search=*', (route) => route.abort(), { times: 1 })
  await searchFor(page, 'needle')
  await page.page.getByRole('alert').getByText('No server answers.').waitFor()
  await page.button('Try again').click()
  await says(page, '2 messages found.')

  const row = page.log.locator('li.chat', { hasText: 'too many' })
  await row.getByRole('button', { name: 'Delete' }).click()
  await row.locator('.change').getByRole('button', { name: 'Delete' }).click()
  await says(page, '1 message found.')
  await page.log
    .locator('li.chat', { hasText: 'one' })
    .getByRole('button', { name: 'Edit' })
    .click()
  const edit = page.page.getByRole('textbox', { name: 'Edit message' })
  await edit.fill('one needle, mended')
  await edit.press('Enter')
  await found(page).getByText('mended').waitFor()
  expect(await page.page.content()).not.toContain('too many')
})

test('a phone of 320 pixels shows the search over the room, and then the message', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  const roomId = await createRoom(a)
  await fill(a, roomId, 200, (n) => (n === 10 ? `a needle in ${'the hay'.repeat(60)}` : `hay ${n}`))
  const phone = await WebPage.open(
    browser(),
    a,
    { viewport: { width: 320, height: 568 }, hasTouch: true },
    `/#${roomId}`,
  )
  await phone.live()
  await phone.button('Search').tap()
  await searchFor(phone, 'needle')
  await says(phone, '1 message found.')
  expect(await phone.isTooWide()).toBe(false)
  await found(phone).tap()
  await phone.log.locator('.sought:focus').waitFor()
  expect(await phone.page.locator('.search').count()).toBe(0)
  expect(await phone.log.locator('.sought').innerText()).toContain('needle')
})

test('a part that a server of another version does not have is told in its place, and the rest goes on', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  await call(a, 'POST', '/api/room', { body: '{"public":true}' })
  const page = await WebPage.open(browser(), a, { mayLose: true })
  const missed: string[] = []
  await page.page.route(/\/assets\/(?!index-)/, async (route) => {
    missed.push(/\/assets\/(.*)-.{8}\.js$/.exec(route.request().url())?.[1] ?? '')
    await route.fulfill({ status: 404, contentType: 'application/json', body: '{}' })
  })
  const missing = page.page
    .getByRole('alert')
    .getByText('This part of the page could not be loaded.')
  await page.page.reload()
  await missing.waitFor()
  await page.page.getByText('More').click()
  await page.page.getByLabel('Be its owner').check()
  await page.createRoom()
  await page.button('Search').click()
  await missing.waitFor()
  await page.button(/members?$/).click()
  await page.button('Manage room').click()
  await missing.waitFor()
  await page.button('Invite').click()
  await page.page.getByText('The QR code could not be loaded.').waitFor()
  expect(await page.page.getByLabel('Link of this room').inputValue()).toBe(page.page.url())
  await page.button('Close').click()
  await page.say('said all the same')
  await page.shows('said all the same')
  expect(new Set(missed)).toEqual(new Set(['directory', 'manage-room', 'qr-code', 'search']))
})
