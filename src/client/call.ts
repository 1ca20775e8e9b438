import { HISTORY_TYPE } from '../protocol/dialect.ts'
import type { FailedEvent } from '../protocol/events.ts'
import { ShareChatError } from './error.ts'
import { serverUrl } from './link.ts'

const PATIENCE_MS = 30_000
const NO_ANSWER = 'No server answers.'

/**
 * A request to the HTTP API, which is not tried again.
 * @param url of the server, or the link of a room
 * @param path behind `/api/`
 * @param secret of the member or owner that asks
 * @returns the answer's JSON; undefined without a body
 * @throws ShareChatError; `unavailable` when no server answers in 30 s
 */
export const call = async <Answer>(
  url: string | URL,
  method: string,
  path: string,
  secret?: string,
  body?: object,
): Promise<Answer> => {
  const answer = await answerTo(url, path, AbortSignal.timeout(PATIENCE_MS), {
    method,
    headers: {
      accept: HISTORY_TYPE,
      ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  try {
    const text = await answer.text()
    return (text === '' ? undefined : JSON.parse(text)) as Answer
  } catch {
    throw new ShareChatError('unavailable', NO_ANSWER)
  }
}

/**
 * As `call`, for a text that may be of any length: its pieces as they come.
 * @throws ShareChatError; `unavailable` when no server begins to answer in 30 s, or it ends too early
 */
export async function* pieces(url: string | URL, path: string): AsyncGenerator<string, void> {
  const giveUp = new AbortController()
  const timer = setTimeout(() => giveUp.abort(), PATIENCE_MS)
  const { body } = await answerTo(url, path, giveUp.signal).finally(() => clearTimeout(timer))
  const reader = body?.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const piece = await reader?.read().catch(() => undefined)
      if (!piece) throw new ShareChatError('unavailable', 'The answer was cut short.')
      if (piece.done) return
      yield decoder.decode(piece.value, { stream: true })
    }
  } finally {
    // Who has had enough does not read the rest.
    giveUp.abort()
  }
}

const answerTo = async (
  url: string | URL,
  path: string,
  signal: AbortSignal,
  init: RequestInit = {},
): Promise<Response> => {
  const address = `${serverUrl(url)}/api/${path}`
  const answer = await fetch(address, { ...init, signal }).catch(() => undefined)
  if (!answer) throw new ShareChatError('unavailable', NO_ANSWER)
  if (answer.ok) return answer
  const { code, message } = errorOf(await answer.text().catch(() => ''))
  const retryAfterMs = Number(answer.headers.get('retry-after')) * 1000 || undefined
  throw new ShareChatError(code ?? 'unavailable', message ?? NO_ANSWER, retryAfterMs)
}

/** A proxy in between may answer something else. */
const errorOf = (text: string): Partial<FailedEvent> => {
  try {
    return (JSON.parse(text) as { readonly error?: Partial<FailedEvent> }).error ?? {}
  } catch {
    return {}
  }
}
