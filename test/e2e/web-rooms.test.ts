import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { call, createRoom } from './http.ts'
import { startNodes } from './modes.ts'
import { useBrowser, WebPage } from './web-page.ts'

const browser = useBrowser()
const AT_ANY_RATE = { RATE_LIMIT: 'off' }

test('a code opens the room, a wrong one says so, and the topic is under the name', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  const page = await WebPage.open(browser(), a, { mayLose: true })
  await page.page.getByText('More').click()
  await page.page.getByLabel('Topic').fill('Tea, not coffee')
  await page.page.getByLabel('Most members').fill('2')
  await page.createRoom()
  await page.page.getByText('Tea, not coffee').waitFor()
  await page.button('Invite').click()
  await page.button('Get a code').click()
  await page.page.getByText(/^Good until /).waitFor()
  const code = await page.page.locator('.code').innerText()
  const other = await WebPage.open(browser(), a, { mayLose: true })
  const field = other.page.getByRole('textbox', { name: 'Code' })
  await field.fill('12345')
  await field.press('Enter')
  await other.page.getByRole('alert').getByText('A code has six digits.').waitFor()
  await field.fill(code === '000000' ? '000001' : '000000')
  await other.button('Join').click()
  await other.page.getByRole('alert').getByText('This code leads nowhere').waitFor()
  await field.fill(`${code.slice(0, 3)} ${code.slice(3)}`)
  await other.button('Join').click()
  await other.live()
  expect(new URL(other.page.url()).hash).toBe(new URL(page.page.url()).hash)
  const late = await page.join(browser(), a)
  await late.page.getByRole('heading', { name: 'This room is full' }).waitFor()
})

test('a room that is gone, and one that is full, say so', async () => {
  const { a } = await startNodes('embedded', { MAX_ROOM_MEMBERS: '1' })
  const gone = await WebPage.open(browser(), a, {}, '/#00000000-0000-4000-8000-000000000000')
  await gone.page.getByRole('heading', { name: 'This room is gone' }).waitFor()
  await gone.button('To the start page').click()
  await gone.createRoom()
  const late = await gone.join(browser(), a)
  await late.page.getByRole('heading', { name: 'This room is full' }).waitFor()
  await gone.button('Leave').click()
  await late.button('Try again').click()
  await late.live()
})

test('an owner changes the topic, locks, deletes, removes and ends', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  const page = await WebPage.open(browser(), a)
  await page.page.getByText('More').click()
  await page.page.getByLabel('Be its owner').check()
  await page.createRoom()
  expect(await page.page.evaluate('[document.cookie, localStorage.length]')).toEqual(['', 0])
  const other = await page.join(browser(), a)
  await other.live()
  expect(await other.button('Manage room').count()).toBe(0)
  await other.say('rude')
  await page.shows('rude')
  await page.log.locator('li', { hasText: 'rude' }).getByRole('button', { name: 'Delete' }).click()
  await page.log.locator('.change').getByRole('button', { name: 'Delete' }).click()
  await expect.poll(() => other.texts()).toEqual([])

  await page.button(/members/).click()
  await page.button('Manage room').click()
  await page.page.getByLabel('Topic').fill('Be kind')
  await page.button('Save').click()
  await other.page.getByText('Be kind').waitFor()
  await Promise.all([
    page.page.waitForResponse((answer) => answer.request().postData() === '{"locked":true}'),
    page.page.getByLabel('Locked').check(),
  ])
  await page.page.getByRole('status').getByText('Saved.').waitFor()
  const late = await page.join(browser(), a)
  await late.page.getByRole('heading', { name: 'This room does not let you in' }).waitFor()
  await page.page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  page.page.on('dialog', (dialog) => void dialog.accept())
  await page.button(/^Remove /).click()
  await other.page.getByRole('heading', { name: 'You were removed' }).waitFor()
  await page.button('Manage room').click()
  await page.button('End this room').click()
  await page.button('End it for everyone').click()
  await page.page.getByRole('heading', { name: 'This room is gone' }).waitFor()
  expect(await page.page.evaluate('Object.keys(sessionStorage)')).toEqual(['sharechat.rooms'])
})

