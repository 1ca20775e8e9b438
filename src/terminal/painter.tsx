import { Frames } from './frames.ts'
import { Screen } from './screen.ts'
import type { State } from './state.ts'
import { cursorOf, View } from './view.tsx'

/** The screen is painted so often at most. */
const FRAME_MS = 16

/** Paints states: the newest one, and not more often than an eye can follow. */
export class Painter {
  readonly screen: Screen
  readonly #frames = new Frames()
  readonly #state: () => State
  readonly #painted: () => void
  #timer: NodeJS.Timeout | undefined
  #paintedAt = 0

  /**
   * @param state the newest one
   * @param painted is called after each paint
   */
  constructor(write: (text: string) => void, state: () => State, painted: () => void) {
    this.screen = new Screen(write)
    this.#state = state
    this.#painted = painted
  }

  /** Something has changed: one picture for all changes of this turn, or of some milliseconds. */
  soon(): void {
    const wait = Math.max(0, this.#paintedAt + FRAME_MS - performance.now())
    this.#timer ??= setTimeout(() => this.now(), wait)
  }

  now(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#paintedAt = performance.now()
    const state = this.#state()
    this.screen.paint(this.#frames.linesOf(<View state={state} />, state.size), cursorOf(state))
    this.#painted()
  }

  /** Gives the terminal back. */
  end(): void {
    clearTimeout(this.#timer)
    this.screen.leave()
    this.#frames.end()
  }
}
