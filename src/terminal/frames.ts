import { Writable } from 'node:stream'
import { type Instance, render } from 'ink'
import type { ReactElement } from 'react'
import type { Size } from './layout.ts'

/**
 * Ink as a layout engine: a tree in, the lines of a screen out. Ink's own way to the terminal clears
 * all of it for a picture that fills it, and writes nothing at all where CI is set.
 */
export class Frames {
  readonly #sink = new Sink()
  #instance: Instance | undefined

  /** The lines of the tree on a screen of this size, with codes for colors only. */
  linesOf(tree: ReactElement, { columns, rows }: Size): readonly string[] {
    this.#sink.columns = columns
    this.#sink.rows = rows
    if (this.#instance) this.#instance.rerender(tree)
    else {
      this.#instance = render(tree, {
        stdout: this.#sink as unknown as NodeJS.WriteStream,
        // Whole pictures, each when it is there.
        debug: true,
        exitOnCtrlC: false,
        patchConsole: false,
      })
    }
    return this.#sink.last.split('\n').slice(0, rows)
  }

  end(): void {
    this.#instance?.unmount()
  }
}

class Sink extends Writable {
  columns = 0
  rows = 0
  last = ''

  constructor() {
    super({ decodeStrings: false })
  }

  override _write(text: string, _encoding: BufferEncoding, done: () => void): void {
    // Ink ends with an empty write.
    if (text !== '') this.last = text
    done()
  }
}
