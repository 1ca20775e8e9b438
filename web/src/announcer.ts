import type { Message } from '../../src/client/client.ts'
import { texts } from './texts.ts'

const LONGEST = 200
const TOGETHER_MS = 500

/** What a screen reader says of new messages: each, or how many when many come together. */
export class Announcer {
  readonly #changed: () => void
  #heard: Message[] = []
  #text = ''
  /** Of the message that the text is of. */
  #told: string | undefined

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

  /** The message has another text, or none: the old one is not to be read any more. */
  forget(id: string): void {
    this.#heard = this.#heard.filter((message) => message.id !== id)
    if (this.#told === id) this.#text = ''
  }

  #tell(): void {
    const [first] = this.#heard
    // It was taken back meanwhile.
    if (!first) return
    this.#told = this.#heard.length === 1 ? first.id : undefined
    if (this.#heard.length > 1) this.#text = texts.announced(this.#heard.length)
    else this.#text = `${first.memberName}: ${first.message.slice(0, LONGEST)}`
    this.#heard = []
    this.#changed()
  }
}
