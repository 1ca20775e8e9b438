import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Random } from '../random.ts'

interface Pair {
  readonly near: Socket
  readonly far: Socket
}

/** A load balancer in front of nodes whose connections can be cut and held up. */
export class WildProxy {
  /** While this is set, whoever connects is turned away. */
  isShut = false
  readonly #targets: () => readonly number[]
  readonly #random: Random
  readonly #server = createServer((near) => this.#join(near))
  readonly #pairs = new Set<Pair>()
  #isFrozen = false

  private constructor(targets: () => readonly number[], random: Random) {
    this.#targets = targets
    this.#random = random
  }

  /** @param targets the ports of the nodes that are up; each connection goes to one of them */
  static async to(targets: () => readonly number[], random: Random): Promise<WildProxy> {
    const proxy = new WildProxy(targets, random)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get count(): number {
    return this.#pairs.size
  }

  /** Cuts one connection, at whatever it is. */
  cutOne(): void {
    if (this.#pairs.size > 0) this.#end(this.#random.pick([...this.#pairs]))
  }

  cutAll(): void {
    for (const pair of this.#pairs) this.#end(pair)
  }

  /** Nothing passes on one connection any more, either way, and nobody is told. */
  freezeOne(): Frozen | undefined {
    if (this.#pairs.size === 0) return undefined
    const pair = this.#random.pick([...this.#pairs])
    hold(pair)
    return { thaw: () => pass(pair), cut: () => this.#end(pair) }
  }

  /** The same on all connections, and on those that are made meanwhile. */
  freeze(): void {
    this.#isFrozen = true
    for (const pair of this.#pairs) hold(pair)
  }

  /** Everything that came since `freeze` passes. */
  thaw(): void {
    this.#isFrozen = false
    for (const pair of this.#pairs) pass(pair)
  }

  async close(): Promise<void> {
    this.cutAll()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket): void {
    const ports = this.#targets()
    if (this.isShut || ports.length === 0) {
      near.on('error', () => {})
      near.destroy()
      return
    }
    const far = connect({ port: this.#random.pick(ports), host: '127.0.0.1', noDelay: true })
    const pair = { near, far }
    this.#pairs.add(pair)
    near.setNoDelay(true)
    for (const socket of [near, far]) {
      socket.on('error', () => {})
      socket.on('close', () => this.#end(pair))
    }
    if (!this.#isFrozen) pass(pair)
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.near.destroy()
    pair.far.destroy()
  }
}

const hold = ({ near, far }: Pair): void => {
  near.unpipe(far)
  far.unpipe(near)
}

const pass = ({ near, far }: Pair): void => {
  near.pipe(far)
  far.pipe(near)
}

/** A connection that stands still. */
export interface Frozen {
  /** Everything that came meanwhile passes. */
  thaw(): void
  cut(): void
}
