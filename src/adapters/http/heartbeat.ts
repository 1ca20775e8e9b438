import type { WebSocket } from 'ws'
import type { Cancel, Clock } from '../../ports/clock.ts'

/**
 * Pings all WebSockets from one timer and cuts those that went silent: whoever has sent nothing
 * since the ping before. So a peer that vanished is gone within two intervals.
 */
export class Heartbeat {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #onSilent: (ws: WebSocket) => void
  /** Per WebSocket whether it has been heard since its last ping; true before the first one. */
  readonly #heard = new Map<WebSocket, boolean>()
  /** Shared by all WebSockets, so that an idle one holds no functions for this. */
  readonly #onHeard: (this: WebSocket) => void
  readonly #onClose: (this: WebSocket) => void
  #lastTick = 0
  #cancel: Cancel | undefined

  /**
   * @param intervalMs how often everyone is pinged, in milliseconds
   * @param onSilent gets each WebSocket before it is cut
   */
  constructor(clock: Clock, intervalMs: number, onSilent: (ws: WebSocket) => void) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#onSilent = onSilent
    const heard = this.#heard
    this.#onHeard = function () {
      heard.set(this, true)
    }
    this.#onClose = function () {
      heard.delete(this)
    }
  }

  /** Watches an open WebSocket until it is closed. */
  add(ws: WebSocket): void {
    this.#heard.set(ws, true)
    if (!this.#cancel) this.#schedule()
    ws.on('pong', this.#onHeard)
    ws.on('ping', this.#onHeard)
    ws.on('message', this.#onHeard)
    ws.on('close', this.#onClose)
  }

  /** No ping is sent and nobody is cut afterwards. */
  stop(): void {
    this.#cancel?.()
  }

  #schedule(): void {
    this.#lastTick = this.#clock.now()
    this.#cancel = this.#clock.after(this.#intervalMs, () => this.#tick())
  }

  #tick(): void {
    if (this.#heard.size === 0) {
      this.#cancel = undefined
      return
    }
    // A process that stood still finds its timers due before it has read the pongs that came in
    // meanwhile. Nobody is judged then, and what was not heard yet may still be heard.
    const late = this.#clock.now() - this.#lastTick > this.#intervalMs * 1.5
    for (const [ws, heard] of this.#heard) {
      if (!heard && !late) {
        this.#onSilent(ws)
        ws.terminate()
        continue
      }
      if (!late) this.#heard.set(ws, false)
      ws.ping()
    }
    this.#schedule()
  }
}
