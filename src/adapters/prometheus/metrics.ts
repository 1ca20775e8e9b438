import { createServer, type ServerResponse } from 'node:http'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Meter } from '../../ports/meter.ts'
import { gaugesIn, type NodeFacts, type NodeGauges } from './gauges.ts'
import { PrometheusMeter, type TypeOf } from './meter.ts'

const PATH = '/metrics'

/** Each asks for a list of all sockets, which takes long when there are many, and tells little. */
const COSTLY = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
]

/** The metrics of this process, and the port on which Prometheus gets them. */
export class Metrics {
  readonly meter: Meter
  readonly #registry = new Registry()
  readonly #take: (gauges: NodeGauges) => void
  readonly #server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0]
    if (path !== PATH) return end(response, 404)
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405)
    this.#scrape().then(
      (text) => end(response, 200, text, this.#registry.contentType),
      () => end(response, 500),
    )
  })
  #read: (() => NodeGauges) | undefined

  constructor(typeOf: TypeOf, facts: NodeFacts) {
    collectDefaultMetrics({ register: this.#registry })
    for (const name of COSTLY) this.#registry.removeSingleMetric(name)
    this.meter = new PrometheusMeter(this.#registry, typeOf)
    this.#take = gaugesIn(this.#registry, facts)
  }

  /**
   * Resolves when scrapes are answered, with the port.
   * @param read tells what this node is at the moment of a scrape
   * @throws Error of Node's when the address cannot be had
   */
  async start(
    { host, port }: { readonly host: string; readonly port: number },
    read: () => NodeGauges,
  ): Promise<number> {
    this.#read = read
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    const address = this.#server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #scrape(): Promise<string> {
    if (this.#read) this.#take(this.#read())
    return this.#registry.metrics()
  }
}

const end = (response: ServerResponse, status: number, text = '', type = 'text/plain'): void => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(text)
}
