import type { Redis } from 'ioredis'
import { RoomError } from '../../ports/errors.ts'
import { unavailable } from './errors.ts'

/**
 * What Redis has not answered yet; each publish counts its bytes and what it costs besides. A dead
 * link still holds the bytes of publishes that have timed out, so those have this bound too.
 */
const MAX_UNANSWERED_BYTES = 8 << 20
const PUBLISH_COST_BYTES = 1 << 10

/** Publishes over one connection, within bounds whatever becomes of it. */
export class Publishing {
  readonly #connection: Redis
  #unansweredBytes = 0
  #gathering = false

  constructor(connection: Redis) {
    this.#connection = connection
  }

  /** Resolves when Redis has taken them all. @throws RoomError `unavailable` */
  async publish(channel: string, payloads: readonly Buffer[]): Promise<void> {
    const bytes = payloads.reduce((sum, { length }) => sum + length + PUBLISH_COST_BYTES, 0)
    if (Math.max(this.#unansweredBytes + bytes, this.#unsentBytes) > MAX_UNANSWERED_BYTES) {
      throw new RoomError('unavailable', 'Too much is being published.')
    }
    this.#unansweredBytes += bytes
    this.#gatherWrites()
    try {
      await Promise.all(payloads.map((payload) => this.#connection.publish(channel, payload)))
    } catch (error) {
      throw unavailable(error)
    } finally {
      this.#unansweredBytes -= bytes
    }
  }

  /** What is published in one go, a batch of many rooms, goes out in one system call. */
  #gatherWrites(): void {
    if (this.#gathering || this.#connection.status !== 'ready') return
    const { stream } = this.#connection
    this.#gathering = true
    stream.cork()
    process.nextTick(() => {
      this.#gathering = false
      stream.uncork()
    })
  }

  get #unsentBytes(): number {
    return this.#connection.status === 'ready' ? this.#connection.stream.writableLength : 0
  }
}
