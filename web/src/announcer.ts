import type { Message } from '../../src/client/client.ts'
import { texts } from './texts.ts'

const LONGEST = 200
const TOGETHER_MS = 500

/** What a screen reader says of new messages: each, or how many when many come together. */
export class Announcer {
  readonly #changed: () => void
  #heard: Message[] = []
  #text = ''

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get text(): string {
    return this.#text
  }

  hear(message: Message): void {
    this.#heard.push(message)
    if (this.#heard.length === 1) setTimeout(() => this.#tell(), TOGETHER_MS)
  }

  #tell(): void {
    const [first] = this.#heard
    if (this.#heard.length > 1) this.#text = texts.announced(this.#heard.length)
    else if (first) this.#text = `${first.memberName}: ${first.message.slice(0, LONGEST)}`
    this.#heard = []
    this.#changed()
  }
}
