import { expect, test } from 'vitest'
import type { JoinCommand } from '../../src/protocol/commands.ts'
import type { Event } from '../../src/protocol/events.ts'
import { JsonConnection } from './json-connection.ts'
import { startNodes } from './modes.ts'
import { useBrowser, WebPage } from './web-page.ts'

const browser = useBrowser()
const AT_ANY_RATE = { RATE_LIMIT: 'off' }

/** What a text must never become: code, HTML, or something that turns its surroundings around. */
const CORPUS = [
  '<script>globalThis.hit = 1</script>',
  '<img src=x onerror="globalThis.hit = 1">',
  '"><svg onload=globalThis.hit=1>',
  "';globalThis.hit=1;//",
  '<iframe src="javascript:parent.hit=1"></iframe>',
  '<style>*{display:none}</style>',
  '<a href="javascript:globalThis.hit=1">here</a>',
  'javascript:globalThis.hit=1',
  'data:text/html,<script>globalThis.hit=1</script>',
  '&lt;b&gt; &amp; &#60;i&#62;',
  '${7*7} {{7*7}} <%= 7*7 %>',
  '=cmd|calc!A1',
  'https://example.org/"onmouseover="globalThis.hit=1',
  "https://example.org/'onmouseover='globalThis.hit=1",
  'http://exa\u202Emple.org',
  '\u202Eright to left override',
  '\u2066isolate without an end',
  'شكرا \u202A mixed עברית',
  'a\u0300'.repeat(200),
  '\u{1F468}\u200D\u{1F469}\u200D\u{1F467} \u{1F600}',
  '\u001B[2J\u001B[31mred',
  '__proto__',
  'x'.repeat(3000),
]

test('whatever is written shows as text', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  const writer = await WebPage.open(browser(), a)
  await writer.createRoom()
  const reader = await writer.join(browser(), a)
  await reader.live()
  for (const text of CORPUS) await writer.say(text)
  await writer.say('the end')
  await reader.shows('the end')
  const shown = await reader.page.evaluate(`
    Array.from(document.querySelectorAll('[role=log] .chat .text'), (row) => {
      const text = row.cloneNode(true)
      for (const extra of text.querySelectorAll('.only-read')) extra.remove()
      return text.textContent
    })`)
  expect(shown).toEqual([...CORPUS, 'the end'])
  expect(await reader.page.evaluate('globalThis.hit')).toBeUndefined()
  const odd = 'script:not([src]), img, svg, iframe, style, [onload], [onerror], [onmouseover]'
  expect(await reader.page.locator(odd).count()).toBe(0)
  const links = reader.log.locator('a')
  for (const link of await links.all()) {
    expect(await link.getAttribute('href')).toMatch(/^https?:\/\/exa/)
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer nofollow')
  }
  // A text is as wide as the page, and turns nothing around it.
  const width = 'document.documentElement.scrollWidth <= innerWidth'
  expect(await reader.page.evaluate(width)).toBe(true)
  const bidi = "getComputedStyle(document.querySelector('[role=log] .text')).unicodeBidi"
  expect(await reader.page.evaluate(bidi)).toBe('isolate')
})

test('several rooms: unread counts in the list and the title, a marker, and who is typing', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  const page = await WebPage.open(browser(), a)
  await page.createRoom()
  const name = await page.page.getByRole('heading', { level: 1 }).innerText()
  const other = await page.join(browser(), a)
  await other.live()
  await other.field.pressSequentially('read at once')
  await page.page.getByText('is typing…').waitFor()
  await other.field.press('Enter')
  await page.shows('read at once')
  await expect.poll(() => page.page.getByText('is typing…').count()).toBe(0)
  await page.page.getByRole('status').getByText('read at once').waitFor({ state: 'attached' })
  await page.page.getByRole('link', { name: 'New room' }).click()
  await page.createRoom()
  await other.say('one')
  await other.say('two')
  const link = page.page.getByRole('link', { name: `${name} 2 unread` })
  await link.waitFor()
  expect(await page.page.title()).toMatch(/^\(2\) .* · sharechat$/)
  await link.click()
  await page.shows('two')
  const marked = page.log.locator('li', { has: page.page.getByText('New', { exact: true }) })
  expect(await marked.locator('.text').innerText()).toBe('one')
  await expect.poll(() => page.page.title()).toBe(`${name} · sharechat`)
})

