import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/** A link to a server that can go dead without a word, as when a cable is cut. */
export class DeadLink {
  readonly #server = createServer((near) => this.#join(near))
  readonly #target: URL
  readonly #sockets = new Set<Socket>()
  #dead = false

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

  /** From now on nothing passes either way, on connections old and new. */
  cut(): void {
    this.#dead = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** New connections work again; those that were cut stay dead. */
  restore(): void {
    this.#dead = false
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket): void {
    this.#sockets.add(near)
    near.on('error', () => near.destroy())
    if (this.#dead) return
    const far = connect(Number(this.#target.port || 5432), this.#target.hostname)
    this.#sockets.add(far)
    far.on('error', () => far.destroy())
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk) => to.write(chunk))
      from.on('end', () => to.end())
    }
  }
}
