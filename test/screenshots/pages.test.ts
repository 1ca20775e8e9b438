import { fileURLToPath } from 'node:url'
import { test } from 'vitest'
import { call } from '../e2e/http.ts'
import { startNodes } from '../e2e/modes.ts'
import { useBrowser, WebPage } from '../e2e/web-page.ts'

const browser = useBrowser()
const LOOK = { locale: 'en-GB', timezoneId: 'UTC', viewport: { width: 960, height: 600 } }
const WIDE = { ...LOOK, deviceScaleFactor: 1.5 } as const
const PHONE = { ...LOOK, viewport: { width: 360, height: 640 }, deviceScaleFactor: 1.5 } as const

const shoot = async ({ page }: WebPage, name: string): Promise<void> => {
  const path = fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url))
  await page.screenshot({ path, animations: 'disabled' })
}

test('the pictures of the page in docs/images', async () => {
  const { a } = await startNodes('embedded')
  for (const [name, topic] of [
    ['Lobby', 'Whoever comes along'],
    ['Help desk', 'Ask, and somebody will know'],
  ]) {
    await call(a, 'POST', '/api/room', { body: JSON.stringify({ name, topic, public: true }) })
  }
  const asker = await WebPage.open(browser(), a, { ...WIDE, colorScheme: 'light' })
  await asker.page.getByText('Help desk').waitFor()
  await shoot(asker, 'home-light')
  await asker.page.getByText('More').click()
  await asker.page.getByLabel('Be its owner').check()
  await asker.createRoom()
  const mender = await asker.join(browser(), a, { ...WIDE, colorScheme: 'dark' })
  await mender.live()
  const reader = await asker.join(browser(), a, { ...PHONE, colorScheme: 'dark' })
  await reader.live()
  const says = async (who: WebPage, text: string): Promise<void> => {
    await who.say(text)
    await Promise.all([asker, mender, reader].map((page) => page.log.getByText(text).waitFor()))
  }
  await says(asker, 'morning! who turned the build red?')
  await says(mender, 'me, sorry. the mender is on its way, give me five minutes')
  await says(
    reader,
    'reading along from the train. the failing test: https://ci.example.org/runs/4711',
  )
  await says(reader, 'שלום מכאן')
  await says(asker, 'thanks. it is the clock: the test waits\nfor a time that never comes')
  await says(mender, 'done: it is green')

  const roomPath = new URL(asker.page.url()).hash
  await asker.page.getByRole('link', { name: 'New room' }).click()
  await asker.createRoom()
  const elsewhere = await asker.join(browser(), a)
  await elsewhere.live()
  await asker.page.evaluate(`location.hash = '${roomPath}'`)
  await elsewhere.say('lunch?')
  await elsewhere.say('at one, as always')
  await asker.page.getByRole('link', { name: '2 unread' }).waitFor()
  // For longer than the 2 s in which nobody says again that they are typing.
  await mender.field.pressSequentially('see you then', { delay: 250 })
  await Promise.all([asker, reader].map((page) => page.page.getByText('is typing…').waitFor()))
  await Promise.all([shoot(asker, 'room-light'), shoot(reader, 'phone-dark')])
  await mender.button('3 members').click()
  await mender.button('Invite').click()
  await mender.page.getByRole('img', { name: 'QR code of the link' }).waitFor()
  await shoot(mender, 'room-dark')
  await asker.button('Search').click()
  await asker.page.getByRole('textbox', { name: 'Words to search for' }).fill('the test')
  await asker.page.keyboard.press('Enter')
  await asker.page.getByRole('status').getByText('2 messages found.').waitFor()
  await shoot(asker, 'search-light')
  await asker.page.emulateMedia({ colorScheme: 'dark' })
  await asker.button('3 members').click()
  await asker.button('Manage room').click()
  await asker.page.getByLabel('Locked').waitFor()
  await shoot(asker, 'manage-dark')
})