test('an edit is shown to all with a mark, a deleted message to nobody, also to who comes later', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  const page = await WebPage.open(browser(), a, { mayLose: true })
  await page.createRoom()
  const other = await page.join(browser(), a)
  await other.live()
  for (const text of ['kept', 'mistakn', 'a secret']) await page.say(text)
  await other.shows('a secret')
  expect(await other.button('Edit').count()).toBe(0)
  const row = (text: string) => page.log.locator('li.chat', { hasText: text })
  const { keyboard } = page.page
  // The newest is next to the field, the arrows lead to the others.
  await page.field.press('Shift+Tab')
  await keyboard.press('Shift+Tab')
  await keyboard.press('ArrowUp')
  await keyboard.press('Enter')
  const field = page.page.getByRole('textbox', { name: 'Edit message' })
  await field.fill('given up')
  await field.press('Escape')
  expect(await row('mistakn').locator('button:focus').innerText()).toBe('Edit')
  await keyboard.press('Enter')
  await field.fill('mistaken')
  await field.press('Enter')
  const edited = /^mistaken edited$/
  await other.log.getByText(edited).waitFor()
  await row('a secret').getByRole('button', { name: 'Delete' }).click()
  await page.button('Cancel').click()
  await row('a secret').getByRole('button', { name: 'Delete' }).click()
  await page.page.getByText('Delete this message for everyone?').waitFor()
  await keyboard.press('Enter')
  await expect.poll(() => other.texts()).toEqual(['kept', 'mistaken edited'])
  await expect.poll(() => page.texts()).toEqual(['kept', 'mistaken edited'])
  const late = await page.join(browser(), a)
  await late.log.getByText(edited).waitFor()
  expect(await late.texts()).toEqual(['kept', 'mistaken edited'])
  for (const { page: shown } of [page, other, late]) {
    expect(await shown.content()).not.toMatch(/mistakn|secret/)
  }

  await page.page.route('**/messages/*', (route) => route.abort(), { times: 1 })
  await row('kept').getByRole('button', { name: 'Edit' }).click()
  await field.fill('kept better')
  await page.button('Save').click()
  await page.page.getByRole('alert').getByText('No server answers.').waitFor()
  await page.button('Save').click()
  await other.log.getByText(/^kept better edited$/).waitFor()
})

test('a membership that goes on elsewhere, was taken away, or is not allowed: the page says so', async () => {
  const { a } = await startNodes('embedded', AT_ANY_RATE)
  const page = await WebPage.open(browser(), a)
  let resume = ''
  let then: 'pass' | 'forbid' = 'pass'
  let remove = (): Promise<void> => Promise.resolve()
  await page.page.routeWebSocket(/api\/connect$/, (socket) => {
    const node = socket.connectToServer()
    remove = () => socket.close({ code: 4003 })
    node.onMessage((text) => {
      const event = JSON.parse(String(text)) as Event
      if (event.event === 'room') resume = event.resume
      socket.send(text)
    })
    socket.onMessage((text) => {
      const { command, roomId } = JSON.parse(String(text)) as JoinCommand
      const refusal = { event: 'failed', roomId, code: 'forbidden', message: 'You may not.' }
      if (command === 'join' && then === 'forbid') socket.send(JSON.stringify(refusal))
      else node.send(text)
    })
  })
  await page.page.reload()
  await page.createRoom()
  const elsewhere = await JsonConnection.open(a)
  const roomId = new URL(page.page.url()).hash.slice(1)
  await elsewhere.join(roomId, { resume })
  await page.page.getByRole('heading', { name: 'You are here in another tab' }).waitFor()
  await page.button('Try again').click()
  await page.live()
  then = 'forbid'
  await remove()
  await page.page.getByRole('heading', { name: 'You were removed' }).waitFor()
  await page.button('Try again').click()
  await page.page.getByRole('heading', { name: 'This room does not let you in' }).waitFor()
  then = 'pass'
  await page.button('Try again').click()
  await page.live()
})

