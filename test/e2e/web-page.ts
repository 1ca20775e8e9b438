import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { startBrowser } from '../services/browser.ts'
import { DEADLINE_MS, eventually } from './deadline.ts'
import type { Listening } from './http.ts'

/** A browser for the tests of a file. */
export const useBrowser = (): (() => Browser) => {
  let browser: Browser | undefined
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser?.close())
  return () => {
    if (!browser) throw new Error('the browser is there while a test runs')
    return browser
  }
}

/** What a test with a lost connection, or a refusal, may find in the console: the browser says so by itself. */
const LOST =
  /^(WebSocket connection to|Failed to load resource: (net::|the server responded with a status of 4))/

export interface Look extends BrowserContextOptions {
  /** Whether connections are lost, or something is refused, in this test. */
  readonly mayLose?: boolean
}

/** The page in a browser of its own. At the end of the test nothing may have gone wrong in it. */
export class WebPage {
  private constructor(readonly page: Page) {}

  static async open(
    browser: Browser,
    { port }: Listening,
    { mayLose = false, ...look }: Look = {},
    path = '/',
  ): Promise<WebPage> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...look })
    const page = await context.newPage()
    page.setDefaultTimeout(DEADLINE_MS)
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.stack ?? error.message))
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return
      if (!mayLose || !LOST.test(message.text())) problems.push(message.text())
    })
    page.on('request', (request) => {
      const { host } = new URL(request.url())
      if (host !== `127.0.0.1:${port}`) problems.push(`a request to ${host}`)
      if (request.headers()['referer']) problems.push('a referrer')
    })
    onTestFinished(async () => {
      await context.close()
      expect(problems).toEqual([])
    })
    await page.goto(`http://127.0.0.1:${port}${path}`)
    return new WebPage(page)
  }

  /** The same room in another browser. */
  join(browser: Browser, node: Listening, look?: Look): Promise<WebPage> {
    return WebPage.open(browser, node, look, new URL(this.page.url()).hash.replace(/^/, '/'))
  }

  get log(): Locator {
    return this.page.getByRole('log')
  }

  get field(): Locator {
    return this.page.getByRole('textbox', { name: 'Message' })
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name })
  }

  async createRoom(): Promise<void> {
    await this.button('Create a room').click()
    await this.live()
  }

  /** Waits until the room is live. */
  async live(): Promise<void> {
    await this.page.locator('.state.live').waitFor()
  }

  async say(text: string): Promise<void> {
    await this.field.fill(text)
    await this.field.press('Enter')
  }

  /** The same as people do it, key by key. */
  async type(text: string): Promise<void> {
    await this.field.pressSequentially(text, { delay: 40 })
    await this.field.press('Enter')
  }

  /** Whether anything of what is shown has to be scrolled sideways. */
  isTooWide(): Promise<boolean> {
    return this.page.evaluate(`
      [document.documentElement, ...document.querySelectorAll('main, aside, nav, dialog')].some(
        ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)`)
  }

  /** Waits until a message with exactly this text is in the log. */
  async shows(text: string): Promise<void> {
    await eventually(
      text,
      () => this.texts(),
      (texts) => texts.includes(text),
    )
  }

  /** The texts of the chat messages in the log, as they are seen. */
  async texts(): Promise<readonly string[]> {
    const texts = await this.log.locator('.chat .text').allInnerTexts()
    return texts.map((text) => text.replace(/\s*✓\s*Sent$/, ''))
  }
}
