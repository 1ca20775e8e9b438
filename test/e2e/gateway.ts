import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Listening } from './http.ts'

/** One address in front of nodes, as a load balancer is; a test says which node is behind it. */
export class Gateway implements Listening {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #target: Listening | undefined

  private constructor(target: Listening) {
    this.#target = target
    this.#server = createServer((inner) => this.#forward(inner))
  }

  static async open(target: Listening): Promise<Gateway> {
    const gateway = new Gateway(target)
    gateway.#server.listen(0, '127.0.0.1')
    await once(gateway.#server, 'listening')
    return gateway
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Where the next connections go; undefined: they are refused. Those that are there stay. */
  lead(target: Listening | undefined): void {
    this.#target = target
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.#server.close()
    this.cut()
  }

  #forward(inner: Socket): void {
    if (!this.#target) {
      inner.destroy()
      return
    }
    const outer = connect(this.#target.port, '127.0.0.1')
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  }
}