test('the link is copied, and handed to the share sheet where there is one', async () => {
  const { a } = await startNodes('embedded')
  const page = await WebPage.open(browser(), a, { permissions: ['clipboard-read'] })
  await page.createRoom()
  await page.button('Invite').click()
  expect(await page.button('Share…').count()).toBe(0)
  await page.button('Copy').click()
  await page.button('Copied').waitFor()
  const link = page.page.url()
  expect(await page.page.evaluate('navigator.clipboard.readText()')).toBe(link)
  expect(await page.page.getByLabel('Link of this room').inputValue()).toBe(link)

  await page.page.addInitScript('navigator.share = async (what) => void (globalThis.shared = what)')
  await page.page.reload()
  await page.live()
  await page.button('Invite').click()
  await page.button('Share…').click()
  const name = await page.page.getByRole('heading', { level: 1 }).innerText()
  const shared = { text: `Join me in ${name}`, url: link }
  expect(await page.page.evaluate('shared')).toEqual(shared)
})

/** The system's notifications, and a tab that may be out of sight: a headless browser has neither. */
const DESKTOP = `
  globalThis.asked = 0
  globalThis.notices = []
  globalThis.Notification = class extends EventTarget {
    static permission = 'default'
    static async requestPermission() {
      asked += 1
      return 'granted'
    }
    constructor(title, options) {
      super()
      notices.push({ title, ...options })
    }
  }
  globalThis.look = (state) => {
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }`

test('notifications come only when asked for, only while nobody looks, and tell no text', async () => {
  const { a } = await startNodes('embedded')
  const page = await WebPage.open(browser(), a)
  await page.page.addInitScript(DESKTOP)
  await page.page.reload()
  await page.createRoom()
  const name = await page.page.getByRole('heading', { level: 1 }).innerText()
  const other = await page.join(browser(), a)
  await other.live()
  const notices = (): Promise<unknown> => page.page.evaluate('[asked, notices]')
  await page.page.evaluate('look("hidden")')
  await other.say('nobody asked')
  await page.shows('nobody asked')
  await page.page.evaluate('look("visible")')
  expect(await notices()).toEqual([0, []])
  await page.button('Notify me').click()
  await page.button('Notifying').waitFor()
  await other.say('somebody looks')
  await page.shows('somebody looks')
  expect(await notices()).toEqual([1, []])
  await page.page.evaluate('look("hidden")')
  await other.say('a secret')
  await other.say('another one')
  await page.shows('another one')
  const tag = new URL(page.page.url()).hash.slice(1)
  expect(await notices()).toEqual([
    1,
    [
      { title: `1 new message in ${name}`, tag },
      { title: `2 new messages in ${name}`, tag },
    ],
  ])
  await page.button('Notifying').click()
  await other.say('not any more')
  await page.shows('not any more')
  expect((await notices()) as unknown[]).toMatchObject([1, { length: 2 }])
})

test('nothing outlives the tab unless somebody has asked for it, and no request of the page names a room but those of its history', async () => {
  const { a } = await startNodes('embedded')
  const page = await WebPage.open(browser(), a)
  const named: string[] = []
  page.page.on('request', (request) => {
    if (/[\da-f]{8}-/.test(request.url())) named.push(new URL(request.url()).pathname)
  })
  await page.createRoom()
  const roomId = new URL(page.page.url()).hash.slice(1)
  const name = await page.page.getByRole('heading', { level: 1 }).innerText()
  expect(await page.page.evaluate('[document.cookie, localStorage.length]')).toEqual(['', 0])
  await page.page.reload()
  await page.live()
  expect(new Set(named)).toEqual(new Set([`/api/room/${roomId}/messages`]))

  await page.page.getByRole('link', { name: 'New room' }).click()
  await page.page.getByLabel('Remember my rooms').check()
  const { page: later } = await page.page
    .context()
    .newPage()
    .then((tab) => ({ page: tab }))
  await later.goto(`http://127.0.0.1:${a.port}/`)
  await later.getByRole('link', { name }).waitFor()
  await later.getByLabel('Remember my rooms').uncheck()
  expect(await later.evaluate('localStorage.length')).toBe(0)
})

test('without the script, or in a browser that is too old for it, the page says so', async () => {
  const { a } = await startNodes('embedded')
  const { page } = await WebPage.open(browser(), a, { javaScriptEnabled: false })
  await page.getByText('This page needs JavaScript').waitFor()
})
