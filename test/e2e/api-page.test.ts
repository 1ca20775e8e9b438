import { test } from 'vitest'
import { startNodes } from './modes.ts'
import { useBrowser, WebPage } from './web-page.ts'

const browser = useBrowser()

test('the page about the API shows and tries it, within its policy, without help from elsewhere', async () => {
  const { a } = await startNodes('embedded')
  const { page } = await WebPage.open(browser(), a, {}, '/api/docs')
  await page.getByText('/api/room', { exact: true }).click()
  await page.getByRole('button', { name: 'Try it out' }).click()
  await page.getByRole('button', { name: 'Execute' }).click()
  await page.locator('.live-responses-table').getByText('"roomName"').waitFor()
})
