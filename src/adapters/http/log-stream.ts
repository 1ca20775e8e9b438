import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { codeOf } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { Meter } from '../../ports/meter.ts'
import type { LoggedMessage } from '../../ports/model.ts'

/** A reader whose TCP socket took nothing for this long is cut when Node next looks: within twice that. */
const STALLED_MS = 10_000

/** How a whole log is written. */
export interface LogForm {
  readonly begin: string
  readonly element: (message: LoggedMessage) => string
  readonly between: string
  readonly end: string
}

/**
 * Answers with a whole log, each page when the socket has taken the one before. Resolves when that is
 * over. When a page cannot be read the answer is cut: it does not end as one that is whole.
 */
export const streamLog = async (
  reply: FastifyReply,
  pages: AsyncIterable<readonly LoggedMessage[]>,
  form: LogForm,
  { log, meter }: { readonly log: Log; readonly meter: Meter },
): Promise<void> => {
  cutWhenStalled(reply.raw, meter)
  try {
    await stream(reply, pages, form)
  } catch (error) {
    meter.historyCut('failed')
    if (codeOf(error) === 'internal') log.error('request failed', { error })
    reply.raw.destroy()
  }
}

/** Node counts what the peer takes as activity; it sets its own timeout when this is finished. */
export const cutWhenStalled = (response: ServerResponse, meter: Meter): void => {
  response.setTimeout(STALLED_MS, () => {
    meter.historyCut('stalled')
    response.destroy()
  })
}

const stream = async (
  reply: FastifyReply,
  pages: AsyncIterable<readonly LoggedMessage[]>,
  { begin, element, between, end }: LogForm,
): Promise<void> => {
  const response = reply.raw
  reply.hijack()
  response.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders)
  let separator = begin
  for await (const page of pages) {
    if (response.destroyed) return
    const taken = response.write(separator + page.map(element).join(between))
    if (!taken) await drained(response)
    separator = between
  }
  response.end(separator === begin ? begin + end : end)
}

/** Resolves when everything written has left, or never will. */
const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
