import { connect } from 'node:net'
import { expectDocumented } from '../api-document.ts'
import { within } from '../deadline.ts'
import type { Listening } from '../http.ts'

export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

export interface RawOutcome {
  /** Everything that came, one byte per character. */
  readonly seen: string
  /** Milliseconds from the connection to its end. */
  readonly ms: number
}

/** Closes the connection when it is answered, and can be told from what was sent before it. */
export const LAST_REQUEST = 'GET /api/livez HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n'

/** The bytes of a request, one per character; what is not ASCII must be given byte by byte. */
export const request = (line: string, headers: readonly string[] = [], body = ''): string =>
  [line, 'Host: node', ...headers, '', body].join('\r\n')

const NO_BODY = new Set([100, 101, 204, 304])

/**
 * The whole answers at the beginning of what came.
 * @param bodiless whether they answer a HEAD
 */
export const answersIn = (seen: string, bodiless = false): readonly RawAnswer[] => {
  const answers: RawAnswer[] = []
  let rest = seen
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n') + 4
    if (headEnd < 4) return answers
    const head = rest.slice(0, headEnd)
    const status = Number(/^HTTP\/1\.1 (\d{3}) [ -~]*\r\n/.exec(head)?.[1] ?? Number.NaN)
    if (Number.isNaN(status)) throw new Error(`no answer of HTTP: ${JSON.stringify(head)}`)
    const rawBody = rest.slice(headEnd)
    const body = bodiless || NO_BODY.has(status) ? { text: '', size: 0 } : bodyIn(head, rawBody)
    if (body === undefined) return answers
    answers.push({ status, head, body: body.text })
    rest = rawBody.slice(body.size)
  }
}

const bodyIn = (head: string, bytes: string) => {
  if (/^transfer-encoding: chunked\r$/im.test(head)) return chunksIn(bytes)
  const size = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? 0)
  return bytes.length < size ? undefined : { text: bytes.slice(0, size), size }
}

const chunksIn = (bytes: string) => {
  let text = ''
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const length = Number.parseInt(bytes.slice(at, lineEnd), 16)
    const next = lineEnd + 2 + length + 2
    if (bytes.length < next) return undefined
    text += bytes.slice(lineEnd + 2, lineEnd + 2 + length)
    at = next
    if (length === 0) return { text, size: at }
  }
}

export interface RawCall {
  /** What is sent, in these writes. */
  readonly writes: readonly (string | Uint8Array)[]
  /** Milliseconds between two writes. */
  readonly pauseMs?: number
  /** How many answers to wait for before LAST_REQUEST goes out; undefined: it does not. */
  readonly thenLast?: number | undefined
  /** Whether the answers are those to HEAD requests. */
  readonly bodiless?: boolean
  /** How this side of TCP ends after the writes; it does not by itself. */
  readonly end?: 'fin' | 'reset' | 'never'
}

const FIRST_LINE = /^([A-Z]+) (\/\S*) HTTP\/1\.1\r\n/

/**
 * Sends bytes on a connection of their own and reads until the other end has closed it. With
 * `thenLast`, which is for connections that stay open, a last request asks for that: if its answer
 * is the only one that follows, nothing of what was sent is taken for a request of its own.
 */
export const rawCall = async (
  node: Listening,
  call: RawCall,
): Promise<RawOutcome & { readonly answers: readonly RawAnswer[] }> => {
  const outcome = await rawExchange(node, call)
  const answers = answersIn(outcome.seen, call.bodiless)
  const first = answers.find(({ status }) => status !== 100)
  const [, method, path] = FIRST_LINE.exec(String(call.writes[0])) ?? []
  if (first !== undefined && method !== undefined && path !== undefined) {
    const headers = { 'content-type': /^content-type: (.*)\r$/im.exec(first.head)?.[1] ?? '' }
    expectDocumented(method, path, { status: first.status, headers, text: first.body })
  }
  return { ...outcome, answers }
}

/** As rawCall, whatever it is that comes. */
export const rawExchange = (node: Listening, call: RawCall): Promise<RawOutcome> => {
  const { writes, pauseMs, thenLast, bodiless = false, end = 'never' } = call
  const socket = connect({ host: '127.0.0.1', port: node.port, noDelay: true, allowHalfOpen: true })
  const begin = performance.now()
  let seen = ''
  let asked = thenLast === undefined
  let timer: NodeJS.Timeout | undefined
  const ended = new Promise<RawOutcome>((resolve) => {
    const over = () => resolve({ seen, ms: performance.now() - begin })
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      seen += text
      if (asked || answersIn(seen, bodiless).length < (thenLast ?? 0)) return
      asked = true
      socket.write(LAST_REQUEST)
    })
    socket.once('end', over)
    socket.once('close', over)
    socket.on('error', () => {})
    const send = (at: number): void => {
      const part = writes[at]
      if (socket.destroyed) return
      if (part === undefined) {
        if (end === 'fin') socket.end()
        // An empty write, so that what was written before has left.
        if (end === 'reset') socket.write('', () => socket.resetAndDestroy())
        return
      }
      socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
      if (pauseMs === undefined) send(at + 1)
      else timer = setTimeout(() => send(at + 1), pauseMs)
    }
    send(0)
  })
  return within('the end of TCP', ended, () => JSON.stringify(seen.slice(0, 2000)), 12_000).finally(
    () => {
      clearTimeout(timer)
      socket.destroy()
    },
  )
}