test('an owner changes every setting at 320 pixels with the keyboard alone, and what cannot be is refused', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  const page = await WebPage.open(browser(), a, {
    viewport: { width: 320, height: 568 },
    mayLose: true,
  })
  await page.page.getByText('More').click()
  await page.page.getByLabel('Be its owner').check()
  await page.createRoom()
  const roomId = new URL(page.page.url()).hash.slice(1)
  const { keyboard } = page.page
  await page.button(/members?$/).press('Enter')
  await page.button('Manage room').press('Enter')
  const dialog = page.page.getByRole('dialog')
  const name = dialog.getByLabel('Name')
  await name.waitFor()
  expect(await page.isTooWide()).toBe(false)
  await expect.poll(() => page.page.locator('[name=name]:focus').count()).toBe(1)
  for (const written of ['Tea Room', 'No coffee', '7', '3']) {
    await keyboard.press('Control+A')
    await keyboard.type(written)
    await keyboard.press('Tab')
  }
  await keyboard.press('Enter')
  await dialog.getByRole('status').getByText('Saved.').waitFor()
  await keyboard.press('Tab')
  await keyboard.press('Tab')
  await keyboard.press('Space')
  const info = async (): Promise<unknown> =>
    JSON.parse((await call(a, 'GET', `/api/room/${roomId}/info`)).text)
  const settings = { roomName: 'Tea Room', topic: 'No coffee', capacity: 7, slowMode: 3 }
  await expect.poll(info).toMatchObject({ ...settings, public: true, locked: false })

  // Only what was changed is sent, so an older view of the rest does no harm.
  await dialog.getByLabel('Most members').fill('')
  const [request] = await Promise.all([
    page.page.waitForRequest((asked) => asked.method() === 'PATCH'),
    dialog.getByRole('button', { name: 'Save' }).press('Enter'),
  ])
  expect(request.postDataJSON()).toEqual({ capacity: null })
  await expect.poll(info).toMatchObject({ ...settings, capacity: null, public: true })
  await dialog.getByLabel('Most members').fill('1000000')
  await dialog.getByRole('button', { name: 'Save' }).press('Enter')
  await dialog.getByRole('alert').getByText('Not saved. capacity is a whole number').waitFor()
  await name.fill('')
  await dialog.getByRole('button', { name: 'Save' }).press('Enter')
  await dialog.locator('[name=name]:focus:invalid').waitFor()
  await keyboard.press('Escape')
  await expect.poll(() => dialog.count()).toBe(0)
  await page.page.getByRole('heading', { name: 'Tea Room' }).waitFor()
})

test('public rooms are on the start page, page by page, and a press joins one; without any there is nothing', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  await createRoom(a)
  const page = await WebPage.open(browser(), a)
  const parts: string[] = []
  page.page.on('request', (request) => parts.push(new URL(request.url()).pathname))
  await page.page.reload({ waitUntil: 'networkidle' })
  expect(parts.filter((path) => path.startsWith('/api/'))).toEqual(['/api/rooms'])
  expect(parts.some((path) => path.includes('directory'))).toBe(false)
  expect(await page.page.getByText('Public rooms').count()).toBe(0)

  for (let at = 0; at < 23; at += 1) {
    const body = JSON.stringify({ name: `Room ${at}`, topic: `<i>topic ${at}</i>`, public: true })
    await call(a, 'POST', '/api/room', { body })
  }
  await page.page.reload()
  const listed = page.page.getByRole('region', { name: 'Public rooms' }).getByRole('listitem')
  await expect.poll(() => listed.count()).toBe(20)
  await page.button('More rooms').press('Enter')
  await expect.poll(() => listed.count()).toBe(23)
  const texts = await listed.allInnerTexts()
  const numbers = texts.map((text) => /^Room (\d+) 0 members\n+<i>topic \1<\/i>$/.exec(text)?.[1])
  expect(new Set(numbers.map(Number))).toEqual(new Set(Array.from({ length: 23 }, (_, at) => at)))
  const focused = await page.page.locator(':focus').innerText()
  expect(focused).toBe(`Room ${numbers[20] ?? ''}`)
  await page.page.locator(':focus').press('Enter')
  await page.live()
  await page.page.getByRole('heading', { name: focused }).waitFor()
})

test('all messages are downloaded as the server exports them, to a file that does not name the room', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  const page = await WebPage.open(browser(), a)
  await page.createRoom()
  const roomId = new URL(page.page.url()).hash.slice(1)
  for (const text of ['one', 'two\nlines', 'שלום']) await page.say(text)
  await page.shows('שלום')
  await page.button(/members?$/).click()
  const [download] = await Promise.all([
    page.page.waitForEvent('download'),
    page.page.getByRole('link', { name: 'Download all messages' }).click(),
  ])
  expect(download.suggestedFilename()).toBe('room.ndjson')
  const exported = await call(a, 'GET', `/api/room/${roomId}/export`)
  expect(await readFile(await download.path(), 'utf8')).toBe(exported.text)
  expect(exported.text.split('\n')).toHaveLength(5)
})
