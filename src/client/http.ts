import { HISTORY_TYPE } from '../protocol/dialect.ts'
import type { FailedEvent } from '../protocol/events.ts'
import type { HistoryRange, Message } from './api.ts'
import { ShareChatError } from './error.ts'

const PATIENCE_MS = 30_000
const NO_ANSWER = 'No answer.'

/** What is asked for over HTTP. Every method throws ShareChatError and tries nothing again. */
export class Http {
  readonly #url: string
  readonly #fetch: typeof fetch

  /** @param url of the server, without a `/` at the end */
  constructor(url: string, fetch: typeof globalThis.fetch) {
    this.#url = url
    // A browser's fetch must not be called as a method of something else.
    this.#fetch = (...request) => fetch(...request)
  }

  createRoom(): Promise<{ readonly roomId: string; readonly roomName: string }> {
    return this.#call('POST', '')
  }

  /** See Room.history. */
  history(roomId: string, range: HistoryRange): Promise<readonly Message[]> {
    const query = new URLSearchParams({ limit: '100' })
    for (const [name, value] of Object.entries(range)) {
      if (value !== undefined) query.set(name, String(value))
    }
    return this.#call('GET', `/${roomId}/messages?${query}`)
  }

  async #call<Answer>(method: string, path: string): Promise<Answer> {
    let response: Response
    let body: unknown
    try {
      response = await this.#fetch(`${this.#url}/api/room${path}`, {
        method,
        headers: { Accept: HISTORY_TYPE },
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
      body = await response.json()
    } catch {
      throw new ShareChatError('unavailable', NO_ANSWER)
    }
    if (response.ok) return body as Answer
    const { code, message } = (body as { error?: Partial<FailedEvent> }).error ?? {}
    throw new ShareChatError(
      code ?? 'unavailable',
      message ?? NO_ANSWER,
      Number(response.headers.get('retry-after')) * 1000 || undefined,
    )
  }
}
