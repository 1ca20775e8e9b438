import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A connection to the link and the one that goes on from there; a dead one has no far end. */
interface Pair {
  readonly near: Socket
  readonly far: Socket | undefined
  dead: boolean
}

/** A link to a server that can become slow, or go dead without a word, as when a cable is cut. */
export class DeadLink {
  readonly #server = createServer((near) => this.#join(near))
  readonly #target: URL
  readonly #pairs = new Set<Pair>()
  #dead = false
  #delayMs = 0

  private constructor(target: URL) {
    this.#target = target
  }

  static async to(url: string): Promise<DeadLink> {
    const link = new DeadLink(new URL(url))
    link.#server.listen(0, '127.0.0.1')
    await once(link.#server, 'listening')
    return link
  }

  /** The target's address, by way of this link. */
  get url(): string {
    const url = new URL(this.#target)
    url.hostname = '127.0.0.1'
    url.port = String((this.#server.address() as AddressInfo).port)
    return url.href
  }

  /** Connections that are dead and that the near end has not given up. */
  get halfOpen(): number {
    return [...this.#pairs].filter(({ dead }) => dead).length
  }

  /** From now on nothing passes either way, on connections old and new. */
  cut(): void {
    this.#dead = true
    for (const pair of this.#pairs) pair.dead = true
  }

  /** New connections work again; those that were cut stay dead. */
  restore(): void {
    this.#dead = false
  }

  /** Ends the connections that are dead. */
  reset(): void {
    for (const pair of this.#pairs) if (pair.dead) this.#end(pair)
  }

  /** Whatever comes from now on passes after this many milliseconds, each way; 0: at once. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) this.#end(pair)
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket): void {
    const far = this.#dead
      ? undefined
      : connect({
          port: Number(this.#target.port || 5432),
          host: this.#target.hostname,
          noDelay: true,
        })
    const pair: Pair = { near, far, dead: this.#dead }
    this.#pairs.add(pair)
    near.setNoDelay(true)
    near.on('error', () => near.destroy())
    near.on('close', () => this.#end(pair))
    if (far === undefined) {
      near.resume()
      return
    }
    far.on('error', () => far.destroy())
    far.on('close', () => pair.dead || this.#end(pair))
    this.#pass(pair, near, far)
    this.#pass(pair, far, near)
  }

  #pass(pair: Pair, from: Socket, to: Socket): void {
    const waiting: (Buffer | 'end')[] = []
    const next = (): void => {
      const chunk = waiting.shift()
      if (pair.dead || chunk === undefined) return
      if (chunk === 'end') to.end()
      else to.write(chunk)
    }
    const take = (chunk: Buffer | 'end'): void => {
      if (pair.dead) return
      waiting.push(chunk)
      if (this.#delayMs === 0 && waiting.length === 1) next()
      // One turn of `next` for each, whoever's timer it is: so they keep their order.
      else setTimeout(next, this.#delayMs)
    }
    from.on('data', take)
    from.on('end', () => take('end'))
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.near.destroy()
    pair.far?.destroy()
  }
}
