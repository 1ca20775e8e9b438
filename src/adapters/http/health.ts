import type { FastifyInstance, FastifyReply } from 'fastify'
import Type from 'typebox'
import type { Clock } from '../../ports/clock.ts'
import { refusals } from './errors.ts'
import { allowOnly } from './methods.ts'

/** The answer has to come within a second, whatever a service does. */
const PING_MS = 900
/** However often one asks, the services are pinged four times a second at most. */
const REUSE_MS = 250

export interface Pings {
  repository(): Promise<void>
  queue(): Promise<void>
}

export interface HealthParts {
  readonly controller: { readonly accepting: boolean }
  readonly pings: Pings
  readonly clock: Clock
}

/** Three ways to ask how this node is. The body is always empty, the status is the answer. */
export const healthRoutes = async (app: FastifyInstance, parts: HealthParts): Promise<void> => {
  const health = new Health(parts.pings, parts.clock)

  app.get(
    '/api/healthz',
    {
      schema: {
        operationId: 'healthz',
        summary: 'Do its services answer?',
        tags: ['Health'],
        response: {
          200: nothing('Repository and queue answer.'),
          ...refusals('invalid'),
          503: nothing('One of them does not, or not within a second.'),
        },
      },
    },
    async (_request, reply) => answer(reply, await health.check()),
  )
  app.get(
    '/api/readyz',
    {
      schema: {
        operationId: 'readyz',
        summary: 'Does this node take joins?',
        tags: ['Health'],
        response: {
          200: nothing('It does.'),
          ...refusals('invalid'),
          503: nothing('It starts or drains.'),
        },
      },
    },
    async (_request, reply) => answer(reply, parts.controller.accepting),
  )
  app.get(
    '/api/livez',
    {
      schema: {
        operationId: 'livez',
        summary: 'Is this process up?',
        tags: ['Health'],
        response: { 200: nothing('It is.'), ...refusals('invalid') },
      },
    },
    async (_request, reply) => answer(reply, true),
  )
  for (const path of ['/api/healthz', '/api/readyz', '/api/livez']) {
    allowOnly(app, path, ['GET', 'HEAD'])
  }
}

const nothing = (description: string) => Type.Null({ description })

const answer = (reply: FastifyReply, well: boolean): FastifyReply =>
  well ? reply.send() : reply.code(503).header('retry-after', '1').send()

/** Whether both services answer. Everyone who asks during a check gets that check's answer. */
class Health {
  readonly #pings: Pings
  readonly #clock: Clock
  #last: Promise<boolean> | undefined
  #reuseUntil = 0

  constructor(pings: Pings, clock: Clock) {
    this.#pings = pings
    this.#clock = clock
  }

  check(): Promise<boolean> {
    if (!this.#last || this.#clock.now() >= this.#reuseUntil) {
      this.#reuseUntil = Number.POSITIVE_INFINITY
      this.#last = this.#pingBoth()
    }
    return this.#last
  }

  async #pingBoth(): Promise<boolean> {
    const both = await Promise.all([
      this.#answers(this.#pings.repository()),
      this.#answers(this.#pings.queue()),
    ])
    this.#reuseUntil = this.#clock.now() + REUSE_MS
    return both.every(Boolean)
  }

  #answers(ping: Promise<void>): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(PING_MS, () => resolve(false))
      const settle = (answered: boolean) => {
        cancel()
        resolve(answered)
      }
      ping.then(
        () => settle(true),
        () => settle(false),
      )
    })
  }
}
